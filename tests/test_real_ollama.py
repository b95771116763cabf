"""The chat with a real Ollama and the embedded model."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import ollama
import psutil
import pytest

from chatbot import errors
from chatbot.chat.conversation_content import Draft
from chatbot.chat.generation import Generation
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.parameters import Parameters
from chatbot.services import Services
from chatbot.settings import EMBEDDED_MODEL_NAME, Settings
from chatbot.urls import ServerUrl
from tests.support.product import LoopThread, RealOllama, Served, embedded_model, wait_for

pytestmark = pytest.mark.ollama

STORY = [
    ChatMessage("user", "Tell me a very long story about a king, a queen and their ten children.")
]


@pytest.fixture
def settings(tmp_path: Path, real_ollama: RealOllama) -> Settings:
    """Settings with the real Ollama in place of the fake one."""
    return Settings(
        data_dir=tmp_path / "data", ollama_base_url=ServerUrl(real_ollama.url), num_predict=4000
    )


@pytest.fixture
def story(ready: Services) -> Iterator[Generation]:
    """A long answer that has begun."""
    answer = Generation(secrets.token_hex(4), GenerationRequest(EMBEDDED_MODEL_NAME, STORY))
    ready.generations.start(answer)
    assert answer.begun.wait(60)
    yield answer
    ready.generations.stop(answer)
    assert answer.over.wait(10)


def _is_idle(server: RealOllama) -> bool:
    """Whether the server and its runners use next to no CPU for a moment."""
    family = [process := psutil.Process(server.process.pid), *process.children(recursive=True)]

    def used() -> float:
        return sum(sum(one.cpu_times()[:2]) for one in family)

    before = used()
    time.sleep(0.2)
    return used() - before <= 0.02


def test_an_answer_is_streamed_and_counted(ready: Services) -> None:
    messages = [ChatMessage("user", "Say hello.")]
    request = GenerationRequest(EMBEDDED_MODEL_NAME, messages)
    answer = ready.generations.start(Generation(secrets.token_hex(4), request))
    assert answer.over.wait(60)
    assert (answer.state, answer.error) == ("done", None)
    assert answer.text.strip()
    assert answer.statistics is not None
    assert answer.statistics.input_tokens > 10
    assert answer.statistics.output_tokens > 0
    assert answer.statistics.done_reason in ("stop", "length")


def test_a_stop_ends_the_evaluation_on_the_server(
    ready: Services, real_ollama: RealOllama, story: Generation
) -> None:
    wait_for(lambda: not _is_idle(real_ollama))
    ready.generations.stop(story)
    assert story.over.wait(10)
    assert (story.state, bool(story.text)) == ("stopped", True)
    wait_for(lambda: _is_idle(real_ollama))


def test_a_stop_before_the_first_token_ends_the_answer_on_the_server_when_the_prompt_is_read(
    ready: Services, real_ollama: RealOllama
) -> None:
    # Ollama 0.24 looks whether its client is still there only once it has read the whole prompt.
    prompt = [ChatMessage("user", "one two three four five six seven " * 60)]
    request = GenerationRequest(EMBEDDED_MODEL_NAME, prompt)
    answer = ready.generations.start(Generation(secrets.token_hex(4), request))
    wait_for(lambda: answer.begun.is_set() or not _is_idle(real_ollama))
    ready.generations.stop(answer)
    assert answer.over.wait(10)
    wait_for(lambda: _is_idle(real_ollama))


def test_an_answer_that_was_cut_goes_on_where_it_stopped(ready: Services) -> None:
    question = Draft("List the planets of the solar system, one per line, with a sentence each.")
    texts = []
    for num_predict in (80, 20):
        own = Parameters(num_predict=num_predict, temperature=0.0, seed=1)
        settings = ConversationSettings("", own)
        exchange = ready.chat.send_prompt(
            "ann", None, question, EMBEDDED_MODEL_NAME, lambda: True, settings
        )
        _wait_until_over(ready, exchange)
        texts.append(ready.history.get_message("ann", exchange.answer.id).content)
    whole, cut = texts
    assert whole.startswith(cut) and whole != cut
    _wait_until_over(
        ready,
        ready.chat.continue_answer(
            "ann", exchange.conversation.id, exchange.answer.id, lambda: True
        ),
    )
    assert ready.history.get_message("ann", exchange.answer.id).content == whole


def _wait_until_over(ready: Services, exchange: Exchange) -> None:
    if (generation := ready.chat.find_generation(exchange.answer.id)) is not None:
        assert generation.over.wait(60)


def test_an_unknown_model_is_missing(ready: Services, loop: LoopThread) -> None:
    with pytest.raises(errors.ModelMissing):
        loop.run(ready.llm.load_model("nothing:1b"))


def test_the_embedded_model_is_made_from_its_file_and_answers(
    serve: Callable[..., Served], real_ollama: RealOllama
) -> None:
    with ollama.Client(host=real_ollama.url) as client:
        client.delete(EMBEDDED_MODEL_NAME)
    served = serve(real_ollama.url, embedded_model=embedded_model(), num_predict=32)
    response = httpx.post(f"{served.url}/generate_text", json={"prompt": "Say hello."}, timeout=60)
    assert response.status_code == 200
    assert response.json()["response"].strip()
