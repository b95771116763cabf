"""A summary stands for the messages up to one of them."""

from __future__ import annotations

from chatbot.domain.conversation_settings import Summary
from chatbot.domain.messages import new_message


def test_a_summary_covers_the_messages_up_to_its_last_one() -> None:
    messages = [new_message("conversation", None, "user") for _ in range(3)]
    assert Summary("Hi.", messages[1].id).after(messages) == messages[2:]


def test_a_summary_of_another_version_covers_nothing() -> None:
    messages = [new_message("conversation", None, "user") for _ in range(3)]
    assert Summary("Hi.", "of another version").after(messages) == messages
