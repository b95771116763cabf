"""What can be done with a conversation, and with all: rename, pin, delete, import."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from chatbot import transfer
from chatbot.history.errors import HistoryUnavailable
from chatbot.services import Services
from tests.support.pages import (
    Open,
    ask,
    list_conversations,
    list_messages,
    list_plain_texts,
    list_texts,
    press_button,
    store_conversations,
)


def title_input(app: AppTest) -> TextInput:
    """The title of the open conversation."""
    (found,) = (one for one in app.text_input if one.label == "Title")
    return found


def test_a_new_title_is_shown_and_a_blank_one_is_not_taken(open_page: Open) -> None:
    app = ask(open_page(), "About cats")
    title_input(app).set_value("  Felines \n and more ").run()
    assert list_conversations(app) == ["Felines and more"]
    title_input(app).set_value("   ").run()
    assert list_conversations(app) == ["Felines and more"]


def test_a_deleted_conversation_is_gone_everywhere(open_page: Open) -> None:
    app, other = ask(open_page(), "About cats"), open_page()
    address = app.query_params["c"]
    (delete,) = (one for one in app.button if one.label == "Delete this conversation")
    delete.click().run()
    assert not list_messages(app) and not list_conversations(app) and "c" not in app.query_params
    assert not list_conversations(other.run())
    assert list_texts(open_page(c=address).error) == [
        "There is no such conversation. Choose one from the list."
    ]


def test_a_pinned_conversation_stays_on_top(open_page: Open, ready: Services) -> None:
    first, _ = store_conversations(ready, "ann", "One", "Two")
    app = press_button(open_page(c=first), "Pin")
    assert list_conversations(app) == ["One", "Two"] == list_conversations(open_page())
    assert app.button(f"open-{first}").proto.icon == ":material/keep:"
    assert list_conversations(press_button(app, "Unpin")) == ["Two", "One"]


def test_all_are_deleted_only_when_that_is_confirmed(open_page: Open, ready: Services) -> None:
    store_conversations(ready, "ann", "One", "Two")
    store_conversations(ready, "eve", "Of Eve")
    app = press_button(press_button(open_page(), "Delete all…"), "Cancel")
    assert len(list_conversations(app)) == 2
    press_button(press_button(app, "Delete all…"), "Delete all")
    assert not list_conversations(app) and list_conversations(open_page("eve")) == ["Of Eve"]
    assert "2 conversations were deleted." in list_texts(app.sidebar.caption)
    assert list_conversations(press_button(app, "Undo")) == ["Two", "One"]


def upload(app: AppTest, data: bytes) -> AppTest:
    return app.file_uploader("import").upload("chat.json", data, "application/json").run()


def test_an_imported_conversation_is_opened(open_page: Open, ready: Services) -> None:
    (made,) = store_conversations(ready, "eve", "About cats")
    app = upload(open_page(), transfer.to_json(ready.history.export_archives("eve", made)))
    assert list_messages(app) == [("user", "About cats"), ("assistant", "On About cats")]
    assert list_conversations(app) == ["About cats"] and app.query_params["c"] != made
    assert list_texts(app.toast) == ["Conversations imported: 1"]
    app.run()
    assert list_conversations(app) == ["About cats"] and not app.toast


def test_what_is_left_out_of_an_import_is_named(open_page: Open, ready: Services) -> None:
    store_conversations(ready, "eve", "One", "Two")
    document = json.loads(transfer.to_json(ready.history.export_archives("eve")))
    document["conversations"][1]["messages"][1]["role"] = "robot"
    document["conversations"] += [{"title": f"Empty {number}"} for number in range(7)] + [5]
    app = upload(open_page(), json.dumps(document, indent=1).encode())
    assert list_conversations(app) == ["Two", "One"]
    assert list_plain_texts(app.sidebar.warning) == [
        "These parts of the file were left out:\n\n"
        "- Messages that are damaged or of an unknown kind: One\n"
        "- Conversations without a message that can be read: "
        "Empty 0; Empty 1; Empty 2; Empty 3; Empty 4 and 3 more"
    ]


def test_a_bad_file_is_refused_with_its_line(open_page: Open, ready: Services) -> None:
    app = upload(open_page(), b'{\n"a": 1,\n}')
    (refusal,) = list_plain_texts(app.sidebar.error)
    assert refusal.startswith("Nothing was imported. Line 2: this is not JSON")
    assert not list_conversations(app)


def test_a_history_that_cannot_be_written_is_told(
    open_page: Open, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = store_conversations(ready, "ann", "About cats")
    app = open_page(c=made)

    def fail(*_: object) -> None:
        raise HistoryUnavailable("history_busy")

    monkeypatch.setattr(type(ready.history), "pin_conversation", fail)
    press_button(app, "Pin")
    assert (
        list_texts(app.error) == [HistoryUnavailable("history_busy").sentence] and not app.exception
    )
