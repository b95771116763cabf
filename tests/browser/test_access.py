"""Who cannot see, cannot use a mouse or speaks another language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.product import Served

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]

LANGUAGES = {
    "en-GB": ("What can I help with?", "Ask anything"),
    "de-DE": ("Womit kann ich helfen?", "Frag, was du willst"),
    "es-MX": ("¿En qué puedo ayudar?", "Pregunte lo que quiera"),
    "fr-CA": ("Que puis-je faire pour vous ?", "Posez votre question"),
    "zh-CN": ("有什么可以帮忙的？", "问点什么吧"),
}


RICH = """# A heading

Some **text**, `code`, a [link](https://example.org), a formula $E = mc^2$[^1].

## Another

| a | b |
|---|---|
| 1 | 2 |

```python
@a
class B:
    c = int("d", 16) if True else None  # LONG
```

- [x] done
- [ ] open

> A quote

$$\\int_0^1 x^2 dx = \\frac13 + LONG$$

[^1]: The note.
""".replace("LONG", "long " * 60)

DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


def find_faults(page: ChatPage) -> list[str]:
    """Return all that axe-core finds, once nothing fades in or out any more."""
    page.page.wait_for_function(
        "document.getAnimations().every(one => one.playState !== 'running')"
    )
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]}"
        for fault in Axe().run(page.page).response["violations"]
        for node in fault["nodes"]
    ]


def open_dialog(page: ChatPage, name: str) -> Locator:
    """Open a dialog of the sidebar, which a phone hides."""
    expand = page.page.get_by_test_id("stExpandSidebarButton")
    if expand.is_visible():
        expand.click()
    page.button(name).click()
    dialog = page.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


@pytest.mark.parametrize("device", list(DEVICES))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    visit: Visit, chat: Served, fake: FakeOllama, scheme: str, device: str
) -> None:
    fake.tokens = ["<think>A thought</think>", RICH]
    # axe evaluates texts, which the page's own policy forbids.
    page = visit(chat.url, color_scheme=scheme, bypass_csp=True, **DEVICES[device])
    expect(page.welcome).to_be_visible()
    assert find_faults(page) == []
    answer = page.ask("Hello")
    page.idle()
    expect(answer.locator(".hljs-keyword").first).to_be_visible()
    expect(answer.locator(".katex")).to_have_count(2)
    page.act(answer, "figures")
    assert find_faults(page) == []
    page.model_picker.click()
    expect(page.page.get_by_role("listbox")).to_be_visible()
    assert find_faults(page) == []
    page.page.keyboard.press("Escape")
    for name, content, way_out in (
        ("Settings", "System prompt", "Cancel"),
        ("Models", "Get a model", "Close"),
    ):
        dialog = open_dialog(page, name)
        expect(dialog.get_by_text(content).first).to_be_visible()
        assert find_faults(page) == []
        dialog.get_by_role("button", name=way_out, exact=True).click()
        expect(dialog).to_have_count(0)


def test_an_answer_is_announced_at_its_begin_and_its_end(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = words(20)
    fake.fail(stall(3))
    announcer = page.page.locator("#chat-announcer")
    expect(announcer).to_have_attribute("role", "status")
    announcer.evaluate(
        """element => { window.said = [];
        new MutationObserver(() => window.said.push(element.textContent))
          .observe(element, {childList: true, characterData: true, subtree: true}) }"""
    )
    expect(page.ask("Count")).to_contain_text("word2")
    expect(announcer).to_have_text("Answering…")
    fake.resume()
    expect(announcer).to_contain_text("The answer is finished. word0")
    expect(announcer).to_contain_text("word19")
    assert len(page.page.evaluate("window.said")) == 2


def test_the_focus_is_back_in_the_input_after_an_answer_had_again(
    page: ChatPage, fake: FakeOllama
) -> None:
    fake.set(tokens=["First"])
    page.ask("Hello")
    page.idle()
    fake.set(tokens=words(10), tokens_per_second=20)
    page.act(page.messages.last, "again")
    expect(page.messages.last).to_contain_text("word9")
    expect(page.input).to_be_focused()


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_the_page_speaks_the_language_of_the_browser(
    visit: Visit, chat: Served, locale: str
) -> None:
    title, placeholder = LANGUAGES[locale]
    page = visit(chat.url, locale=locale)
    expect(page.page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.input).to_have_attribute("placeholder", placeholder)
