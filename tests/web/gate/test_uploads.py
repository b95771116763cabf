"""Which uploads are taken: what the page has asked for, as long as there is room."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from chatbot.settings import Settings
from chatbot.web.gate import uploads
from chatbot.web.gate.uploads import HeldFiles, UploadGate
from tests.support.product import Served
from tests.support.stranger import Stranger

LARGEST = 1000


async def _keep(request: Request) -> Response:
    """Keep what comes, as Streamlit's route does, unless it is called "bad"."""
    body = await request.body()
    return Response(status_code=400 if body == b"bad" else 204)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldFiles:
    monkeypatch.setattr(uploads, "MIN_HELD_BYTES_PER_PEER", 1500)
    monkeypatch.setattr(uploads, "OVERHEAD_BYTES", 0)
    return HeldFiles(LARGEST)


def _client(held: HeldFiles, address: str) -> TestClient:
    gate = Middleware(UploadGate, held=held, largest=LARGEST)
    route = Route("/_stcore/upload_file/{session}/{file}", _keep, methods=["PUT", "DELETE"])
    return TestClient(Starlette(routes=[route], middleware=[gate]), client=(address, 50000))


@pytest.fixture
def ann(held: HeldFiles) -> TestClient:
    return _client(held, "192.0.2.1")


def _put(client: TestClient, session: str, file: str, size: int = 100) -> int:
    return client.put(f"/_stcore/upload_file/{session}/{file}", content=bytes(size)).status_code


def test_a_file_comes_to_the_address_that_the_page_got_once(
    held: HeldFiles, ann: TestClient
) -> None:
    held.hand_out("tab", ["a"])
    assert _put(ann, "tab", "a") == 204
    assert _put(ann, "tab", "a") == 404


def test_nothing_comes_to_an_address_that_is_made_up_or_of_another_tab(
    held: HeldFiles, ann: TestClient
) -> None:
    held.hand_out("tab", ["a"])
    held.hand_out("another", ["b"])
    assert _put(ann, "tab", "made-up") == 404
    assert _put(ann, "tab", "b") == 404
    assert _put(ann, "nobody", "a") == 404


def test_an_address_has_room_for_so_much_and_others_have_theirs(
    held: HeldFiles, ann: TestClient
) -> None:
    held.hand_out("tab", ["a", "b", "c"])
    assert (_put(ann, "tab", "a", 1000), _put(ann, "tab", "b", 1000)) == (204, 429)
    assert _put(_client(held, "192.0.2.2"), "tab", "c", 1000) == 204


def test_there_is_room_for_twice_as_much_in_all(held: HeldFiles) -> None:
    held.hand_out("tab", ["a", "b", "c"])
    for number, file in enumerate("ab"):
        assert _put(_client(held, f"192.0.2.{number}"), "tab", file, 1500) == 204
    assert _put(_client(held, "192.0.2.9"), "tab", "c", 100) == 507


def test_a_tab_holds_so_many_files(
    held: HeldFiles, ann: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_FILES_PER_SESSION", 2)
    held.hand_out("tab", ["a", "b", "c"])
    assert [_put(ann, "tab", file, 1) for file in "abc"] == [204, 204, 429]


def test_a_file_that_was_taken_out_makes_room(held: HeldFiles, ann: TestClient) -> None:
    held.hand_out("tab", ["a", "b"])
    assert _put(ann, "tab", "a", 1500) == 204
    held.release("tab", "a")
    assert _put(ann, "tab", "b", 1500) == 204


def test_a_tab_that_has_ended_makes_room(held: HeldFiles, ann: TestClient) -> None:
    held.hand_out("tab", ["a"])
    held.hand_out("next", ["b"])
    assert _put(ann, "tab", "a", 1500) == 204
    held.forget("tab")
    assert _put(ann, "next", "b", 1500) == 204


def test_an_upload_that_fails_takes_no_room(held: HeldFiles, ann: TestClient) -> None:
    held.hand_out("tab", ["a", "b"])
    assert ann.put("/_stcore/upload_file/tab/a", content=b"bad").status_code == 400
    assert _put(ann, "tab", "b", 1500) == 204


def test_a_body_that_does_not_say_its_size_takes_the_room_of_the_largest(
    held: HeldFiles, ann: TestClient
) -> None:
    held.hand_out("tab", ["a", "b"])
    assert ann.put("/_stcore/upload_file/tab/a", content=iter([b"x"])).status_code == 204
    assert _put(ann, "tab", "b", 600) == 429


def test_of_addresses_that_are_not_used_the_newest_stay(held: HeldFiles, ann: TestClient) -> None:
    held.hand_out("tab", [f"file-{number}" for number in range(200)])
    assert _put(ann, "tab", "file-0") == 404
    assert _put(ann, "tab", "file-199") == 204


def test_the_largest_upload_is_an_import_or_what_the_operator_allows() -> None:
    assert uploads.find_largest(Settings(max_file_mb=10)) >= 100_000_000
    assert uploads.find_largest(Settings(max_file_mb=200)) == 200 * 2**20


@pytest.mark.configured(max_file_mb=1)
def test_a_file_is_as_large_as_the_page_takes_it_and_an_import_larger(served: Served) -> None:
    with Stranger(served.url) as tab:
        urls = [each.upload_url for each in tab.ask_for_addresses(["a.txt", "b.json", "c.json"])]
        assert tab.put(urls[0], bytes(900_000)) == 204
        assert tab.put(urls[1], bytes(3_000_000)) in (413, 0)  # 0: cut off while it was sent
        tab.act_in_sidebar("data")
        assert tab.put(urls[1], bytes(3_000_000)) == 204
        tab.draw()
        assert tab.put(urls[2], bytes(3_000_000)) in (413, 0)
