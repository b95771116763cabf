"""What can be done with a conversation in the sidebar: rename, pin, delete, have back."""

from __future__ import annotations

import pytest

from chatbot.history.errors import HistoryUnavailable
from chatbot.services import Services
from tests.support.pages import (
    Open,
    act_in_sidebar,
    ask,
    list_conversations,
    list_messages,
    list_texts,
    read_sidebar,
    store_conversations,
)


def test_a_conversation_that_is_not_open_gets_a_title_and_a_blank_one_is_not_taken(
    open_page: Open, ready: Services
) -> None:
    (made,) = store_conversations(ready, "ann", "About cats")
    app = act_in_sidebar(open_page(), "rename", conversation=made, text="  Felines \n and more ")
    assert list_conversations(app) == ["Felines and more"]
    act_in_sidebar(app, "rename", conversation=made, text="   ")
    assert list_conversations(app) == ["Felines and more"]


def test_a_deleted_conversation_is_gone_everywhere(open_page: Open) -> None:
    app, other = ask(open_page(), "About cats"), open_page()
    address = app.query_params["c"]
    act_in_sidebar(app, "delete", conversation=address)
    assert not list_messages(app) and not list_conversations(app) and "c" not in app.query_params
    assert not list_conversations(other.run())
    assert list_texts(open_page(c=address).error) == [
        "There is no such conversation. Choose one from the list."
    ]


def test_one_that_is_deleted_beside_the_open_one_leaves_that_open(
    open_page: Open, ready: Services
) -> None:
    first, second = store_conversations(ready, "ann", "One", "Two")
    app = act_in_sidebar(open_page(c=first), "delete", conversation=second)
    assert list_conversations(app) == ["One"] and app.query_params["c"] == first


def test_a_conversation_deleted_in_another_tab_says_so(open_page: Open, ready: Services) -> None:
    app = ask(open_page(), "About cats")
    ready.history.delete_conversation("ann", app.query_params["c"])
    app.chat_input[0].set_value("Still there?").run()
    (error,) = list_texts(app.error)
    assert "There is no such conversation" in error
    assert not app.exception


def test_a_deleted_conversation_can_be_had_back_also_after_a_reload(
    open_page: Open, ready: Services
) -> None:
    (made,) = store_conversations(ready, "ann", "About cats")
    app = act_in_sidebar(open_page(c=made), "delete", conversation=made)
    assert not list_conversations(app) and not list_messages(app)
    assert read_sidebar(app)["deleted"] == "“About cats” was deleted."
    assert not read_sidebar(open_page("eve"))["deleted"]
    app = act_in_sidebar(open_page(), "undo")
    assert list_conversations(app) == ["About cats"]
    assert list_messages(app)[0] == ("user", "About cats")
    assert not read_sidebar(app)["deleted"]


def test_an_undo_that_comes_too_late_says_so(open_page: Open, ready: Services) -> None:
    (made,) = store_conversations(ready, "ann", "About cats")
    app = act_in_sidebar(open_page(c=made), "delete", conversation=made)
    deletion = ready.history.find_last_deletion("ann")
    assert deletion
    ready.history.undo_deletion("ann", deletion)
    act_in_sidebar(app, "undo")
    assert list_texts(app.error) == ["It was too late to have it back."]


def test_a_pinned_conversation_stays_on_top(open_page: Open, ready: Services) -> None:
    first, _ = store_conversations(ready, "ann", "One", "Two")
    app = act_in_sidebar(open_page(), "pin", conversation=first, pinned=True)
    assert list_conversations(app) == ["One", "Two"] == list_conversations(open_page())
    assert [row["period"] for row in read_sidebar(app)["rows"]] == ["Pinned", "Today"]
    act_in_sidebar(app, "pin", conversation=first, pinned=False)
    assert list_conversations(app) == ["Two", "One"]


def test_a_history_that_cannot_be_written_is_told(
    open_page: Open, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = store_conversations(ready, "ann", "About cats")
    app = open_page()

    def fail(*_: object) -> None:
        raise HistoryUnavailable("history_busy")

    monkeypatch.setattr(type(ready.history), "pin_conversation", fail)
    act_in_sidebar(app, "pin", conversation=made, pinned=True)
    assert list_texts(app.error) == [HistoryUnavailable("history_busy").sentence]
    assert not app.exception


@pytest.mark.parametrize("dialog", ["settings", "models", "data", "help"])
def test_a_tool_opens_its_dialog_once(open_page: Open, dialog: str) -> None:
    app = act_in_sidebar(open_page(), dialog)
    assert not app.exception
    assert app.session_state.page_state.take_dialog() == ""
