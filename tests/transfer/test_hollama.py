"""What Hollama exports is read as one line of messages."""

from __future__ import annotations

from chatbot.domain.parameters import Parameters
from tests.support.exports import hollama_export, read_archives


def test_hollama_comes_as_one_line_of_messages() -> None:
    (one,) = read_archives(hollama_export())
    question, answer = one.messages
    assert one.conversation.title == "Say: what is it"
    assert one.conversation.model == answer.model == "gemma:7b"
    assert one.conversation.parameters == Parameters(seed=7)
    assert one.conversation.system_prompt == "Be brief."
    assert int(one.conversation.updated_at) == 1727187870
    assert (answer.role, answer.thinking, answer.content) == ("assistant", "Fur.", "A cat")
    assert answer.parent_id == question.id and one.conversation.head_id == answer.id
    assert [file.name for file in one.files[question.id]] == ["Notes", "c.png", "image-2.png"]


def test_hollama_s_first_format_had_a_model_s_name_and_no_options() -> None:
    old = [
        {
            "id": "1",
            "model": "gemma:7b",
            "context": [],
            "messages": hollama_export()[0]["messages"],
        }
    ]
    (one,) = read_archives(old)
    assert one.conversation.model == "gemma:7b" and len(one.messages) == 2
