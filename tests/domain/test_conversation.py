"""A conversation begins empty, with the settings that it was given."""

from __future__ import annotations

from chatbot.domain.conversation import new_conversation
from chatbot.domain.conversation_settings import ConversationSettings, Summary
from chatbot.domain.parameters import Parameters


def test_a_new_conversation_has_its_settings_and_no_message() -> None:
    settings = ConversationSettings("Be brief.", Parameters(seed=7), Summary("Hi.", "a"))
    conversation = new_conversation("ann", "About cats", settings)
    assert conversation.settings == settings
    assert (conversation.title, conversation.head_id, conversation.pinned) == (
        "About cats",
        None,
        False,
    )


def test_nobody_can_guess_the_id_of_a_conversation() -> None:
    ids = {new_conversation("ann", "One").id for _ in range(100)}
    assert len(ids) == 100
    assert {len(conversation_id) for conversation_id in ids} == {32}
