"""Conversations in a real browser: kept, found again, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import Served

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]


def test_a_reload_shows_the_same_conversation(page: ChatPage) -> None:
    page.ask("First prompt")
    page.idle()
    page.ask("Second prompt")
    page.idle()
    before = page.messages.all_inner_texts()
    page.reload()
    expect(page.messages).to_have_count(4)
    assert page.messages.all_inner_texts() == before


def test_a_reload_while_an_answer_is_written_keeps_what_came(
    page: ChatPage, fake: FakeOllama
) -> None:
    fake.set(tokens=words(1200), tokens_per_second=20)
    expect(page.ask("A long one")).to_contain_text("word2")
    page.reload()
    expect(page.messages.last).to_contain_text("word2")
    # A browser that comes back within 0.25 s finds it still being written.
    expect(page.messages.last).to_contain_text(
        re.compile("Ended, since no page showed it any more|word60")
    )
    assert len(fake.bodies()) == 1


def test_a_restart_of_the_process_loses_nothing(
    visit: Visit, serve: Callable[..., Served], fake: FakeOllama
) -> None:
    served = serve()
    page = visit(served.url)
    page.ask("Before the restart")
    page.idle()
    page.may_lose_connection()
    served.terminate()
    served.__enter__()
    page.ask("After the restart")  # in the tab that was open all the time
    page.idle()
    for tab in (page, visit(served.url, _path(page), like=page)):
        expect(tab.messages).to_have_count(4)
        expect(tab.messages.first).to_contain_text("Before the restart")
        expect(tab.messages.last).to_have_attribute("data-state", "done")


def test_two_tabs_show_the_same_conversations(page: ChatPage, visit: Visit) -> None:
    page.ask("From the first tab")
    page.idle()
    second = visit(page.url, like=page)
    second.conversation("From the first tab").click()
    expect(second.messages).to_have_count(2)
    page.ask("Once more from the first")
    page.idle()
    second.ask("From the second tab")
    second.idle()
    expect(second.messages).to_have_count(6)
    page.reload()
    expect(page.messages).to_have_count(6)


def test_another_visitor_sees_nothing_whatever_id_he_tries(page: ChatPage, visit: Visit) -> None:
    page.ask("My secret")
    page.idle()
    assert "c=" in _path(page)
    other = visit(page.url, _path(page))
    expect(other.alerts).to_have_text("There is no such conversation. Choose one from the list.")
    expect(other.messages).to_have_count(0)
    expect(other.page.get_by_text("My secret")).to_have_count(0)
    assert "c=" not in _path(other)


def test_conversations_are_made_opened_renamed_and_deleted(page: ChatPage) -> None:
    page.ask("About cats")
    page.idle()
    page.button("New chat").click()
    expect(page.messages).to_have_count(0)
    page.ask("About dogs")
    page.idle()
    page.conversation("About cats").click()
    expect(page.messages.first).to_contain_text("About cats")
    page.choose("About cats", "Rename")
    title = page.sidebar.get_by_role("textbox", name="Title")
    expect(title).to_have_value("About cats")
    title.fill("Felines")
    title.press("Enter")
    expect(page.conversation("Felines")).to_be_visible()
    page.reload()
    expect(page.conversation("Felines")).to_be_visible()
    page.choose("Felines", "Delete")
    expect(page.conversation("Felines")).to_have_count(0)
    expect(page.messages).to_have_count(0)
    page.reload()
    expect(page.conversation("About dogs")).to_be_visible()
    expect(page.conversation("Felines")).to_have_count(0)


def test_an_answer_goes_on_while_another_conversation_is_read(
    page: ChatPage, fake: FakeOllama
) -> None:
    page.ask("A short one")
    page.idle()
    page.button("New chat").click()
    expect(page.messages).to_have_count(0)
    fake.set(tokens=words(60), tokens_per_second=20)
    page.ask("A long one")
    expect(page.messages.last).to_contain_text("word1")
    page.conversation("A short one").click()
    expect(page.messages.first).to_contain_text("A short one")
    assert fake.active == 1
    page.conversation("A long one").click()
    expect(page.messages.last).to_contain_text("word59")
    assert len(fake.bodies()) == 2


def test_a_second_prompt_ends_the_answer_before_it(page: ChatPage, fake: FakeOllama) -> None:
    fake.set(tokens=words(1200), tokens_per_second=20)
    expect(page.ask("The first")).to_contain_text("word2")
    expect(page.ask("The second")).to_contain_text("word2")
    fake.wait_for(lambda now: now.aborted == 1 and now.active == 1)
    expect(page.messages.nth(1)).to_contain_text("Stopped")
    page.stop_button.click()
    expect(page.messages.nth(3)).to_contain_text("Stopped")


def test_a_second_tab_follows_the_answer_and_can_stop_it(
    page: ChatPage, visit: Visit, fake: FakeOllama
) -> None:
    fake.set(tokens=words(1200), tokens_per_second=20)
    expect(page.ask("The first")).to_contain_text("word2")
    second = visit(page.url, _path(page), like=page)
    expect(second.messages.last).to_contain_text("word9")
    second.stop_button.click()
    fake.wait_for(lambda now: now.aborted == 1)
    for tab in (page, second):
        expect(tab.messages.last).to_contain_text("Stopped")


def test_closing_one_of_two_tabs_leaves_the_answer_to_the_other(
    page: ChatPage, visit: Visit, fake: FakeOllama
) -> None:
    fake.set(tokens=words(80), tokens_per_second=20)
    page.ask("The first")
    second = visit(page.url, _path(page), like=page)
    expect(second.messages.last).to_contain_text("word9")
    page.page.close()
    expect(second.messages.last).to_contain_text("word79")


def _path(page: ChatPage) -> str:
    parts = urlsplit(page.page.url)
    return f"{parts.path}?{parts.query}"
