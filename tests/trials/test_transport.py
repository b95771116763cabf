"""Connections, heads, bodies and messages that no browser would send cost nobody anything."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from locustfiles.streamlit_client.session import SIDEBAR_KEY
from tests.support.product import Served
from tests.support.stranger import Stranger, dial, shake_hands
from tests.support.watch import Watch

pytestmark = pytest.mark.trials

Attack = Callable[[Stranger], object]
Withstand = Callable[[Attack], None]

_MIB = 2**20


def ask_for_very_many_addresses(tab: Stranger) -> None:
    tab.ask_for_addresses([""] * 300_000)


def ask_for_an_address_of_a_long_name(tab: Stranger) -> None:
    for _ in range(20):
        tab.ask_for_addresses(["a" * 500_000])


def send_frames_that_inflate(tab: Stranger) -> None:
    for _ in range(15):
        tab.send(bytes(16 * _MIB - 1))
    tab.is_closed_within(4)


def send_very_many_states(tab: Stranger) -> None:
    message = BackMsg()
    message.rerun_script.widget_states.widgets.extend([WidgetState(id="a", int_value=1)] * 100_000)
    _send_to_the_end(tab, message)


def send_very_many_hashes(tab: Stranger) -> None:
    message = BackMsg()
    message.rerun_script.cached_message_hashes.extend(["a"] * 300_000)
    _send_to_the_end(tab, message)


def send_a_long_query(tab: Stranger) -> None:
    message = BackMsg()
    message.rerun_script.query_string = "a=b&" * 250_000
    _send_to_the_end(tab, message)


def send_json_within_json(tab: Stranger) -> None:
    with tab.session.changed:
        component = tab.session.find_component(SIDEBAR_KEY)
    assert component and component.element
    trigger = f"$$STREAMLIT_INTERNAL_KEY_{component.element.bidi_component.id}__events"
    message = BackMsg()
    message.rerun_script.widget_states.widgets.add(id=trigger, json_trigger_value="[" * 900_000)
    _send_to_the_end(tab, message)


def send_very_many_messages(tab: Stranger) -> None:
    message = BackMsg()
    message.rerun_script.widget_states.SetInParent()
    for _ in range(3000):
        tab.send(message)
    tab.is_closed_within(2)


def send_heartbeats(tab: Stranger) -> None:
    for _ in range(20_000):
        tab.send(BackMsg(app_heartbeat=True))
    tab.is_closed_within(2)


def _send_to_the_end(tab: Stranger, message: BackMsg) -> None:
    for _ in range(3):
        tab.send(message)
    tab.is_closed_within(3)


def open_very_many_sockets(tab: Stranger) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            with contextlib.suppress(OSError, WebSocketException):
                stack.enter_context(_socket(tab))


def send_very_many_pings(tab: Stranger) -> None:
    with contextlib.suppress(OSError, WebSocketException), _socket(tab) as opened:
        for _ in range(5000):
            opened.ping()


def send_very_many_fragments(tab: Stranger) -> None:
    def fragments() -> Iterator[bytes]:
        for _ in range(20_000):
            yield b"a"

    with contextlib.suppress(OSError, WebSocketException), _socket(tab) as opened:
        opened.send(fragments())


def send_a_head_without_an_end(tab: Stranger) -> None:
    taken = 0
    with dial(tab.base_url) as made, contextlib.suppress(OSError):
        made.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        while taken < 24 * _MIB:
            made.sendall(b"a" * 65_536)
            taken += 65_536
    assert taken < 8 * _MIB  # some of it lies in the sockets' buffers


def send_very_many_header_lines(tab: Stranger) -> None:
    with dial(tab.base_url) as made, contextlib.suppress(OSError):
        made.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 500_000)
        made.recv(1)


def send_a_chunk_without_an_end(tab: Stranger) -> None:
    head = b"POST /generate_text HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with dial(tab.base_url) as made, contextlib.suppress(OSError):
        made.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n1;")
        for _ in range(400):
            made.sendall(b"a" * 65_536)


def send_very_many_small_chunks(tab: Stranger) -> None:
    head = b"POST /generate_text HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with dial(tab.base_url) as made, contextlib.suppress(OSError):
        made.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1_000_000)


def send_very_many_requests_at_once(tab: Stranger) -> None:
    with dial(tab.base_url) as made, contextlib.suppress(OSError):
        made.settimeout(3)
        made.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5000)


def take_nothing_of_what_comes(tab: Stranger) -> None:
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        for _ in range(100):
            made = stack.enter_context(dial(tab.base_url))
            made.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
        time.sleep(2)


@pytest.mark.parametrize(
    "attack",
    [
        ask_for_very_many_addresses,
        ask_for_an_address_of_a_long_name,
        send_frames_that_inflate,
        send_very_many_states,
        send_very_many_hashes,
        send_a_long_query,
        send_json_within_json,
        send_very_many_messages,
        send_heartbeats,
        open_very_many_sockets,
        send_very_many_pings,
        send_very_many_fragments,
        send_a_head_without_an_end,
        send_very_many_header_lines,
        send_a_chunk_without_an_end,
        send_very_many_small_chunks,
        send_very_many_requests_at_once,
        take_nothing_of_what_comes,
    ],
    ids=lambda attack: attack.__name__,
)
def test_nobody_else_notices(withstand: Withstand, attack: Attack) -> None:
    withstand(attack)


HALF = {
    "heads": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "bodies": (
        b"POST /generate_text HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n{"
    ),
    "announced bodies": (
        b"POST /generate_text HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n"
    ),
    "nothing": b"",
}
_PATIENCE_S = 75
_DRIP_S = 5.0


@pytest.mark.parametrize("half", HALF.values(), ids=HALF)
def test_what_is_begun_and_left_is_dropped(served: Served, half: bytes) -> None:
    with (
        contextlib.ExitStack() as stack,
        Watch(served.url, served.process.pid) as watch,
    ):
        opened = [stack.enter_context(dial(served.url)) for _ in range(500)]
        for made in opened:
            made.sendall(half)
        deadline = time.monotonic() + _PATIENCE_S
        assert all(_is_dropped(made, deadline) for made in opened)
    assert watch.is_cheap, str(watch)


def test_bodies_that_come_byte_by_byte_are_dropped_and_others_come_in(served: Served) -> None:
    with (
        contextlib.ExitStack() as stack,
        Watch(served.url, served.process.pid) as watch,
    ):
        opened = [stack.enter_context(dial(served.url)) for _ in range(900)]
        for made in opened:
            with contextlib.suppress(OSError):
                made.sendall(HALF["announced bodies"])
        assert _ask_from("127.0.0.2", served) == 200
        deadline = time.monotonic() + _PATIENCE_S
        while opened and time.monotonic() < deadline:
            time.sleep(_DRIP_S)
            opened = [made for made in opened if _drip(made)]
    assert not opened
    assert watch.is_cheap, str(watch)


def _drip(made: socket.socket) -> bool:
    """Send one more byte; False where the connection is closed."""
    made.settimeout(0.01)
    try:
        made.sendall(b"a")
        return bool(made.recv(65_536)) and _drip(made)
    except TimeoutError:
        return True
    except OSError:
        return False


def _ask_from(address: str, served: Served) -> int:
    """Send a prompt from another address of this machine; return the status."""
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(transport=transport, timeout=20) as client:
        answer = client.post(f"{served.url}/generate_text", json={"prompt": "Hello"})
    return answer.status_code


def test_nothing_outside_is_asked_for_a_foreign_page(
    served_behind: Callable[[str], Served],
) -> None:
    """A network that drops packets, as a proxy that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as hole:
        hole.settimeout(0.5)
        served = served_behind(f"http://127.0.0.1:{hole.getsockname()[1]}")
        with Watch(served.url, served.process.pid) as watch:
            for _ in range(3):
                assert shake_hands(served.url, Origin="http://evil.example") == 403
        with pytest.raises(TimeoutError):
            hole.accept()
    assert watch.is_cheap, str(watch)


@pytest.fixture
def served_behind(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Served]:
    """Starts the chat behind a proxy for what it would ask elsewhere."""

    def start(proxy: str) -> Served:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
        return serve()

    return start


def _is_dropped(made: socket.socket, deadline: float) -> bool:
    try:
        made.settimeout(max(0.01, deadline - time.monotonic()))
        while made.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def _socket(tab: Stranger) -> ClientConnection:
    cookie = "; ".join(f"{name}={value}" for name, value in tab.cookies.items())
    return connect(
        _address(tab.base_url),
        origin=Origin(tab.base_url),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": cookie},
    )


def _address(url: str) -> str:
    return f"ws://{urlsplit(url).netloc}/_stcore/stream"
