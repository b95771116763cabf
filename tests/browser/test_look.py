"""How the page looks and feels: themes, a phone, the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import Served

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]

CODE = ["Some prose.\n\n", "```python\nprint('", "long " * 60, "')\n```\n\n", "|a|b|\n|-|-|\n|1|2|"]
BRIGHTNESS = """element => {
  const [r, g, b] = getComputedStyle(element).NAME.match(/\\d+/g).map(Number);
  return r + g + b;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_theme_of_the_system(
    visit: Visit, chat: Served, fake: FakeOllama, scheme: str
) -> None:
    fake.tokens = CODE
    page = visit(chat.url, color_scheme=scheme)
    answer = page.ask("Show me")
    expect(answer).to_have_attribute("data-state", "done")
    app = page.page.get_by_test_id("stApp")
    ground = app.evaluate(BRIGHTNESS.replace("NAME", "backgroundColor"))
    text = answer.locator("p").first.evaluate(BRIGHTNESS.replace("NAME", "color"))
    assert (ground > text) == (scheme == "light")
    assert abs(ground - text) > 400


def test_a_phone_shows_all_in_its_width(visit: Visit, chat: Served, fake: FakeOllama) -> None:
    fake.tokens = CODE
    page = visit(chat.url, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    tools = page.button("Settings")
    expect(tools).not_to_be_in_viewport()
    answer = page.ask("An unbreakable " + "x" * 200)
    expect(answer).to_have_attribute("data-state", "done")
    wide = "element => element.scrollWidth - element.clientWidth"
    for part in ("html", "[role=main], main", "[data-testid=stMainBlockContainer]"):
        assert page.page.locator(part).evaluate(wide) <= 0
    for message in page.messages.all():
        box = message.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    width = answer.evaluate("element => element.clientWidth")
    page.page.get_by_test_id("stExpandSidebarButton").tap()
    expect(tools).to_be_in_viewport()
    assert answer.evaluate("element => element.clientWidth") == width


def test_the_keyboard_alone_is_enough(page: ChatPage, fake: FakeOllama) -> None:
    fake.set(tokens=words(400), tokens_per_second=20)
    _tab_to(page, page.input)
    page.page.keyboard.type("First line")
    page.page.keyboard.press("Shift+Enter")
    page.page.keyboard.type("second line")
    page.page.keyboard.press("Enter")
    expect(page.messages.last).to_contain_text("word2")
    expect(page.messages.first).to_contain_text("First line\nsecond line", use_inner_text=True)
    _tab_to(page, page.stop_button)
    page.page.keyboard.press("Enter")
    expect(page.messages.last).to_contain_text("Stopped")
    fake.set(tokens=words(9), tokens_per_second=0)
    _tab_to(page, page.input)
    page.page.keyboard.type("Again")
    page.page.keyboard.press("Enter")
    expect(page.messages.last).to_contain_text("word8")
    expect(page.input).to_be_focused()
    _tab_to(page, page.button("New chat"))
    page.page.keyboard.press("Enter")
    expect(page.messages).to_have_count(0)


def test_a_new_answer_is_scrolled_into_view(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = words(900)
    for prompt in ("First", "Second", "Third"):
        answer = page.ask(prompt)
        page.idle()
        expect(answer.get_by_text("word899")).to_be_in_viewport()


def _tab_to(page: ChatPage, target: Locator) -> None:
    for _ in range(30):
        page.page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the Tab key does not reach {target}")
