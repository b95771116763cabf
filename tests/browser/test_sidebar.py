"""The sidebar's own keys, fields and menus in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.product import Served

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def test_a_theme_that_was_chosen_stays(visit: Visit, chat: Served) -> None:
    page = visit(chat.url, color_scheme="dark")
    ground = page.page.locator(".stApp")
    expect(ground).to_have_css("color-scheme", "dark")
    for name, scheme in (("Light", "light"), ("Dark", "dark"), ("Light", "light")):
        page.button("Theme").click()
        page.page.get_by_role("menuitemradio", name=name).click()
        expect(ground).to_have_css("color-scheme", scheme)
    page.button("Theme").click()
    chosen = page.page.get_by_role("menuitemradio", checked=True)
    expect(chosen).to_have_text("Light")
    page.page.get_by_role("menuitemradio", name="As the system").click()
    expect(ground).to_have_css("color-scheme", "dark")


def test_a_conversation_is_renamed_in_its_row(page: ChatPage) -> None:
    page.ask("About cats")
    page.idle()
    field = page.sidebar.get_by_role("textbox", name="Title")
    page.conversation("About cats").dblclick()
    field.fill("Never mind")
    field.press("Escape")
    expect(field).to_have_count(0)
    expect(page.conversation("About cats")).to_be_visible()
    page.conversation("About cats").dblclick()
    field.fill("  About   dogs ")
    page.input.click()  # looking elsewhere keeps what was typed
    expect(page.conversation("About dogs")).to_be_visible()
    expect(page.page).to_have_title("About dogs")


def test_ctrl_k_leads_to_the_search_and_esc_ends_it(page: ChatPage) -> None:
    page.ask("About cats")
    page.idle()
    page.page.keyboard.press("Control+k")
    page.page.keyboard.type("nowhere")
    expect(page.sidebar).to_contain_text("No conversation has these words.")
    page.page.keyboard.press("Escape")
    expect(page.conversation("About cats")).to_be_visible()
    expect(page.page.get_by_label("Search conversations")).to_have_value("")


def test_the_sidebar_makes_way_on_a_phone_once_something_was_chosen(
    visit: Visit, chat: Served
) -> None:
    page = visit(chat.url, **PHONE)
    page.ask("About cats")
    page.idle()
    search = page.sidebar.get_by_label("Search conversations")
    expect(search).not_to_be_in_viewport()
    expand = page.page.get_by_test_id("stExpandSidebarButton")
    expand.click()
    expect(search).to_be_in_viewport()
    page.sidebar.get_by_role("button", name="New chat").click()
    expect(search).not_to_be_in_viewport()
    expect(page.welcome).to_be_visible()
    expand.click()
    page.conversation("About cats").click()
    expect(search).not_to_be_in_viewport()
    expect(page.messages).to_have_count(2)


def test_a_browser_whose_cookie_is_foreign_can_start_anew_and_keeps_what_it_has_begun(
    page: ChatPage,
) -> None:
    (cookie,) = (one for one in page.page.context.cookies() if one["name"] == "chat_visitor")
    forged = {**cookie, "value": f"x{cookie['value']}"}
    page.page.context.add_cookies([forged])  # type: ignore[list-item]
    page.reload()
    note = page.sidebar.get_by_text("does not know your browser's cookie")
    expect(note).to_be_visible()
    page.ask("Begun without a cookie")
    page.idle()
    page.sidebar.get_by_role("button", name="Start anew").click()
    expect(note).to_have_count(0)
    expect(page.conversation("Begun without a cookie")).to_be_visible()
    page.reload()
    expect(page.conversation("Begun without a cookie")).to_be_visible()
