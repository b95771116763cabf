"""Keys, pastes and the browser's own buttons: each does what a person expects of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama

pytestmark = pytest.mark.browser

TOO_LONG = "The prompt has 70,000 characters and at most 64,000 are taken. Shorten it."
MEANT_FOR_AN_INPUT_METHOD = """box => box.dispatchEvent(new KeyboardEvent("keydown",
    {key: "Enter", keyCode: 229, bubbles: true, cancelable: true}))"""


def talk(page: ChatPage, prompt: str) -> str:
    """Has a prompt answered in a conversation of its own; returns its address."""
    page.button("New chat").click()
    expect(page.messages).to_have_count(0)
    page.ask(prompt)
    page.idle()
    return page.page.url


def test_back_and_forward_show_the_conversation_of_the_address(page: ChatPage) -> None:
    first, second = talk(page, "First"), talk(page, "Second")
    page.conversation("First").click()
    expect(page.messages.first).to_contain_text("First")
    page.page.go_back()
    expect(page.messages.first).to_contain_text("Second")
    assert page.page.url == second
    page.page.go_back()  # to the new chat in which it began
    expect(page.welcome).to_be_visible()
    page.page.go_back()
    expect(page.messages.first).to_contain_text("First")
    assert page.page.url == first
    page.ask("Once more")
    page.idle()
    expect(page.messages).to_have_count(4)
    page.reload()
    expect(page.messages).to_have_count(4)
    page.page.go_back()
    expect(page.welcome).to_be_visible()
    page.page.go_forward()
    expect(page.messages).to_have_count(4)
    assert page.page.url == first


def test_back_while_an_answer_is_written_leaves_it_running(
    page: ChatPage, fake: FakeOllama
) -> None:
    talk(page, "First")
    page.button("New chat").click()
    expect(page.messages).to_have_count(0)
    fake.set(tokens=words(60), tokens_per_second=20)
    expect(page.ask("Second")).to_contain_text("word2")
    page.page.go_back()
    expect(page.welcome).to_be_visible()
    page.page.go_back()
    expect(page.messages.first).to_contain_text("First")
    page.conversation("Second").click()
    expect(page.messages.last).to_contain_text("word59")


def test_esc_closes_what_is_open_and_only_then_stops_the_answer(
    page: ChatPage, fake: FakeOllama
) -> None:
    fake.set(tokens=words(2000), tokens_per_second=20)
    expect(page.ask("Tell me all")).to_contain_text("word2")
    opened = page.page.get_by_role("listbox")
    page.model_picker.click()
    expect(opened).to_be_visible()
    page.page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    for name, role in (("Theme", "menu"), ("Help", "dialog")):
        opened = page.page.locator(f"[role={role}]")
        page.button(name).click()
        expect(opened).to_be_visible()
        page.page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    page.page.get_by_label("Search conversations").press("Escape")
    expect(page.stop_button).to_be_visible()
    assert fake.aborted == 0
    page.input.press("Escape")
    fake.wait_for(lambda now: now.aborted == 1)
    expect(page.messages.last).to_contain_text("Stopped")


def test_a_prompt_that_is_sent_scrolled_up_is_in_sight(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["line\n\n"] * 60
    page.ask("First")
    page.idle()
    page.messages.last.hover()
    page.page.mouse.wheel(0, -9999)
    expect(page.messages.first).to_be_in_viewport()
    page.input.fill("Second")
    fake.set(tokens=words(5))
    page.input.press("Enter")
    expect(page.messages.last).to_contain_text("word4")
    expect(page.messages.last).to_be_in_viewport()


def test_a_key_meant_for_an_input_method_sends_nothing(page: ChatPage, fake: FakeOllama) -> None:
    page.input.fill("にほ")
    page.input.evaluate(MEANT_FOR_AN_INPUT_METHOD)
    page.input.press_sequentially("ん")
    expect(page.input).to_have_value("にほん")
    page.input.press("Enter")
    expect(page.messages.first).to_contain_text("にほん")
    page.idle()
    assert len(fake.bodies()) == 1


def test_a_paste_that_is_too_long_stays_and_says_what_is_allowed(page: ChatPage) -> None:
    page.input.focus()
    page.page.keyboard.insert_text("x" * 70_000)
    page.input.press("Enter")
    expect(page.alerts).to_have_text(TOO_LONG)
    expect(page.input).to_have_value("x" * 70_000)
    page.button("Settings").click()
    prompt = page.page.get_by_label("System prompt")
    prompt.fill("y" * 70_000)
    page.page.get_by_role("button", name="Save", exact=True).click()
    expect(page.page.get_by_test_id("stDialog").get_by_test_id("stAlert")).to_have_text(TOO_LONG)
    expect(prompt).to_have_value("y" * 70_000)
