"""The files behind the page's links: whole, safely named, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.chat.shares import EXPORT_READS, READS_PER_MINUTE, Asker
from chatbot.domain.attachment import THUMBNAIL_TYPE, Attachment
from chatbot.history.errors import HistoryUnavailable
from chatbot.identity import links, visitor_cookie
from chatbot.identity.users import User
from chatbot.services import Services
from chatbot.web import downloads
from tests.support.files import image
from tests.support.product import LoopThread, Served
from tests.support.shares import stop_clock
from tests.support.signing_proxy import HEADER, SigningProxy

UNREACHABLE = HistoryUnavailable("database_unreachable")
PICTURE = Attachment("one.png", "image/png", 68, image("PNG"))
NOTE = Attachment("<b>.html", "text/html", 8, b"<script>")
PROXIED = {"user_header": HEADER, "trusted_proxies": "127.0.0.2"}


@pytest.fixture
def ask_as(services: Services) -> Callable[[str | None], TestClient]:
    """A client of the routes with a visitor's cookie; None: without one."""

    def start(visitor: str | None) -> TestClient:
        signed = {visitor_cookie.COOKIE: services.users.sign_visitor_id(visitor)} if visitor else {}
        return TestClient(Starlette(routes=downloads.ROUTES), cookies=signed)

    return start


def store(services: Services, user_id: str, prompt: str = "About: cats/dogs") -> tuple[str, str]:
    """Stores a conversation with files; returns the ids of it and of its first message."""
    exchange = services.history.store_prompt(user_id, None, prompt, "m", files=[PICTURE, NOTE])
    services.history.finish_answer(exchange.answer.id, content="They purr", state="done")
    return exchange.conversation.id, exchange.prompt.id


AskAs = Callable[[str | None], TestClient]


def test_one_conversation_or_all_come_as_json_and_as_markdown(
    ask_as: AskAs, services: Services
) -> None:
    one, _ = store(services, "ann")
    store(services, "ann", "Second")
    ann = ask_as("ann")
    assert len(ann.get("/conversations/export.json").json()["conversations"]) == 2
    (alone,) = ann.get(f"/conversations/{one}/export.json").json()["conversations"]
    assert alone["title"] == "About: cats/dogs"
    assert "# Second" in ann.get("/conversations/export.md").text
    assert "They purr" in ann.get(f"/conversations/{one}/export.md").text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("About: cats/dogs", "About catsdogs.md"),
        ('a"\r\nSet-Cookie: x', "a Set-Cookie x.md"),
        ("../../etc/passwd", "etcpasswd.md"),
        ("什么是猫？", "什么是猫.md"),
        ("?!", "conversation.md"),
    ],
)
def test_an_export_is_saved_under_the_conversations_title(
    ask_as: AskAs, services: Services, title: str, name: str
) -> None:
    one, _ = store(services, "ann")
    services.history.rename_conversation("ann", one, title)
    reply = ask_as("ann").get(f"/conversations/{one}/export.md")
    kind, _, said = reply.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert (kind, unquote(said)) == ("attachment", name)


def test_an_image_comes_as_what_it_is_and_no_other_file_does(
    ask_as: AskAs, services: Services
) -> None:
    _, message = store(services, "ann")
    ann = ask_as("ann")
    reply = ann.get(f"/attachments/{message}-000")
    assert reply.content == PICTURE.data
    assert reply.headers["content-type"] == "image/png"
    assert "sandbox" in reply.headers["content-security-policy"]
    assert "private" in reply.headers["cache-control"]
    assert ann.get(f"/attachments/{message}-001").status_code == 404


def test_pages_draw_the_small_copy_of_an_image_or_itself_where_it_has_none(
    ask_as: AskAs, services: Services
) -> None:
    large = replace(PICTURE, thumbnail=b"small")
    exchange = services.history.store_prompt("ann", None, "See", "m", files=[large, PICTURE, NOTE])
    address = f"/attachments/{exchange.prompt.id}-{{}}/thumbnail"
    small, itself, note = (ask_as("ann").get(address.format(f"00{n}")) for n in range(3))
    assert (small.content, small.headers["content-type"]) == (b"small", THUMBNAIL_TYPE)
    assert "private" in small.headers["cache-control"]
    assert (itself.content, itself.headers["content-type"]) == (PICTURE.data, "image/png")
    assert note.status_code == 404


