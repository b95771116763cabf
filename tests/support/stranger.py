"""A stranger with a client of their own: a tab that sends what no browser would."""

from __future__ import annotations

import base64
import contextlib
import secrets
import socket
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from locustfiles.streamlit_client.session import SIDEBAR_KEY
from locustfiles.streamlit_client.user import StreamlitUser

_XSRF = "_streamlit_xsrf"
_BOUNDARY = "stranger"


class Stranger(StreamlitUser):
    """One tab, with files: the page's own messages, and any others by `send`."""

    def __init__(self, base_url: str, timeout: float = 20) -> None:
        super().__init__(base_url, timeout)
        self._urls: list[FileURLs] = []
        self.kinds: list[str] = []

    def connect(self, query: str | None = None, wait_for_input: bool = True) -> float:
        """Open the page; from then on `kinds` lists what the server sends."""
        took = super().connect(query, wait_for_input)
        apply_message = self.session._apply_message

        def apply(message: ForwardMsg) -> None:
            self.kinds.append(message.WhichOneof("type") or "")
            if self.kinds[-1] == "file_urls_response":
                self._urls = list(message.file_urls_response.file_urls)
            apply_message(message)

        self.session._apply_message = apply  # type: ignore[method-assign]
        return took

    @property
    def session_id(self) -> str:
        """The id of the session, as a proxy's log has it."""
        return self.session._id

    def send(self, message: BackMsg | bytes) -> None:
        """Send a message; a socket that is closed meanwhile is an answer too."""
        data = message if isinstance(message, bytes) else message.SerializeToString()
        with contextlib.suppress(OSError):
            self.session.socket.send(data)

    def is_closed_within(self, seconds: float) -> bool:
        """Return whether the server closes the connection within this time."""
        with self.session.changed:
            return self.session.changed.wait_for(lambda: self.session.closed, seconds)

    def ask_for_addresses(self, names: Sequence[str]) -> list[FileURLs]:
        """Ask where to put files with these names; nothing when the connection is closed."""
        self._urls = []
        message = BackMsg()
        message.file_urls_request.request_id = secrets.token_hex(4)
        message.file_urls_request.file_names.extend(names)
        self.send(message)
        with contextlib.suppress(ConnectionError, TimeoutError):
            self.wait_for(lambda: bool(self._urls), "addresses come")
        return self._urls

    def put(self, address: str, data: bytes, name: str = "a.bin") -> int:
        """Put a file at an address; returns the status, 0 when it was not taken to the end."""
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        )
        token = self.cookies.setdefault(_XSRF, "stranger")
        headers = {
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Xsrftoken": token,
        }
        body = head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
        try:
            url = f"{self.base_url}/{address.lstrip('/')}"
            return httpx.put(url, content=body, headers=headers, timeout=20).status_code
        except httpx.TransportError:
            return 0

    def attach(self, name: str, data: bytes, prompt: str = "Read this") -> None:
        """Send a prompt with a file, and wait until the page is drawn after it."""
        with self.session.changed:
            box = self.session.tree.elements("chat_input")[0]
        assert box.element is not None
        state = WidgetState(id=box.element.chat_input.id)
        state.chat_input_value.data = prompt
        info = state.chat_input_value.file_uploader_state.uploaded_file_info.add()
        if self._upload(info, name, data):
            self._run(state, box.fragment_id)

    def bring_in(self, data: bytes, name: str = "a.json") -> None:
        """Import a file by the dialog, and wait until the page is drawn after it."""
        self.session.trigger_act(SIDEBAR_KEY, "data")
        self.wait_for(lambda: bool(self.session.tree.elements("file_uploader")), "the dialog opens")
        with self.session.changed:
            box = self.session.tree.elements("file_uploader")[0]
        assert box.element is not None
        state = WidgetState(id=box.element.file_uploader.id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        if self._upload(info, name, data):
            self._run(state, box.fragment_id)

    def draw(self) -> None:
        """Have the whole page drawn, without the dialog that was open."""
        runs = self.session.runs_finished
        self.session.rerun()
        self._wait_for_run(runs)

    def act_in_sidebar(self, act: str, **arguments: object) -> None:
        """Do something in the sidebar, and wait until the page is drawn after it."""
        runs = self.session.runs_finished
        self.session.trigger_act(SIDEBAR_KEY, act, **arguments)
        self._wait_for_run(runs)

    def _upload(self, info: UploadedFileInfo, name: str, data: bytes) -> bool:
        urls = self.ask_for_addresses([name])
        if not urls or self.put(urls[0].upload_url, data, name) >= 300:
            return False
        info.name, info.size, info.file_id = name, len(data), urls[0].file_id
        info.file_urls.CopyFrom(urls[0])
        return True

    def _run(self, state: WidgetState, fragment_id: str) -> None:
        runs = self.session.runs_finished
        self.session.rerun(state, fragment_id)
        self._wait_for_run(runs)

    def _wait_for_run(self, runs: int) -> None:
        self.wait_for(lambda: self.session.runs_finished > runs, "the page is drawn")


def shake_hands(url: str, path: str = "/_stcore/stream", **headers: str) -> int:
    """Return the status with which a WebSocket's handshake is answered; 101 lets it in."""
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "Sec-WebSocket-Protocol": "streamlit",
    }
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (asked | headers).items()]
    host = [] if "Host" in headers else [f"Host: {urlsplit(url).netloc}"]
    return send_raw(url, "\r\n".join([f"GET {path} HTTP/1.1", *host, *lines, "", ""]).encode())


def send_raw(url: str, data: bytes, timeout: float = 10) -> int:
    """Send these bytes and return the status that comes; 0 when the connection is closed."""
    answer = read_answer(url, data, timeout, most=64)
    return int(answer.split(" ", 2)[1]) if answer.startswith("HTTP/1.") else 0


def read_answer(url: str, data: bytes, timeout: float = 10, most: int = 1_000_000) -> str:
    """Send these bytes and return what comes until the connection is closed, or so much of it."""
    answer = b""
    with dial(url, timeout) as made, contextlib.suppress(OSError):
        made.sendall(data)
        while len(answer) < most and (part := made.recv(65536)):
            answer += part
    return answer.decode("latin-1")


@contextlib.contextmanager
def dial(url: str, timeout: float = 10) -> Iterator[socket.socket]:
    """Open a connection to the server at `url`, and close it."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout) as made:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield made
