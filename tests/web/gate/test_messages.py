"""What a browser may send over the page's WebSocket, and what closes it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.types import Scope
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from chatbot.web.gate import messages
from chatbot.web.gate.messages import Allowance, MessageGate


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.send_bytes(await socket.receive_bytes())


def _name_visitor(scope: Scope) -> str:
    return HTTPConnection(scope).cookies.get("visitor", "")


@pytest.fixture
def kinds() -> dict[str, int]:
    """What may come now, which a test changes."""
    return {**messages.ALLOWED}


@pytest.fixture
def client(kinds: dict[str, int]) -> TestClient:
    gate = Middleware(MessageGate, name_visitor=_name_visitor, open_tab=lambda _: lambda: kinds)
    return TestClient(Starlette(routes=[WebSocketRoute("/", _echo)], middleware=[gate]))


@pytest.fixture
def tab(client: TestClient) -> Iterator[WebSocketTestSession]:
    with client.websocket_connect("/") as socket:
        yield socket


def _rerun(widgets: int) -> BackMsg:
    message = BackMsg()
    message.rerun_script.query_string = "conversation=7"
    for number in range(widgets):
        message.rerun_script.widget_states.widgets.add(id=f"widget-{number}", bool_value=True)
    return message


def _ask_for_files(count: int) -> BackMsg:
    message = BackMsg()
    message.file_urls_request.file_names.extend(["a.txt"] * count)
    return message


@pytest.mark.parametrize(
    "message",
    [_rerun(0), _rerun(100), BackMsg(stop_script=True), _ask_for_files(20)],
    ids=["first run", "many widgets", "stop", "files"],
)
def test_what_the_page_sends_comes_through(tab: WebSocketTestSession, message: BackMsg) -> None:
    tab.send_bytes(message.SerializeToString())
    assert tab.receive_bytes() == message.SerializeToString()


@pytest.mark.parametrize(
    "data",
    [
        BackMsg(load_git_info=True).SerializeToString(),
        BackMsg(clear_cache=True).SerializeToString(),
        BackMsg(set_run_on_save=True).SerializeToString(),
        BackMsg(app_heartbeat=True).SerializeToString(),
        BackMsg(debug_shutdown_runtime=True).SerializeToString(),
        BackMsg(debug_disconnect_websocket=True).SerializeToString(),
        _ask_for_files(1000).SerializeToString(),
        _rerun(5000).SerializeToString(),
        b"",
        b"no message",
    ],
)
def test_what_the_page_never_sends_closes_its_socket(
    tab: WebSocketTestSession, data: bytes
) -> None:
    tab.send_bytes(data)
    with pytest.raises(WebSocketDisconnect) as closed:
        tab.receive_bytes()
    assert closed.value.code == 1008


def test_what_may_come_is_looked_at_with_each_message(
    tab: WebSocketTestSession, kinds: dict[str, int]
) -> None:
    rerun = _rerun(5).SerializeToString()
    tab.send_bytes(rerun)
    assert tab.receive_bytes() == rerun
    kinds["rerun_script"] = 4
    tab.send_bytes(rerun)
    with pytest.raises(WebSocketDisconnect) as closed:
        tab.receive_bytes()
    assert closed.value.code == 1008


def test_text_closes_it_too(tab: WebSocketTestSession) -> None:
    tab.send_text("hello")
    with pytest.raises(WebSocketDisconnect) as closed:
        tab.receive_bytes()
    assert closed.value.code == 1008


def test_a_visitor_has_so_many_tabs_and_the_next_one_nothing_less(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MAX_SOCKETS_PER_VISITOR", 2)
    of_ann, of_bob = {"cookie": "visitor=ann"}, {"cookie": "visitor=bob"}
    with (
        client.websocket_connect("/", headers=of_ann),
        client.websocket_connect("/", headers=of_ann),
    ):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/", headers=of_ann):
            pass
        with client.websocket_connect("/", headers=of_bob):
            pass
    with client.websocket_connect("/", headers=of_ann):
        pass


def test_who_sends_no_cookie_shares_with_those_of_the_same_address(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MAX_SOCKETS_PER_VISITOR", 1)
    monkeypatch.setattr(messages, "PEOPLE_WITHOUT_COOKIES", 2)
    with (
        client.websocket_connect("/"),
        client.websocket_connect("/"),
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/"),
    ):
        pass


def test_a_visitor_sends_so_much_from_all_tabs(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MESSAGES_AT_ONCE", 3)
    monkeypatch.setattr(messages, "MESSAGES_PER_S", 0)
    rerun, of_ann = _rerun(1).SerializeToString(), {"cookie": "visitor=ann"}
    for _ in range(3):
        with client.websocket_connect("/", headers=of_ann) as tab:
            tab.send_bytes(rerun)
            assert tab.receive_bytes() == rerun
    with client.websocket_connect("/", headers=of_ann) as tab:
        tab.send_bytes(rerun)
        with pytest.raises(WebSocketDisconnect):
            tab.receive_bytes()
    with client.websocket_connect("/", headers={"cookie": "visitor=bob"}) as tab:
        tab.send_bytes(rerun)
        assert tab.receive_bytes() == rerun


def test_an_allowance_grows_again_with_time() -> None:
    allowance = Allowance(at_once=10, per_s=2, since_s=100)
    assert allowance.take(10, 100)
    assert not allowance.take(1, 100)
    assert allowance.take(3, 102)
    assert allowance.take(10, 1000)
    assert not allowance.take(11, 2000)


def test_a_prompt_as_long_as_allowed_fits_into_a_frame() -> None:
    assert messages.find_frame_limit(64_000) == messages.MAX_FRAME_BYTES
    assert messages.find_frame_limit(1_000_000) > 4_000_000
