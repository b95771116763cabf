"""What Prometheus reads is what happened."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from chatbot import errors, metrics
from chatbot.chat.generation import Generation
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.llm import readiness
from chatbot.services import Services
from tests.support.fake_ollama.server import CRASHED, DEFAULT_MODEL, FakeOllama, stall
from tests.support.product import wait_for


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.fixture
def growth() -> Callable[..., float]:
    """How much a sample has grown since it was asked for first."""
    before: dict[str, float] = {}

    def since(name: str, **labels: str) -> float:
        value = _value(name, **labels)
        return value - before.setdefault(f"{name}{labels}", value)

    return since


def _ask(ready: Services) -> Generation:
    request = GenerationRequest(DEFAULT_MODEL, [ChatMessage("user", "Hello")])
    return ready.generations.start(Generation(secrets.token_hex(4), request))


def test_an_answer_is_counted_with_its_times_and_tokens(
    fake: FakeOllama, ready: Services, growth: Callable[..., float]
) -> None:
    samples = [
        ("chat_answers_total", {"state": "done"}, 1),
        ("chat_ttft_seconds_count", {}, 1),
        ("chat_tpot_seconds_count", {}, 1),
        ("chat_answer_seconds_count", {}, 1),
        ("chat_tokens_total", {"direction": "input"}, 7),
        ("chat_tokens_total", {"direction": "output"}, 3),
    ]
    for name, labels, _ in samples:
        growth(name, **labels)
    fake.set(tokens=3, prompt_tokens=7)
    assert _ask(ready).over.wait(10)
    assert [growth(name, **labels) for name, labels, _ in samples] == [n for *_, n in samples]


def test_answers_under_way_and_waiting_ones_are_gauges_that_come_back_to_where_they_were(
    fake: FakeOllama, ready: Services
) -> None:
    active, waiting = _value("chat_answers_active"), _value("chat_answers_waiting")
    fake.first_token_delay = 60
    first = _ask(ready)
    fake.wait_for(lambda one: one.active == 1)
    fake.first_token_delay = 0
    fake.fail(stall(2))
    second = _ask(ready)
    assert second.begun.wait(10)
    assert _value("chat_answers_active") == active + 2
    assert _value("chat_answers_waiting") == waiting + 1
    for answer in (first, second):
        ready.generations.stop(answer)
        assert answer.over.wait(10)
    assert _value("chat_answers_active") == active
    assert _value("chat_answers_waiting") == waiting


def test_a_failed_answer_is_counted_as_failed(
    fake: FakeOllama, ready: Services, growth: Callable[..., float]
) -> None:
    growth("chat_answers_total", state="failed")
    fake.fail(CRASHED)
    assert _ask(ready).over.wait(10)
    assert growth("chat_answers_total", state="failed") == 1


@pytest.mark.configured(ollama_num_parallel=4)
@pytest.mark.usefixtures("ready")
def test_the_slots_of_one_ollama_are_what_its_load_is_told_against() -> None:
    assert _value("chat_slots") == 4


@pytest.mark.configured(max_answers=1)
def test_a_refused_prompt_is_counted_with_its_reason(
    fake: FakeOllama, ready: Services, growth: Callable[..., float]
) -> None:
    growth("chat_prompts_refused_total", code="busy")
    fake.fail(stall(0))
    _ask(ready)
    with pytest.raises(errors.Busy):
        _ask(ready)
    assert growth("chat_prompts_refused_total", code="busy") == 1
    fake.resume()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat looks for Ollama more often than it would."""
    monkeypatch.setattr(readiness, "LOOK_READY_S", 0.2)


def test_ready_is_one_while_the_chat_can_answer(
    quick: None, fake: FakeOllama, ready: Services
) -> None:
    assert _value("chat_ready") == 1
    fake.stop()
    wait_for(lambda: _value("chat_ready") == 0)


def test_the_page_for_prometheus_can_be_parsed_and_has_all_names() -> None:
    families = {
        one.name for one in text_string_to_metric_families(metrics.render_metrics().decode())
    }
    assert families >= {
        "chat_answers_active",
        "chat_answers_waiting",
        "chat_answers",
        "chat_prompts_refused",
        "chat_ttft_seconds",
        "chat_tpot_seconds",
        "chat_answer_seconds",
        "chat_tokens",
        "chat_ready",
        "chat_slots",
        "process_resident_memory_bytes",
    }
