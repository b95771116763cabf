"""The parts of Streamlit's page that our style and scripts count on are where they look for them.

When one of these fails after an upgrade, look at the page in a browser for what took the part's
place, and change the selector in the file below frontend/src that has it.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.chat_page import ChatPage
from tests.support.product import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.contract]

ALWAYS = [
    ".stApp[data-test-script-state=notRunning] .stAppViewContainer > [data-testid=stSidebar]",
    ".stApp[data-test-connection-state=CONNECTED]",
    ".stApp .stAppHeader",
    ".stApp .stMain [data-testid=stMainBlockContainer]",
    "[data-testid=stChatInput] textarea[data-testid=stChatInputTextArea]",
    "[data-testid=stChatInput] [data-testid=stChatInputSubmitButton]",
    "[data-testid=stChatInput] input[type=file]",
    "[data-testid=stBottom] [data-testid=stBottomBlockContainer]",
    "[data-testid=stSidebar] [data-testid=stSidebarContent] [data-testid=stSidebarHeader]",
    "[data-testid=stSidebarHeader] [data-testid=stSidebarCollapseButton] button",
    "[data-testid=stSidebarCollapseButton] [data-testid=stIconMaterial]",
    "[data-testid=stSidebarUserContent] .stVerticalBlock",
]
WHILE_UPLOADING = [
    "[data-testid=stChatInput] [data-testid=stFileChip]",
    "[data-testid=stFileChip] [data-testid=stFileChipIconSpinner]",
]
AFTER_A_FAILED_UPLOAD = [
    "[data-testid=stFileChip][aria-invalid=true] [data-testid=stFileChipName][title='one.txt']",
]
IN_A_DIALOG = [
    "[role=dialog] [data-testid=stMarkdownContainer]",
    "[role=dialog] [data-testid=stCaptionContainer]",
]
AFTER_A_REFUSAL = ["[data-testid=stAlert] [data-testid=stAlertContainer]"]
WITH_A_PLACE_FOR_FILES = ["[role=dialog] [data-testid=stFileUploaderDropzone]"]
# Of our own lists, menus and buttons, and of a popover, of which the page has none now.
UNSEEN = ["[role=listbox]", "[role=menu]", "[role=button]", "[data-testid=stPopoverBody]"]
SELECTORS = [
    *ALWAYS,
    *WHILE_UPLOADING,
    *AFTER_A_FAILED_UPLOAD,
    *IN_A_DIALOG,
    *AFTER_A_REFUSAL,
    *WITH_A_PLACE_FOR_FILES,
    *UNSEEN,
]

_HOOK = re.compile(
    r"(?<=[.\"'=])st[A-Z]\w+|\[role=\"\w+\"\]|data-test-(?:script|connection)-state|aria-invalid"
)


def _expect_each(page: Page, selectors: list[str]) -> None:
    for selector in selectors:
        message = f"nothing on Streamlit's page is {selector}: find what took its place"
        expect(page.locator(selector).first, message).to_be_attached()


def test_each_part_that_the_style_and_the_scripts_name_is_looked_for_here() -> None:
    folder = ROOT / "frontend/src"
    files = [file for kind in ("css", "ts", "tsx") for file in folder.rglob(f"*.{kind}")]
    hooks = {hook for file in files for hook in _HOOK.findall(file.read_text(encoding="utf-8"))}
    assert {"stChatInput", "stFileChip", "data-test-script-state"} <= hooks
    looked_for = " ".join(SELECTORS)
    assert sorted(hook for hook in hooks if hook.replace('"', "") not in looked_for) == []


def test_the_page_has_its_input_and_its_state(page: ChatPage) -> None:
    _expect_each(page.page, ALWAYS)


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


def test_a_dialog_has_its_role_and_its_texts(page: ChatPage) -> None:
    page.page.locator("[data-act=models]").click()
    _expect_each(page.page, IN_A_DIALOG)


def test_the_dialog_that_imports_has_a_place_for_files(page: ChatPage) -> None:
    page.page.locator("[data-act=data]").click()
    _expect_each(page.page, WITH_A_PLACE_FOR_FILES)


def test_a_prompt_that_is_refused_has_its_alert(page: ChatPage) -> None:
    page.input.fill("x" * 70_000)
    page.input.press("Enter")
    _expect_each(page.page, AFTER_A_REFUSAL)
