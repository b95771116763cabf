"""What a user prefers is kept for them alone."""

from __future__ import annotations

from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.parameters import Parameters
from chatbot.history import History


def test_presets_are_saved_replaced_and_deleted(history: History) -> None:
    history.save_preset("ann", "Poet", ConversationSettings("Rhyme.", Parameters()))
    history.save_preset(
        "ann", "Clerk", ConversationSettings("Be dry.", Parameters(temperature=0.0))
    )
    history.save_preset("ann", "Poet", ConversationSettings("Rhyme more.", Parameters()))
    found = [(one.name, one.system_prompt) for one in history.list_presets("ann")]
    assert found == [("Clerk", "Be dry."), ("Poet", "Rhyme more.")]
    history.delete_preset("ann", "Poet")
    assert [one.name for one in history.list_presets("ann")] == ["Clerk"]


def test_a_choice_of_a_model_is_kept_for_its_user_and_for_the_open_conversation(
    history: History,
) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "small")
    other = history.store_prompt("ann", None, "Hello", "small")
    assert history.get_chosen_model("ann") == ""
    history.choose_model("ann", "large")
    assert history.get_conversation("ann", exchange.conversation.id).model == "small"
    history.choose_model("ann", "larger", exchange.conversation.id)
    assert history.get_chosen_model("ann") == "larger"
    assert history.get_conversation("ann", exchange.conversation.id).model == "larger"
    assert history.get_conversation("ann", other.conversation.id).model == "small"
    history.choose_model("bob", "other", exchange.conversation.id)
    assert (history.get_chosen_model("ann"), history.get_chosen_model("bob")) == ("larger", "other")
    assert history.get_conversation("ann", exchange.conversation.id).model == "larger"


def test_a_user_has_their_own_settings_for_new_conversations(history: History) -> None:
    assert history.get_default_settings("ann") == DEFAULT_SETTINGS
    own = ConversationSettings("Be brief.", Parameters(temperature=0.5))
    history.save_default_settings("ann", own)
    history.choose_model("ann", "large")
    assert (history.get_default_settings("ann"), history.get_chosen_model("ann")) == (own, "large")
    history.save_default_settings("ann", DEFAULT_SETTINGS)
    assert history.get_default_settings("ann") == DEFAULT_SETTINGS
    assert history.get_chosen_model("ann") == "large"
    assert history.get_default_settings("bob") == DEFAULT_SETTINGS
