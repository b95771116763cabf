"""Who cannot see, cannot use a mouse or speaks another language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama
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


def serious(page: ChatPage) -> list[str]:
    """What axe-core finds that keeps people out, once nothing fades in or out any more."""
    page.page.wait_for_function(
        "document.getAnimations().every(one => one.playState !== 'running')"
    )
    found = Axe().run(page.page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    visit: Visit, chat: Served, fake: FakeOllama, scheme: str
) -> None:
    code = '@a\nclass B:\n    c = int("d", 16) if True else None  # e\n'
    fake.tokens = [f"Some **text**, `code` and\n\n```python\n{code}```\n"]
    page = visit(chat.url, color_scheme=scheme)
    assert serious(page) == []
    highlighted = page.ask("Hello").locator(".token.keyword")
    page.idle()
    expect(highlighted.first).to_be_visible()
    assert serious(page) == []
    page.button("Settings").click()
    expect(page.page.get_by_label("System prompt")).to_be_visible()
    assert serious(page) == []


def test_a_finished_answer_is_announced_once(page: ChatPage, fake: FakeOllama) -> None:
    fake.set(tokens=words(20), tokens_per_second=40)
    announcer = page.page.locator("#chat-announcer")
    announcer.evaluate(
        """element => { window.said = [];
        new MutationObserver(() => window.said.push(element.textContent))
          .observe(element, {childList: true, characterData: true, subtree: true}) }"""
    )
    page.ask("Count")
    expect(announcer).to_contain_text("The answer is finished. word0")
    expect(announcer).to_contain_text("word19")
    assert len(page.page.evaluate("window.said")) == 1
    expect(announcer).to_have_attribute("role", "status")


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
