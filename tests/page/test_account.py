"""Signing in and out on the page: nobody chats before, and nothing is left on it afterwards."""

from __future__ import annotations

import pytest

from chatbot.services import Services
from tests.support.fake_ollama.server import FakeOllama
from tests.support.logins import ANN, OIDC, PROXY
from tests.support.pages import (
    Open,
    act_in_sidebar,
    ask,
    list_conversations,
    list_messages,
    list_texts,
    read_sidebar,
    read_transcript,
)

BOB = ANN | {"sub": "bob", "name": "Bob"}


@pytest.mark.configured(**OIDC)
def test_who_has_not_signed_in_sees_a_button_and_no_chat(open_page: Open) -> None:
    app = open_page(claims={"is_logged_in": False})
    assert [one.label for one in app.button] == ["Sign in"]
    assert not app.chat_input and not app.sidebar.button and not app.exception


@pytest.mark.configured(**OIDC)
def test_a_person_has_one_history_in_all_browsers(open_page: Open) -> None:
    ask(open_page("laptop", ANN), "From my laptop")
    phone = open_page("phone", ANN)
    assert list_conversations(phone) == ["From my laptop"]
    assert read_sidebar(phone)["user"] == "Ann Example"
    assert list_conversations(open_page("laptop", BOB)) == []


@pytest.mark.configured(**OIDC)
def test_a_sign_out_empties_the_page_in_every_tab_of_the_browser(
    open_page: Open, fake: FakeOllama
) -> None:
    first = ask(open_page("laptop", ANN), "My secret")
    address = first.query_params["c"]
    second, phone = open_page("laptop", ANN, c=address), open_page("phone", ANN, c=address)
    assert list_messages(second) == list_messages(first)
    act_in_sidebar(first, "sign_out")
    for tab in (first, second.run()):
        assert [one.label for one in tab.button] == ["Sign in"]
        assert not tab.get("bidi_component") and not tab.chat_input
    assert read_transcript(phone.run())["conversation"] == address


@pytest.mark.configured(**OIDC)
def test_a_tab_left_open_after_the_sign_out_can_neither_ask_nor_change_anything(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    tab = ask(open_page("laptop", ANN), "My secret")
    asking, deleting, renaming = (open_page("laptop", ANN, c=tab.query_params["c"]) for _ in "abc")
    conversation = tab.query_params["c"]
    act_in_sidebar(tab, "sign_out")
    asking.chat_input[0].set_value("One more").run()
    act_in_sidebar(deleting, "delete", conversation=conversation)
    act_in_sidebar(renaming, "rename", conversation=conversation, text="Somebody was here")
    for one in (asking, deleting, renaming):
        assert [button.label for button in one.button] == ["Sign in"]
        assert not one.get("bidi_component") and not one.exception
    assert len(fake.bodies()) == 1
    assert list_conversations(open_page("laptop", ANN)) == ["My secret"]


@pytest.mark.configured(**PROXY, sign_out_url="/oauth2/sign_out")
def test_a_proxys_user_can_sign_out_where_the_address_for_it_is_known(open_page: Open) -> None:
    app = ask(open_page("laptop", {"user": "ann"}), "Hello")
    assert read_sidebar(app)["user"] == "ann"
    act_in_sidebar(app, "sign_out")
    assert list_texts(app.info) == ["You are signed out. Reload the page to sign in again."]
    assert not app.get("bidi_component") and not app.chat_input


@pytest.mark.configured(**PROXY)
def test_without_that_address_there_is_no_button(open_page: Open) -> None:
    app = open_page("laptop", {"user": "ann"})
    assert read_sidebar(app)["user"] == "ann"
    assert not read_sidebar(app)["can_sign_out"]


def test_a_mere_browser_is_not_named_and_has_nothing_to_sign_out_of(open_page: Open) -> None:
    app = open_page()
    assert not read_sidebar(app)["user"]
    assert not read_sidebar(app)["can_sign_out"]
