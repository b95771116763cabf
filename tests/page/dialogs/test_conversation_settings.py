"""The dialog of a conversation's settings has a field for each parameter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.parameters import Parameters, allowed
from chatbot.i18n.translator import LANGUAGES
from chatbot.page import i18n
from tests.support.pages import Open, act_in_sidebar, list_plain_texts

PARAMETERS = list(Parameters.model_fields)


def test_each_parameter_has_a_field_that_says_what_it_takes(
    open_page: Callable[[], AppTest],
) -> None:
    app = open_page()
    app = act_in_sidebar(app, "settings")
    helps = [field.help for field in (*app.text_input, *app.text_area) if field.help]
    assert sorted(helps) == sorted(
        f"{allowed(name)} (`{name}`)" for name in PARAMETERS if name != "think"
    )


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_a_parameter_takes_is_said_in_every_language(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = set()
    for language in ("en", *LANGUAGES):
        monkeypatch.setattr(i18n, "_language", lambda code=language: code)
        texts.add(i18n.describe(allowed(name)))
    assert len(texts) == 1 + len(LANGUAGES)


def test_what_is_kept_for_all_new_chats_is_there_in_the_next_one(open_page: Open) -> None:
    app = open_page()
    app.session_state.page_state.change_settings(ConversationSettings("Be brief."))
    act_in_sidebar(app, "settings")
    app.session_state.page_state.open_dialog("settings")  # it stays: in a browser it is a fragment
    app.button("setup-for-all").click().run()
    assert not app.exception
    assert open_page().session_state.page_state.settings.system_prompt == "Be brief."


@pytest.mark.configured(model_managers="nobody")
def test_how_long_a_model_stays_loaded_is_for_those_who_manage_the_models(open_page: Open) -> None:
    app = open_page()
    own = Parameters(keep_alive="0", temperature=1)
    app.session_state.page_state.change_settings(ConversationSettings("", own))
    act_in_sidebar(app, "settings")
    assert "setup-keep_alive" not in [field.key for field in app.text_input]
    app.session_state.page_state.open_dialog("settings")
    app.button("setup-save").click().run()
    assert not app.exception
    assert app.session_state.page_state.settings.parameters == Parameters(temperature=1)


@pytest.mark.configured(max_num_predict=4000)
def test_an_answer_longer_than_the_operator_allows_is_refused(open_page: Open) -> None:
    app = open_page()
    own = Parameters(num_predict=5000)
    app.session_state.page_state.change_settings(ConversationSettings("", own))
    act_in_sidebar(app, "settings")
    app.session_state.page_state.open_dialog("settings")
    app.button("setup-save").click().run()
    assert list_plain_texts(app.error) == [
        "Longest answer is 5,000: this chat allows 4,000 at most."
    ]
