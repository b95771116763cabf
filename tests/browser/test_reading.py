"""What a model wrote and a user typed, as it is read in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.support.chat_page import ChatPage
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.product import Served

pytestmark = pytest.mark.browser

TEXTS = Path(__file__).parents[2] / "frontend/tests/markdown/texts"


def read(name: str) -> str:
    """Return a text of those that the front end's own tests use."""
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


def ask_for(page: ChatPage, fake: FakeOllama, answer: str) -> Locator:
    """Return the place of an answer that is written to its end."""
    fake.tokens = re.findall(r".{1,20}", answer, re.DOTALL)
    message = page.ask("What do you say?")
    page.idle()
    return message.locator(".chat-body")


def test_formulas_are_drawn_with_their_own_letters(page: ChatPage, fake: FakeOllama) -> None:
    body = ask_for(page, fake, read("formulas"))
    expect(body.locator(".katex")).to_have_count(9)
    expect(body).to_contain_text("Prices stay prices: $5 and $6, or $1,000 to $2,000 a month.")
    letters = "document.fonts.load('italic 16px KaTeX_Math').then((faces) => faces.length)"
    assert page.page.evaluate(letters)  # Streamlit names letters of its own so, too


def test_no_picture_is_fetched(page: ChatPage, fake: FakeOllama) -> None:
    body = ask_for(page, fake, read("fence-behind-bullet") + "\n\n![b](http://192.0.2.1/b.png)")
    expect(body.get_by_role("link", name="a spy")).to_have_attribute("rel", "noopener noreferrer")
    expect(body.locator("img")).to_have_count(0)


def test_right_to_left_text_begins_at_the_right(page: ChatPage, fake: FakeOllama) -> None:
    body = ask_for(page, fake, read("right-to-left"))
    expect(body.locator("p").first).to_have_css("direction", "rtl")
    expect(body.locator("ul")).to_have_css("direction", "rtl")
    expect(body.locator("code")).to_have_css("direction", "ltr")


def test_a_wide_table_scrolls_in_its_own_box(
    visit: Callable[..., ChatPage], chat: Served, fake: FakeOllama
) -> None:
    page = visit(chat.url, viewport={"width": 360, "height": 640})
    row = "| " + " | ".join(f"quite a wide cell {number}" for number in range(8)) + " |"
    body = ask_for(page, fake, f"{row}\n{'|---' * 8}|\n{row}\n")
    expect(body.locator(".chat-table")).to_have_attribute("tabindex", "0")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_code_is_copied_over_plain_http_too(page: ChatPage, fake: FakeOllama) -> None:
    page.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    body = ask_for(page, fake, "Try:\n\n```python\nprint('<b>')\n\tx\n```\n")
    expect(body.locator(".chat-code-language")).to_have_text("Python")
    expect(body.locator(".hljs-built_in")).to_have_text("print")
    copy = body.locator("button[data-act=copy-code]")
    expect(copy).to_be_visible()
    copy.focus()
    copy.press("Enter")
    expect(copy).to_have_text("Copied")
    page.input.focus()
    page.input.press("ControlOrMeta+V")
    expect(page.input).to_have_value("print('<b>')\n\tx")


def test_what_is_complete_stays_while_the_rest_is_written(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["First **par", "agraph**.\n\n", "| a | b |\n", "|---|---|\n", "| 1 | 2 |"]
    fake.fail(stall(3))
    body = page.ask("Write").locator(".chat-body")
    expect(body.locator("th")).to_have_text(["a", "b"])  # its rule is still missing
    body.locator("p").evaluate("paragraph => { paragraph.dataset.mark = 'same' }")
    fake.resume()
    expect(body.locator("td")).to_have_text(["1", "2"])
    page.idle()
    expect(body.locator("p")).to_have_attribute("data-mark", "same")
    expect(body.locator("strong")).to_have_text("paragraph")


@pytest.mark.parametrize("name", ["prompt-log", "prompt-python", "prompt-yaml"])
def test_a_prompt_is_shown_as_it_was_typed(page: ChatPage, fake: FakeOllama, name: str) -> None:
    fake.tokens = ["Yes."]
    page.input.fill(read(name))
    page.input.press("Enter")
    typed = page.messages.first.locator(".chat-prompt-text")
    expect(typed).to_have_css("white-space", re.compile("pre-wrap|preserve"))
    assert typed.text_content() == read(name)
    page.idle()
