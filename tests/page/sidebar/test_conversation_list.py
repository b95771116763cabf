"""The conversations in the sidebar: many, found, pinned, deleted and had back, imported."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from chatbot import transfer
from chatbot.history.errors import HistoryUnavailable
from chatbot.services import Services
from tests.support.pages import Open, list_messages, list_plain_texts, list_texts


def titles(app: AppTest) -> list[str]:
    """The conversations in the sidebar, as they stand."""
    return [one.label for one in app.sidebar.button if (one.key or "").startswith("open-")]


def press(app: AppTest, label: str) -> AppTest:
    (found,) = (one for one in app.sidebar.button if one.label == label)
    return found.click().run()


def search(app: AppTest, query: str) -> AppTest:
    return app.text_input("search").set_value(query).run()


def give(ready: Services, user_id: str, *prompts: str) -> list[str]:
    """Stores conversations of one exchange; returns their ids."""
    turns = [ready.history.store_prompt(user_id, None, prompt, "m") for prompt in prompts]
    for exchange in turns:
        ready.history.finish_answer(
            exchange.answer.id, content=f"On {exchange.prompt.content}", state="done"
        )
    return [exchange.conversation.id for exchange in turns]


def test_only_the_last_fifty_are_listed_until_more_are_wanted(
    open_page: Open, ready: Services
) -> None:
    give(ready, "ann", *(f"Number {number}" for number in range(120)))
    app = open_page()
    assert titles(app) == [f"Number {number}" for number in range(119, 69, -1)]
    assert len(titles(press(app, "Show more"))) == 100
    assert len(titles(press(app, "Show more"))) == 120
    assert not any(one.label == "Show more" for one in app.sidebar.button)


def test_a_title_is_shown_as_it_stands(open_page: Open, ready: Services) -> None:
    (made,) = give(ready, "ann", "One")
    ready.history.rename_conversation("ann", made, ":red[**x**] $a$ <b>")
    assert titles(open_page()) == ["\\:red\\[\\*\\*x\\*\\*\\] \\$a\\$ \\<b\\>"]


def test_words_are_found_and_marked_and_nothing_else_is_markdown(
    open_page: Open, ready: Services
) -> None:
    give(ready, "ann", "About cats", "About dogs and :red[cats] <b>")
    give(ready, "eve", "Cats of Eve")
    app = search(open_page(), "cats")
    assert titles(app) == ["About dogs and \\:red\\[cats\\] \\<b\\>", "About cats"]
    assert list_texts(app.sidebar.markdown) == [
        ":small[On About dogs and \\:red\\[:orange-background[cats]\\] \\<b\\>]",
        ":small[On About :orange-background[cats]]",
    ]
    assert titles(search(app, "dogs")) == ["About dogs and \\:red\\[cats\\] \\<b\\>"]
    press(app, titles(app)[0])
    assert list_messages(app)[0][1].startswith("About dogs")
    assert (
        list_texts(search(app, "horses").sidebar.caption)[-1] == "No conversation has these words."
    )
    assert len(titles(search(app, "   "))) == 2


def test_a_pinned_conversation_stays_on_top(open_page: Open, ready: Services) -> None:
    first, _ = give(ready, "ann", "One", "Two")
    app = press(open_page(c=first), "Pin")
    assert titles(app) == ["One", "Two"] == titles(open_page())
    assert app.button(f"open-{first}").proto.icon == ":material/keep:"
    assert titles(press(app, "Unpin")) == ["Two", "One"]


def test_a_deleted_conversation_can_be_had_back_also_after_a_reload(
    open_page: Open, ready: Services
) -> None:
    (made,) = give(ready, "ann", "About cats")
    app = press(open_page(c=made), "Delete this conversation")
    assert not titles(app) and not app.chat_message
    assert "“About cats” was deleted." in list_texts(app.sidebar.caption)
    assert not any(one.label == "Undo" for one in open_page("eve").sidebar.button)
    app = press(open_page(), "Undo")
    assert titles(app) == ["About cats"] and list_messages(app)[0] == ("user", "About cats")
    assert not any(one.label == "Undo" for one in app.sidebar.button)


def test_an_undo_that_comes_too_late_says_so(open_page: Open, ready: Services) -> None:
    (made,) = give(ready, "ann", "About cats")
    app = press(open_page(c=made), "Delete this conversation")
    deletion = ready.history.find_last_deletion("ann")
    assert deletion
    ready.history.undo_deletion("ann", deletion)
    press(app, "Undo")
    assert list_texts(app.error) == ["It was too late to have it back."]


def test_all_are_deleted_only_when_that_is_confirmed(open_page: Open, ready: Services) -> None:
    give(ready, "ann", "One", "Two")
    give(ready, "eve", "Of Eve")
    app = press(press(open_page(), "Delete all…"), "Cancel")
    assert len(titles(app)) == 2
    press(press(app, "Delete all…"), "Delete all")
    assert not titles(app) and titles(open_page("eve")) == ["Of Eve"]
    assert "2 conversations were deleted." in list_texts(app.sidebar.caption)
    assert titles(press(app, "Undo")) == ["Two", "One"]


def upload(app: AppTest, data: bytes) -> AppTest:
    return app.file_uploader("import").upload("chat.json", data, "application/json").run()


def test_an_imported_conversation_is_opened(open_page: Open, ready: Services) -> None:
    (made,) = give(ready, "eve", "About cats")
    app = upload(open_page(), transfer.to_json(ready.history.export_archives("eve", made)))
    assert list_messages(app) == [("user", "About cats"), ("assistant", "On About cats")]
    assert titles(app) == ["About cats"] and app.query_params["c"] != made
    assert list_texts(app.toast) == ["Conversations imported: 1"]
    app.run()
    assert titles(app) == ["About cats"] and not app.toast


def test_what_is_left_out_of_an_import_is_named(open_page: Open, ready: Services) -> None:
    give(ready, "eve", "One", "Two")
    document = json.loads(transfer.to_json(ready.history.export_archives("eve")))
    document["conversations"][1]["messages"][1]["role"] = "robot"
    document["conversations"] += [{"title": f"Empty {number}"} for number in range(7)] + [5]
    app = upload(open_page(), json.dumps(document, indent=1).encode())
    assert titles(app) == ["Two", "One"]
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
    assert not titles(app)


def test_a_history_that_cannot_be_written_is_told(
    open_page: Open, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = give(ready, "ann", "About cats")
    app = open_page(c=made)

    def fail(*_: object) -> None:
        raise HistoryUnavailable("history_busy")

    monkeypatch.setattr(type(ready.history), "pin_conversation", fail)
    press(app, "Pin")
    assert (
        list_texts(app.error) == [HistoryUnavailable("history_busy").sentence] and not app.exception
    )
