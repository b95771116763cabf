"""The browser's fetch: connections that are kept, gzip, errors, and each byte counted."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from locustfiles.streamlit_client.http_client import HttpClient, HttpError
from locustfiles.streamlit_client.meter import Meter

TEXT = b'"' + b"tea " * 1000 + b'"'


class Handler(BaseHTTPRequestHandler):
    """Answers by the path; `connections` counts those that were opened."""

    protocol_version = "HTTP/1.1"
    connections = 0
    senders: ClassVar[list[str | None]] = []
    open_streams = threading.Event()

    def setup(self) -> None:
        Handler.connections += 1
        super().setup()

    def do_GET(self) -> None:
        Handler.senders.append(self.headers["Cookie"])
        getattr(self, "_answer_" + self.path.strip("/"))()

    def do_POST(self) -> None:
        Handler.senders.append(self.headers["Origin"])
        self.send_response(204)
        self.end_headers()

    def _answer_plain(self) -> None:
        self._send(200, TEXT)

    def _answer_gzip(self) -> None:
        assert "gzip" in self.headers["Accept-Encoding"]
        self._send(200, gzip.compress(TEXT), "gzip")

    def _answer_bye(self) -> None:
        self._send(200, TEXT)
        self.close_connection = True  # without a word, as a server's patience ends

    def _answer_short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.close_connection = True

    def _answer_missing(self) -> None:
        self._send(404, b"no such tea")

    def _answer_stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"3\r\ntea\r\n")
        self.open_streams.wait(10)

    def _send(self, status: int, body: bytes, encoding: str = "identity") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        Handler.open_streams.set()
        server.shutdown()


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def client(url: str, meter: Meter) -> Iterator[HttpClient]:
    client = HttpClient(url, {"Cookie": "visitor=ann"}, 10, meter)
    yield client
    client.close()


def test_a_connection_is_used_again_with_the_cookies(client: HttpClient) -> None:
    before = Handler.connections
    for _ in range(3):
        assert client.get_json("/plain") == "tea " * 1000
    assert Handler.connections == before + 1
    assert Handler.senders[-1] == "visitor=ann"


def test_a_connection_that_the_server_has_closed_is_replaced(client: HttpClient) -> None:
    for _ in range(3):
        assert client.get_json("/bye")


def test_bytes_are_counted_as_they_come_and_uncompressed(client: HttpClient, meter: Meter) -> None:
    client.get_json("/gzip")
    compressed = meter.read()
    client.get_json("/plain")
    plain = meter.read().since(compressed)
    assert compressed.message_bytes == plain.message_bytes == len(TEXT)
    assert compressed.wire_bytes < 500 < len(TEXT) < plain.wire_bytes


def test_an_error_says_what_the_server_said(client: HttpClient) -> None:
    with pytest.raises(HttpError, match=r"GET /missing answered 404: no such tea") as caught:
        client.get_json("/missing")
    assert caught.value.status == 404
    assert client.get_json("/plain")


def test_a_response_that_is_cut_is_an_error(client: HttpClient) -> None:
    with pytest.raises(ConnectionError, match="broke off"):
        client.get_json("/short")


def test_a_post_says_which_page_it_comes_from(client: HttpClient, url: str) -> None:
    client.post("/stop")
    assert Handler.senders[-1] == url


def test_a_response_is_ended_from_another_thread(client: HttpClient) -> None:
    response = client.open("GET", "/stream")
    chunks = response.read_chunks()
    assert next(chunks) == b"tea"
    begun = time.monotonic()
    threading.Timer(0.1, response.interrupt).start()
    with pytest.raises(ConnectionError, match="broke off"):
        next(chunks)
    assert time.monotonic() - begun < 5


def test_a_server_that_is_not_there_is_an_os_error(meter: Meter) -> None:
    with pytest.raises(OSError, match="refused"):
        HttpClient("http://127.0.0.1:9", {}, 10, meter).get_json("/plain")
