"""Signing in at a real OpenID Connect provider, in a real browser."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.chat_page import ChatPage, words
from tests.support.chromium import PATIENCE_MS
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.oidc_provider import Provider
from tests.support.product import LoopThread, Served, free_port
from tests.support.signing_proxy import HEADER, SigningProxy

pytestmark = pytest.mark.browser

PEOPLE = (
    {"sub": "ann", "name": "Ann Example", "email": "ann@example.org"},
    {"sub": "bob", "email": "bob@example.org"},
    {"sub": "carl", "name": "Carl", "groups": secrets.token_hex(5000)},
)
STYLE = "https://cdn.jsdelivr.net/"  # the provider's page asks it for how it looks
Open = Callable[..., ChatPage]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider that knows Ann, Bob and Carl."""
    with Provider(tmp_path_factory.mktemp("provider"), *PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def chat(
    shared_fake: FakeOllama, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A chat where people sign in at the provider."""
    port, folder = free_port(), tmp_path_factory.mktemp("people") / "data"
    with Served(shared_fake.url, folder, port=port, **provider.settings(port)) as served:
        yield served


@pytest.fixture
def device(chromium: Browser, chat: Served, provider: Provider) -> Iterator[Open]:
    """Opens the chat on another device; with `like=tab`, in one more tab of the same device."""
    tabs: list[ChatPage] = []

    def start(like: ChatPage | None = None, path: str = "/") -> ChatPage:
        context = chromium.new_context() if like is None else like.page.context
        context.set_default_timeout(PATIENCE_MS)
        context.route(f"{STYLE}**", lambda route: route.fulfill(content_type="text/css"))
        tabs.append(tab := ChatPage(context.new_page(), chat.url))
        tab.page.goto(chat.url + path)
        return tab

    yield start
    for tab in tabs:
        tab.page.context.close()
    seen = [one for tab in tabs for one in tab.complaints]
    assert [one for one in seen if provider.issuer not in one and STYLE not in one] == []


def sign_in(tab: ChatPage, who: str) -> None:
    """Signs in at the provider and comes back."""
    tab.button("Sign in").click()
    tab.button(who).click()
    expect(tab.input).to_be_enabled()


def sign_out(tab: ChatPage) -> None:
    """Signs out of the chat and of the provider, and comes back."""
    leave(tab)
    tab.button("End session").click()
    expect(tab.button("Sign in")).to_be_visible()


def leave(tab: ChatPage) -> None:
    """Choose to sign out."""
    tab.sidebar.locator(".chat-tool[data-act=account]").click()
    tab.page.get_by_role("menuitem", name="Sign out").click()


def asked(tab: ChatPage, prompt: str) -> str:
    """Has a prompt answered; returns the path of its conversation."""
    tab.ask(prompt)
    tab.idle()
    expect(tab.conversation(prompt)).to_be_visible()
    return tab.page.url.removeprefix(tab.url)


def test_a_person_finds_his_history_on_another_device_and_nobody_else_does(device: Open) -> None:
    laptop = device()
    expect(laptop.button("Sign in")).to_be_visible()
    expect(laptop.input).to_have_count(0)
    sign_in(laptop, "ann")
    expect(laptop.sidebar.get_by_role("button", name="Ann Example")).to_be_visible()
    path = asked(laptop, "A secret of Ann")

    phone = device()
    sign_in(phone, "ann")
    phone.conversation("A secret of Ann").click()
    expect(phone.messages).to_have_count(2)

    other = device()
    sign_in(other, "bob")
    expect(other.sidebar.get_by_role("button", name="bob@example.org")).to_be_visible()
    expect(other.conversation("A secret of Ann")).to_have_count(0)
    other.open(path)
    expect(other.alerts).to_have_text("There is no such conversation. Choose one from the list.")
    expect(other.messages).to_have_count(0)


def test_exports_are_for_who_has_signed_in(device: Open) -> None:
    tab = device()
    sign_in(tab, "ann")
    asked(tab, "A file of Ann")
    tab.button("Import, export, delete all").click()
    link = tab.page.get_by_role("link", name="as Markdown")
    with tab.page.expect_download() as waiting:
        link.click()
    assert "A file of Ann" in Path(waiting.value.path()).read_text()
    address = f"{tab.url}/{link.get_attribute('href')}"
    tab.page.keyboard.press("Escape")
    sign_out(tab)
    assert tab.page.request.get(address).status == 401
    sign_in(tab, "bob")
    assert "A file of Ann" not in tab.page.request.get(address).text()


def test_a_sign_out_leaves_nothing_in_this_tab_nor_in_the_next(device: Open) -> None:
    tab = device()
    sign_in(tab, "ann")
    path = asked(tab, "Before the sign-out")
    second = device(like=tab, path=path)
    expect(second.messages).to_have_count(2)
    sign_out(tab)
    expect(tab.page.get_by_text("Before the sign-out")).to_have_count(0)
    second.input.fill("After the sign-out")
    second.input.press("Enter")
    for one in (second, device(like=tab, path=path)):
        expect(one.button("Sign in")).to_be_visible()
        expect(one.messages).to_have_count(0)
        expect(one.page.get_by_text("Before the sign-out")).to_have_count(0)
    sign_in(second, "bob")
    expect(second.conversation("Before the sign-out")).to_have_count(0)


def test_a_copy_of_a_logins_cookies_is_worthless_after_the_sign_out(
    device: Open, chat: Served
) -> None:
    tab = device()
    sign_in(tab, "ann")
    cookies = tab.page.context.cookies(chat.url)
    thief = device()
    thief.page.context.add_cookies(cookies)  # type: ignore[arg-type]
    thief.page.reload()
    expect(thief.input).to_be_enabled()
    sign_out(tab)
    thief.page.reload()
    expect(thief.button("Sign in")).to_be_visible()
    export = thief.page.request.get(f"{chat.url}/conversations/export.json")
    assert export.status == 401


def test_a_sign_out_ends_the_answer_at_once(device: Open, fake: FakeOllama) -> None:
    tab = device()
    sign_in(tab, "ann")
    fake.set(tokens=words(9))
    fake.fail(stall(3))
    expect(tab.ask("Wanted no more")).to_contain_text("word2")
    leave(tab)
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)


def test_who_is_refused_by_the_provider_can_try_again(device: Open) -> None:
    tab = device()
    tab.button("Sign in").click()
    tab.button("Deny").click()
    expect(tab.page).to_have_url(f"{tab.url}/")
    sign_in(tab, "bob")


def test_a_login_survives_a_reload_and_another_process_with_the_same_secret(
    device: Open, chat: Served
) -> None:
    tab = device()
    sign_in(tab, "ann")
    tab.may_lose_connection()
    chat.terminate()
    chat.__enter__()
    tab.reload()
    expect(tab.sidebar.get_by_role("button", name="Ann Example")).to_be_visible()


def test_a_provider_that_does_not_answer_is_told(
    chromium: Browser, serve: Callable[..., Served], provider: Provider
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    served = serve(**provider.settings(free_port()) | {"oidc_issuer": nowhere})
    tab = ChatPage(chromium.new_page(), served.url)
    tab.page.goto(served.url)
    tab.button("Sign in").click()
    expect(tab.alerts).to_have_text("The sign-in service does not answer. Try again in a while.")
    expect(tab.button("Sign in")).to_be_enabled()
    tab.page.close()


def test_a_person_of_whom_the_provider_tells_much_can_chat_too(device: Open) -> None:
    tab = device()
    sign_in(tab, "carl")
    asked(tab, "Hello from Carl")


def test_a_cookie_that_somebody_made_is_nobodys(device: Open, chat: Served) -> None:
    tab = device()
    sign_in(tab, "ann")
    (cookie,) = (one for one in tab.page.context.cookies() if one["name"] == "_streamlit_user")
    forged = {**cookie, "value": f"x{cookie['value']}"}
    tab.page.context.add_cookies([forged])  # type: ignore[list-item]
    tab.page.reload()
    expect(tab.button("Sign in")).to_be_visible()
    expect(tab.input).to_have_count(0)


def test_programs_stay_out(chat: Served) -> None:
    response = httpx.post(f"{chat.url}/generate_text", json={"prompt": "Hello"})
    assert response.status_code == 401


def test_the_providers_secret_is_in_no_file(chat: Served, tmp_path: Path) -> None:
    kept = [file for file in chat.data_dir.rglob("*") if file.is_file()]
    assert kept
    assert not any(b"of-the-chat" in file.read_bytes() for file in kept)
    assert "of-the-chat" not in chat.log


def test_a_proxys_user_is_sent_to_where_the_proxy_signs_out(
    visit: Callable[..., ChatPage], serve: Callable[..., Served], loop: LoopThread
) -> None:
    proxied = {"user_header": HEADER, "trusted_proxies": "127.0.0.2", "sign_out_url": "/bye"}
    with SigningProxy(loop, serve(**proxied).port, "ann", address="127.0.0.2") as proxy:
        tab = visit(proxy.url)
        asked(tab, "Before the sign-out")
        second = visit(proxy.url, like=tab)
        tab.page.route("**/bye", lambda route: route.fulfill(body="Signed out by the proxy"))
        leave(tab)
        expect(tab.page.get_by_text("Signed out by the proxy")).to_be_visible()
        second.conversation("Before the sign-out").click()
        expect(second.alerts).to_contain_text("You are signed out.")
        expect(second.page.get_by_text("Before the sign-out")).to_have_count(0)
        for one in (tab, second):
            one.page.close()
