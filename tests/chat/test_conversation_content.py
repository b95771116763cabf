"""What of a conversation the model is sent: texts, attachments, the prompts above."""

from __future__ import annotations

from chatbot.chat.conversation_content import Draft
from chatbot.domain.attachment import Attachment
from chatbot.services import Services
from tests.support.exchanges import Send, list_path, list_sent, wait_until_answered
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    FakeOllama,
    Fault,
)
from tests.support.product import LoopThread


def test_an_answer_without_text_is_not_shown_to_the_model(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(Fault("status"))
    exchange = send("Hello")
    wait_until_answered(ready, exchange)
    exchange = send("Hello?", exchange.conversation.id)
    wait_until_answered(ready, exchange)
    assert list_sent(fake) == ["Hello", "Hello?"]


def test_attachments_reach_the_model_in_this_turn_and_the_next(
    fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    fake.capabilities = {"seer:1b": ["vision"]}
    fake.models = [*fake.models, "seer:1b"]
    loop.run(ready.models.read_installed())
    files = [
        Attachment("note.txt", "text/txt", 4, b"Text"),
        Attachment("a.png", "image/png", 5, b"pixel"),
    ]
    send = ready.chat.send_prompt
    exchange = send("ann", None, Draft("Look", files), "seer:1b", lambda: True)
    wait_until_answered(ready, exchange)
    exchange = send("ann", exchange.conversation.id, Draft("And now?"), "seer:1b", lambda: True)
    wait_until_answered(ready, exchange)
    for body in fake.bodies():
        first = body["messages"][1]
        assert first["content"] == 'Look\n\n<file name="note.txt">\nText\n</file>'
        assert first["images"] == ["cGl4ZWw="]


def test_a_file_without_a_word_is_answered_and_names_the_conversation(
    fake: FakeOllama, ready: Services
) -> None:
    send = ready.chat.send_prompt
    draft = Draft(" ", [Attachment("my_note.txt", "text/plain", 4, b"Text")])
    exchange = send("ann", None, draft, DEFAULT_MODEL, lambda: True)
    wait_until_answered(ready, exchange)
    assert ready.history.list_conversations("ann")[0].title == "my_note.txt"
    exchange = send("ann", exchange.conversation.id, Draft("And now?"), DEFAULT_MODEL, lambda: True)
    wait_until_answered(ready, exchange)
    for body in fake.bodies():
        assert body["messages"][1]["content"].strip().startswith('<file name="my_note.txt">')


def test_an_edited_prompt_is_answered_with_what_stands_above_it(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["Fine"]
    first = send("One")
    wait_until_answered(ready, first)
    second = send("Two", first.conversation.id)
    wait_until_answered(ready, second)
    draft = Draft("Deux", instead_of=second.prompt.id)
    exchange = ready.chat.send_prompt(
        "ann", first.conversation.id, draft, DEFAULT_MODEL, lambda: True
    )
    wait_until_answered(ready, exchange)
    assert list_sent(fake) == ["One", "Fine", "Deux"]
    assert [one.content for one in list_path(ready, exchange)] == ["One", "Fine", "Deux", "Fine"]