def test_nothing_of_somebody_else_can_be_had(ask_as: AskAs, services: Services) -> None:
    one, message = store(services, "ann")
    image = f"/attachments/{message}-000"
    for path in (f"/conversations/{one}/export.md", image, f"{image}/thumbnail"):
        assert ask_as("ann").get(path).status_code == 200
        for other in ("eve", None):
            refused = ask_as(other).get(path)
            assert refused.status_code == 404
            assert refused.text == "There is no such conversation. Choose one from the list."
            assert refused.headers["content-type"].startswith("text/plain")
    assert ask_as("eve").get("/conversations/export.json").json()["conversations"] == []


def test_nothing_is_had_by_a_cookie_that_somebody_made(services: Services) -> None:
    _, message = store(services, "ann")
    signed = services.users.sign_visitor_id("ann")
    for forged in ("ann", f"{signed}x", signed.replace("ann", "eve")):
        client = TestClient(
            Starlette(routes=downloads.ROUTES), cookies={visitor_cookie.COOKIE: forged}
        )
        assert client.get(f"/attachments/{message}-000").status_code == 404
        assert client.get(f"/attachments/{message}-000?visitor={forged}").status_code == 404


def test_a_deleted_conversation_gives_no_file_until_it_is_had_back(
    ask_as: AskAs, services: Services
) -> None:
    one, message = store(services, "ann")
    services.history.delete_conversation("ann", one)
    for path in (f"/conversations/{one}/export.json", f"/attachments/{message}-000"):
        assert ask_as("ann").get(path).status_code == 404


def test_the_links_of_a_browser_without_cookies_say_whose_they_are(
    ask_as: AskAs, services: Services
) -> None:
    one, message = store(services, "ann")
    without, with_cookie = User("ann", "b", lasting=False), User("ann", "b")
    credential = services.users.make_credential(without)
    assert services.users.make_credential(with_cookie) == ""
    export = links.make_export_link(one, "json", credential)
    for link in (export, links.make_attachment_link(f"{message}-000", credential)):
        assert ask_as(None).get(f"/{link}").status_code == 200
        assert ask_as(None).get(f"/{link.partition('?')[0]}").status_code == 404


def test_an_unknown_ending_gives_nothing(ask_as: AskAs, services: Services) -> None:
    one, _ = store(services, "ann")
    assert ask_as("ann").get(f"/conversations/{one}/export.html").status_code == 404


def test_a_history_that_cannot_be_read_is_told(
    ask_as: AskAs, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UNREACHABLE

    store(services, "ann")
    monkeypatch.setattr(type(services.history), "export_archives", fail)
    reply = ask_as("ann").get("/conversations/export.json")
    assert (reply.status_code, reply.text) == (503, UNREACHABLE.sentence)


def test_a_proxys_user_gets_what_the_page_shows_and_others_do_not(
    serve: Callable[..., Served], loop: LoopThread
) -> None:
    served = serve(**PROXIED)
    path = "/conversations/export.json"
    with SigningProxy(loop, served.port, "ann", address="127.0.0.2") as proxy:
        assert httpx.get(f"{proxy.url}{path}").json()["conversations"] == []
    as_link = {HEADER: "ann", "Accept": "text/html"}
    spoofed = httpx.get(f"{served.url}{path}", headers=as_link)
    assert spoofed.status_code == 401
    assert spoofed.text == "You are signed out. Sign in again to go on."


def test_who_loads_too_much_is_told_when_to_go_on(
    ask_as: AskAs, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clock(monkeypatch)
    store(services, "ann")
    store(services, "bob")
    for _ in range(READS_PER_MINUTE // EXPORT_READS):
        services.shares.take_reads(Asker("ann"), EXPORT_READS)
    reply = ask_as("ann").get("/conversations/export.json")
    assert (reply.status_code, reply.text[:22]) == (429, "One visitor may load 6")
    assert int(reply.headers["retry-after"]) > 0
    assert ask_as("bob").get("/conversations/export.json").status_code == 200
