"""The parts of Streamlit's page that our style and scripts count on are where they look for them.

When one of these fails after an upgrade, look at the page in a browser for what took the part's
place, and change the selector in the file below chatbot/page that has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.chat_page import ChatPage
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.product import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.contract]

ALWAYS = [
    ".stApp[data-test-script-state=notRunning]",
    ".stApp .stMain",
    "[data-testid=stChatInput] textarea[data-testid=stChatInputTextArea]",
    "[data-testid=stChatInput] [data-testid=stChatInputSubmitButton]",
    "[data-testid=stChatInput] input[type=file]",
]
AFTER_AN_ANSWER = [
    ".stApp .stChatMessage .stMarkdown p",
    ".stApp .stChatMessage .stCode .token.keyword",
    ".stApp .stChatMessage .stCode .token.string",
    ".stChatMessage [data-testid=stCaptionContainer]",
    ".stChatMessage .stExpander",
    ".stChatMessage button",
    ".stApp .st-key-stopping .st-key-stop button p",
    ".st-key-conversations button > div",
    ".st-key-shown-row > :first-child",
    "[class*=st-key-menu-] p",
]
IN_A_SEARCH = [".st-key-conversations [data-testid=stMarkdown]"]
WHILE_UPLOADING = [
    "[data-testid=stChatInput] [data-testid=stFileChip]",
    "[data-testid=stFileChip] [data-testid=stFileChipIconSpinner]",
]
AFTER_A_FAILED_UPLOAD = [
    "[data-testid=stFileChip][aria-invalid=true] [data-testid=stFileChipName][title='one.txt']",
]
OPENED: list[tuple[str, Callable[[ChatPage], None]]] = [
    ("[role=dialog]", lambda page: page.button("Help").click()),
    ("[role=listbox]", lambda page: page.sidebar.get_by_role("combobox").click()),
    ("[role=menu]", lambda page: page.messages.last.locator(".stMenuButton button").click()),
    ("[data-testid=stPopoverBody]", lambda page: page.sidebar.locator(".stPopover").first.click()),
]
SELECTORS = [
    *ALWAYS,
    *AFTER_AN_ANSWER,
    *IN_A_SEARCH,
    *WHILE_UPLOADING,
    *AFTER_A_FAILED_UPLOAD,
    *(selector for selector, _ in OPENED),
]

_HOOK = re.compile(r"(?<=[.\"'=])st[A-Z]\w+|role=\"\w+\"|data-test-script-state|aria-invalid")


def _expect_each(page: Page, selectors: list[str]) -> None:
    for selector in selectors:
        message = f"nothing on Streamlit's page is {selector}: find what took its place"
        expect(page.locator(selector).first, message).to_be_attached()


def test_each_part_that_the_style_and_the_scripts_name_is_looked_for_here() -> None:
    folder = ROOT / "chatbot/page"
    files = [file for kind in ("css", "js", "py") for file in folder.rglob(f"*.{kind}")]
    hooks = {hook for file in files for hook in _HOOK.findall(file.read_text(encoding="utf-8"))}
    assert {"stChatMessage", "stFileChip", "data-test-script-state"} <= hooks
    looked_for = " ".join(SELECTORS)
    assert sorted(hook for hook in hooks if hook.replace('"', "") not in looked_for) == []


def test_the_page_has_its_input_and_its_state(page: ChatPage) -> None:
    _expect_each(page.page, ALWAYS)


def test_an_answer_and_its_conversation_have_their_parts(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["<think>Well.</think>", "Text\n\n", "```python\nfor a in 'b':\n", "```\n"]
    page.ask("Hello")
    page.idle()
    _expect_each(page.page, AFTER_AN_ANSWER)


def test_a_conversation_that_is_found_shows_what_matched(page: ChatPage) -> None:
    page.ask("Do cats purr?")
    page.idle()
    box = page.sidebar.get_by_role("searchbox")
    box.fill("purr")
    box.press("Enter")
    _expect_each(page.page, IN_A_SEARCH)


def test_a_running_script_shows_the_stop_button(page: ChatPage, fake: FakeOllama) -> None:
    fake.fail(stall(1))
    page.ask("Hello")
    _expect_each(page.page, [".stApp[data-test-script-state=running] .st-key-stop button"])
    expect(page.stop_button).to_be_visible()
    fake.resume()
    page.idle()
    expect(page.stop_button).to_be_hidden()


def test_a_file_under_way_and_a_file_that_failed_have_their_chips(page: ChatPage) -> None:
    held = list[Route]()
    page.page.route("**/upload_file/**", lambda route: held.append(route))
    with page.page.expect_request("**/upload_file/**"):
        page.page.locator("[data-testid=stChatInput] input[type=file]").set_input_files(
            {"name": "one.txt", "mimeType": "text/plain", "buffer": b"One"}
        )
    _expect_each(page.page, WHILE_UPLOADING)
    held[0].abort()
    _expect_each(page.page, AFTER_A_FAILED_UPLOAD)
    page.complaints.clear()  # of the upload that failed


@pytest.mark.parametrize(("selector", "open_it"), OPENED, ids=[name for name, _ in OPENED])
def test_what_is_opened_and_closed_by_esc_has_its_role(
    page: ChatPage, fake: FakeOllama, selector: str, open_it: Callable[[ChatPage], None]
) -> None:
    fake.tokens = ["Text"]
    page.ask("Hello")
    page.idle()
    open_it(page)
    _expect_each(page.page, [selector])
