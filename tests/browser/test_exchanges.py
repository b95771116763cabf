"""What becomes of an exchange in a real browser: gone on with after Stop, deleted and had back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama

pytestmark = pytest.mark.browser


def delete(page: ChatPage, prompt: int) -> None:
    """Deletes an exchange: the first click asks, the second one does it."""
    message = page.messages.nth(2 * prompt)
    page.act(message, "delete")
    expect(message).to_contain_text("Delete?")
    page.act(message, "delete")


def test_a_stopped_answer_is_continued_where_it_was(page: ChatPage, fake: FakeOllama) -> None:
    fake.set(tokens=words(999), tokens_per_second=20)
    answer = page.ask("Count")
    expect(answer).to_contain_text("word2 ")
    page.stop_button.click()
    expect(answer).to_contain_text("Stopped")
    fake.set(tokens=["and ", "so on."], tokens_per_second=0)
    page.act(answer, "continue")
    expect(answer).to_contain_text("and so on.")
    expect(answer).to_have_attribute("data-state", "done")
    expect(answer).to_contain_text("word2 ")
    expect(answer).not_to_contain_text("Stopped")
    page.reload()
    expect(page.messages.last).to_contain_text("and so on.")
    expect(page.messages).to_have_count(2)


def test_a_deleted_exchange_comes_back(page: ChatPage) -> None:
    for prompt in ("First", "Second"):
        page.ask(prompt)
        page.idle()
    delete(page, 1)
    expect(page.messages).to_have_count(2)
    expect(page.messages.first).to_contain_text("First")
    page.button("Undo").click()
    expect(page.messages).to_have_count(4)
    expect(page.messages.nth(2)).to_contain_text("Second")
    expect(page.button("Undo")).to_have_count(0)


def test_deleting_the_only_exchange_deletes_its_conversation(page: ChatPage) -> None:
    page.ask("First")
    page.idle()
    delete(page, 0)
    expect(page.welcome).to_be_visible()
    expect(page.conversation("First")).to_have_count(0)
    page.button("Undo").click()
    expect(page.messages.first).to_contain_text("First")


def test_a_question_whether_to_delete_is_taken_back_by_esc(page: ChatPage) -> None:
    page.ask("First")
    page.idle()
    page.act(page.messages.first, "delete")
    expect(page.messages.first).to_contain_text("Delete?")
    page.page.keyboard.press("Escape")
    expect(page.messages.first).not_to_contain_text("Delete?")
    expect(page.messages).to_have_count(2)
