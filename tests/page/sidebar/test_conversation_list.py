"""The conversations in the sidebar: many, found, and had back."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from chatbot.services import Services
from tests.support.pages import (
    Open,
    list_conversations,
    list_messages,
    list_texts,
    press_button,
    store_conversations,
)


def search(app: AppTest, query: str) -> AppTest:
    return app.text_input("search").set_value(query).run()


def test_only_the_last_fifty_are_listed_until_more_are_wanted(
    open_page: Open, ready: Services
) -> None:
    store_conversations(ready, "ann", *(f"Number {number}" for number in range(120)))
    app = open_page()
    assert list_conversations(app) == [f"Number {number}" for number in range(119, 69, -1)]
    assert len(list_conversations(press_button(app, "Show more"))) == 100
    assert len(list_conversations(press_button(app, "Show more"))) == 120
    assert not any(one.label == "Show more" for one in app.sidebar.button)


def test_a_title_is_shown_as_it_stands(open_page: Open, ready: Services) -> None:
    (made,) = store_conversations(ready, "ann", "One")
    ready.history.rename_conversation("ann", made, ":red[**x**] $a$ <b>")
    assert list_conversations(open_page()) == ["\\:red\\[\\*\\*x\\*\\*\\] \\$a\\$ \\<b\\>"]


def test_words_are_found_and_marked_and_nothing_else_is_markdown(
    open_page: Open, ready: Services
) -> None:
    store_conversations(ready, "ann", "About cats", "About dogs and :red[cats] <b>")
    store_conversations(ready, "eve", "Cats of Eve")
    app = search(open_page(), "cats")
    assert list_conversations(app) == ["About dogs and \\:red\\[cats\\] \\<b\\>", "About cats"]
    assert list_texts(app.sidebar.markdown) == [
        ":small[On About dogs and \\:red\\[:orange-background[cats]\\] \\<b\\>]",
        ":small[On About :orange-background[cats]]",
    ]
    assert list_conversations(search(app, "dogs")) == ["About dogs and \\:red\\[cats\\] \\<b\\>"]
    press_button(app, list_conversations(app)[0])
    assert list_messages(app)[0][1].startswith("About dogs")
    assert (
        list_texts(search(app, "horses").sidebar.caption)[-1] == "No conversation has these words."
    )
    assert len(list_conversations(search(app, "   "))) == 2


def test_a_deleted_conversation_can_be_had_back_also_after_a_reload(
    open_page: Open, ready: Services
) -> None:
    (made,) = store_conversations(ready, "ann", "About cats")
    app = press_button(open_page(c=made), "Delete this conversation")
    assert not list_conversations(app) and not list_messages(app)
    assert "“About cats” was deleted." in list_texts(app.sidebar.caption)
    assert not any(one.label == "Undo" for one in open_page("eve").sidebar.button)
    app = press_button(open_page(), "Undo")
    assert list_conversations(app) == ["About cats"] and list_messages(app)[0] == (
        "user",
        "About cats",
    )
    assert not any(one.label == "Undo" for one in app.sidebar.button)


def test_an_undo_that_comes_too_late_says_so(open_page: Open, ready: Services) -> None:
    (made,) = store_conversations(ready, "ann", "About cats")
    app = press_button(open_page(c=made), "Delete this conversation")
    deletion = ready.history.find_last_deletion("ann")
    assert deletion
    ready.history.undo_deletion("ann", deletion)
    press_button(app, "Undo")
    assert list_texts(app.error) == ["It was too late to have it back."]
