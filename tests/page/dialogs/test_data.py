"""The dialog about all conversations: import, export, delete."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.services import Services
from tests.support.exports import to_json
from tests.support.pages import (
    Open,
    act_in_sidebar,
    list_conversations,
    list_messages,
    list_plain_texts,
    list_texts,
    read_sidebar,
    store_conversations,
)


def open_dialog(app: AppTest) -> AppTest:
    return act_in_sidebar(app, "data")


def press(app: AppTest, key: str) -> AppTest:
    app.session_state.page_state.open_dialog("data")  # it stays: in a browser it is a fragment
    return app.button(key).click().run()


def upload(app: AppTest, data: bytes) -> AppTest:
    app.session_state.page_state.open_dialog("data")  # it stays: in a browser it is a fragment
    return app.file_uploader("import").upload("chat.json", data, "application/json").run()


def test_all_are_deleted_only_when_that_is_confirmed(open_page: Open, ready: Services) -> None:
    store_conversations(ready, "ann", "One", "Two")
    store_conversations(ready, "eve", "Of Eve")
    app = open_dialog(open_page())
    press(app, "delete-all")
    press(app, "delete-all-not")
    assert len(list_conversations(open_page())) == 2
    press(app, "delete-all")
    press(app, "delete-all-now")
    assert not list_conversations(app) and list_conversations(open_page("eve")) == ["Of Eve"]
    assert read_sidebar(app)["deleted"] == "2 conversations were deleted."
    assert list_conversations(act_in_sidebar(app, "undo")) == ["Two", "One"]


def test_the_first_imported_conversation_is_opened(open_page: Open, ready: Services) -> None:
    made = store_conversations(ready, "eve", "About cats", "About dogs")
    exported = to_json(ready.history.export_archives("eve"))
    first = json.loads(exported)["conversations"][0]["title"]
    app = upload(open_dialog(open_page()), exported)
    assert list_texts(app.toast) == ["Conversations imported: 2"]
    assert list_messages(app) == [("user", first), ("assistant", f"On {first}")]
    assert len(list_conversations(app)) == 2 and app.query_params["c"] not in made


def test_what_is_left_out_of_an_import_is_named(open_page: Open, ready: Services) -> None:
    store_conversations(ready, "eve", "One", "Two")
    document = json.loads(to_json(ready.history.export_archives("eve")))
    document["conversations"][1]["messages"][1]["role"] = "robot"
    document["conversations"] += [{"title": f"Empty {number}"} for number in range(7)] + [5]
    app = upload(open_dialog(open_page()), json.dumps(document, indent=1).encode())
    assert list_plain_texts(app.warning) == [
        "These parts of the file were left out:\n\n"
        "- Messages that are damaged or of an unknown kind: One\n"
        "- Conversations without a message that can be read: "
        "Empty 0; Empty 1; Empty 2; Empty 3; Empty 4 and 3 more"
    ]
    assert list_conversations(app.run()) == ["Two", "One"]


def test_a_bad_file_is_refused_with_its_line(open_page: Open, ready: Services) -> None:
    app = upload(open_dialog(open_page()), b'{\n"a": 1,\n}')
    (refusal,) = list_plain_texts(app.error)
    assert refusal.startswith("Nothing was imported. Line 2: this is not JSON")
    assert not list_conversations(open_page())


@pytest.mark.configured(retention_days=30)
def test_how_long_conversations_are_kept_is_said(open_page: Open) -> None:
    (kept,) = list_texts(open_dialog(open_page()).caption)
    assert kept == ("A conversation is deleted 30 days after its last message, even if pinned.")
