"""Messages as they are made, and as they were stored."""

from __future__ import annotations

from dataclasses import fields, replace

from chatbot.domain.messages import Message, Role, new_message
from chatbot.domain.statistics import Statistics


def _read_row(role: Role, content: str, thinking: str = "") -> Message:
    message = replace(new_message("conversation", None, role, content=content), thinking=thinking)
    return Message.from_row(getattr(message, field.name) for field in fields(message))


def test_thinking_in_the_text_of_an_answer_is_read_as_thinking() -> None:
    answer = _read_row("assistant", "<think>Hm.</think>\n\nHello")
    assert (answer.thinking, answer.content) == ("Hm.", "Hello")


def test_a_prompt_and_an_answer_with_thinking_are_read_as_they_are() -> None:
    text = "<think>Hm.</think>\n\nHello"
    assert _read_row("user", text).content == text
    assert _read_row("assistant", text, "Well.").content == text


def test_a_failure_is_told_by_its_code_or_by_that_among_the_statistics() -> None:
    message = new_message("conversation", None, "assistant", state="failed")
    assert message.failure is None and message.failure_code is None
    whole = replace(message, error_code="busy", error_arguments={"count": 1})
    assert whole.failure is not None and whole.failure_code == "busy"
    old = replace(message, statistics=Statistics(error_code="ollama_refused"))
    assert old.failure is None and old.failure_code == "ollama_refused"
