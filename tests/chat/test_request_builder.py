"""A request has what the conversation says, as far as the operator and the model allow it."""

from __future__ import annotations

import pytest

from chatbot.chat.conversation_content import Draft
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.parameters import Parameters, Think
from chatbot.services import Services
from tests.support.exchanges import list_path, list_sent, wait_until_answered
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    FakeOllama,
)
from tests.support.product import LoopThread


@pytest.mark.parametrize(
    ("limit", "own", "sent", "window"),
    [
        (None, None, 4096, 4096),
        (None, 2048, 2048, 2048),
        (None, 1_048_576, 8192, 8192),
        (6000, 1_048_576, 6000, 6000),
        (4096, 1_048_576, 4096, 4096),
        (4096, 2048, 4096, 4096),
    ],
)
def test_the_window_is_bounded_by_the_model_and_the_operator(
    fake: FakeOllama,
    ready: Services,
    monkeypatch: pytest.MonkeyPatch,
    limit: int | None,
    own: int | None,
    sent: int,
    window: int,
) -> None:
    monkeypatch.setitem(ready.settings.__dict__, "max_num_ctx", limit)
    settings = ConversationSettings("", Parameters(num_ctx=own))
    exchange = ready.chat.send_prompt(
        "ann",
        None,
        Draft("Hello"),
        DEFAULT_MODEL,
        lambda: True,
        settings,
    )
    wait_until_answered(ready, exchange)
    assert fake.bodies()[-1]["options"]["num_ctx"] == sent
    statistics = list_path(ready, exchange)[-1].statistics
    assert statistics.num_ctx == window


def test_parameters_and_system_prompt_of_a_conversation_reach_ollama(
    fake: FakeOllama, ready: Services
) -> None:
    own = Parameters(temperature=0.5, num_ctx=2048, stop=("END",), keep_alive="10m")
    settings = ConversationSettings("Be a poet.", own)
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Hello"), DEFAULT_MODEL, lambda: True, settings
    )
    wait_until_answered(ready, exchange)
    body = fake.bodies()[-1]
    assert body["messages"][0]["content"] == "Be a poet."
    assert body["options"] == {
        "num_ctx": 2048,
        "num_predict": 2048,
        "temperature": 0.5,
        "stop": ["END"],
    }
    assert body["keep_alive"] == "10m"
    assert ready.history.get_conversation("ann", exchange.conversation.id).settings == settings


@pytest.mark.parametrize(("own", "think"), [(None, True), ("off", False)])
def test_a_model_that_thinks_is_asked_to_unless_that_is_off(
    fake: FakeOllama, ready: Services, loop: LoopThread, own: Think | None, think: bool
) -> None:
    fake.set(
        models=["thinker:1b"],
        capabilities={"thinker:1b": ["thinking"]},
        thinking=["Well", " now"],
        tokens=["Yes"],
    )
    loop.run(ready.models.read_installed())
    settings = ConversationSettings("", Parameters(think=own))
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Hi"), "thinker:1b", lambda: True, settings
    )
    wait_until_answered(ready, exchange)
    assert fake.bodies()[-1]["think"] is think
    kept = list_path(ready, exchange)[-1]
    assert (kept.thinking, kept.content) == ("Well now" if think else "", "Yes")
    assert (kept.statistics.thought_s > 0) is think


@pytest.mark.parametrize(
    ("model", "own", "think"),
    [
        ("thinker:1b", "high", True),
        ("thinker:1b", "off", False),
        ("gpt-oss:20b", "high", "high"),
        ("gpt-oss:20b", "on", True),
        (DEFAULT_MODEL, "high", None),
    ],
)
def test_a_level_of_thinking_goes_only_to_a_model_that_has_levels(
    fake: FakeOllama,
    ready: Services,
    loop: LoopThread,
    model: str,
    own: Think,
    think: bool | str | None,
) -> None:
    models = ["thinker:1b", "gpt-oss:20b"]
    fake.set(models=[DEFAULT_MODEL, *models], capabilities={one: ["thinking"] for one in models})
    loop.run(ready.models.read_installed())
    settings = ConversationSettings("", Parameters(think=own))
    exchange = ready.chat.send_prompt("ann", None, Draft("Hi"), model, lambda: True, settings)
    wait_until_answered(ready, exchange)
    assert fake.bodies()[-1].get("think") == think


@pytest.mark.parametrize("num_predict", [-2, -1, 0])
def test_an_answer_without_a_limit_gets_room_beside_the_messages(
    fake: FakeOllama, ready: Services, num_predict: int
) -> None:
    settings = ConversationSettings("", Parameters(num_predict=num_predict, num_ctx=1024))
    first = ready.chat.send_prompt(
        "ann",
        None,
        Draft("word " * 500),
        DEFAULT_MODEL,
        lambda: True,
        settings,
    )
    wait_until_answered(ready, first)
    exchange = ready.chat.send_prompt(
        "ann",
        first.conversation.id,
        Draft("word " * 350),
        DEFAULT_MODEL,
        lambda: True,
    )
    wait_until_answered(ready, exchange)
    assert list_sent(fake) == ["word " * 350]


@pytest.mark.parametrize(
    ("most", "own", "sent"),
    [
        (None, None, 2048),
        (None, -1, -1),
        (None, 9000, 9000),
        (4000, None, 2048),
        (4000, 3000, 3000),
        (4000, 9000, 4000),
        (4000, -1, 4000),
        (4000, 0, 4000),
    ],
)
def test_the_longest_answer_is_bounded_by_the_operator(
    fake: FakeOllama,
    ready: Services,
    monkeypatch: pytest.MonkeyPatch,
    most: int | None,
    own: int | None,
    sent: int,
) -> None:
    monkeypatch.setitem(ready.settings.__dict__, "max_num_predict", most)
    settings = ConversationSettings("", Parameters(num_predict=own))
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Hello"), DEFAULT_MODEL, lambda: True, settings
    )
    wait_until_answered(ready, exchange)
    assert fake.bodies()[-1]["options"]["num_predict"] == sent


@pytest.mark.configured(model_managers="nobody")
def test_how_long_a_model_stays_loaded_is_for_those_who_manage_the_models(
    fake: FakeOllama, ready: Services
) -> None:
    settings = ConversationSettings("", Parameters(keep_alive="0"))
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Hello"), DEFAULT_MODEL, lambda: True, settings
    )
    wait_until_answered(ready, exchange)
    assert "keep_alive" not in fake.bodies()[-1]
