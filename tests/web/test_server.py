"""The product as a process: it starts with a sentence or serves, drains, and ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from chatbot.domain.messages import Message
from chatbot.history import History
from chatbot.identity import visitor_cookie
from chatbot.web import server
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama, prose, stall
from tests.support.product import ROOT, Served, environment, fetch, free_port, wait_for

Serve = Callable[..., Served]


TWO = "".join(prose(2))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat that many tests share."""
    folder = tmp_path_factory.mktemp("server") / "data"
    with FakeOllama() as ollama, Served(ollama.url, folder, log_format="json") as chat:
        yield chat


@pytest.fixture(scope="module")
def chat(shared: Served) -> Iterator[httpx.Client]:
    """A client of the shared chat."""
    with httpx.Client(base_url=shared.url, timeout=60) as client:
        yield client


def test_the_page_is_served_and_gives_its_visitor_a_cookie_once(chat: httpx.Client) -> None:
    chat.cookies.clear()
    first, second = chat.get("/"), chat.get("/")
    assert first.status_code == 200
    assert "<title>" in first.text
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=Lax" in first.headers["set-cookie"]
    assert "set-cookie" not in second.headers


def test_answers_and_sessions_tell_which_replica_serves_them(serve: Serve) -> None:
    chat = serve(served_by=True)
    assert httpx.get(f"{chat.url}/livez").headers["x-served-by"] == socket.gethostname()
    with StreamlitUser(chat.url) as user:
        assert user.session.socket.headers["x-served-by"] == socket.gethostname()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/_stcore/health"])
def test_the_routes_beside_the_page_make_nobody_a_visitor(chat: httpx.Client, path: str) -> None:
    chat.cookies.clear()
    response = chat.get(path)
    assert response.status_code == 200
    assert visitor_cookie.COOKIE not in response.cookies


def test_a_forged_cookie_hurts_nothing_whatever_its_bytes(chat: httpx.Client) -> None:
    chat.cookies.clear()
    for value in (b"ann.c2lnbmF0dXJl", b"\xff\xfe"):
        sent = [(b"cookie", visitor_cookie.COOKIE.encode() + b"=" + value)]
        response = chat.get("/", headers=sent)
        assert response.status_code == 200
        assert "set-cookie" not in response.headers


def test_a_program_is_answered(chat: httpx.Client) -> None:
    response = chat.post("/generate_text", json={"prompt": "Hello"})
    assert response.json()["response"] == "".join(prose(8))
    assert 'chat_answers_total{state="done"} 1.0' in chat.get("/metrics").text


def test_the_chat_serves_before_ollama_is_there_and_is_ready_by_itself(
    fake: FakeOllama, serve: Serve
) -> None:
    fake.stop()
    served = serve(wait=False)
    assert wait_for(served.readyz)
    found = httpx.get(f"{served.url}/readyz")
    assert (found.status_code, found.json()["step"]) == (503, "ollama")
    assert httpx.get(f"{served.url}/livez").status_code == 200
    assert httpx.get(served.url).status_code == 200
    fake.start()
    served.wait_ready()


def test_a_signal_lets_an_answer_finish_and_then_ends_the_process(
    fake: FakeOllama, served: Served
) -> None:
    fake.fail(stall(2))
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=served.url, timeout=60) as client:
        asking = pool.submit(client.post, "/generate_text", json={"prompt": "Hello"})
        fake.wait_for(lambda one: one.active == 1)
        served.process.send_signal(signal.SIGTERM)
        wait_for(lambda: (found := served.readyz()) and found.json()["step"] == "draining")
        late = httpx.post(f"{served.url}/generate_text", json={"prompt": "Hello"})
        assert late.json()["response"] == "".join(prose(8))
        fake.resume()
        assert asking.result().json()["response"] == "".join(prose(8))
    assert served.process.wait(20) == -signal.SIGTERM
    assert "Traceback" not in served.log


def _kept(served: Served) -> list[Message]:
    """The messages of the only conversation, as the next process will find them."""
    history = History(f"sqlite:///{served.data_dir / 'chat.db'}")
    with history._reading() as db:
        user_id = db.exec_driver_sql("SELECT owner FROM conversations").scalar_one()
    [conversation] = history.list_conversations(user_id)
    messages = history.list_messages(user_id, conversation.id)
    history.close()
    return messages


@pytest.mark.configured(drain_timeout=0.2)
def test_an_answer_cut_by_a_signal_is_kept_and_the_visitor_finds_it_after_the_restart(
    fake: FakeOllama, served: Served, serve: Serve
) -> None:
    fake.fail(stall(2))
    with StreamlitUser(served.url, timeout=60) as user:
        asking = user.begin("Hello")
        asking.wait_for_text()
        assert served.terminate() == -signal.SIGTERM
    fake.wait_for(lambda one: one.active == 0 and one.aborted == 1)
    question, answer = _kept(served)
    assert (question.content, answer.content, answer.state) == ("Hello", TWO, "interrupted")
    assert "Traceback" not in served.log
    again = serve()
    user.base_url = again.url
    with user:
        user.wait_for(lambda: "Hello" in user.conversations(), "the conversation is in the list")
    assert "set-cookie" not in httpx.get(again.url, cookies=user.cookies).headers


def test_a_collector_gets_nothing_but_json_objects(shared: Served) -> None:
    with socket.create_connection(("127.0.0.1", shared.port)) as nonsense:
        nonsense.sendall(b"nonsense\r\n\r\n")  # of which the log has a line
        assert nonsense.recv(100).startswith(b"HTTP/1.1 400")
    lines = [json.loads(line) for line in shared.log.splitlines()]
    said = {line["message"] for line in lines}
    assert "Ready" in said
    assert any(text.startswith("refused 127.0.0.1: invalid") for text in said)


def test_a_second_signal_ends_the_process_at_once(fake: FakeOllama, served: Served) -> None:
    fake.fail(stall(2))
    with StreamlitUser(served.url, timeout=60) as user:
        user.begin("Hello").wait_for_text()
        served.process.send_signal(signal.SIGTERM)
        wait_for(lambda: (found := served.readyz()) and found.json()["step"] == "draining")
        assert served.terminate(timeout=20) == -signal.SIGTERM
    fake.wait_for(lambda one: one.active == 0)


def test_ctrl_c_ends_a_chat_that_waits_for_ollama_without_a_traceback(
    fake: FakeOllama, serve: Serve
) -> None:
    fake.stop()
    served = serve(wait=False)
    wait_for(served.readyz)
    assert served.terminate(signal.SIGINT) in (0, -signal.SIGINT)
    assert "Traceback" not in served.log


def _start(**variables: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chatbot"],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_wrong_variable_ends_the_start_with_one_sentence() -> None:
    ended = _start(port="abc")
    assert ended.returncode == 1
    assert ended.stderr.startswith("PORT is 'abc': ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_port_in_use_is_told_with_the_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _start(port=port, data_dir=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"Port {port} of 127.0.0.1 is in use: another")
    assert "Traceback" not in ended.stderr


def test_metrics_have_a_port_of_their_own_where_it_is_set(serve: Serve) -> None:
    port = free_port()
    served = serve(metrics_port=port)
    own = httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert "chat_ready 1.0" in own.text
    by_another_name = {"Host": "chatbot.example"}
    assert httpx.get(f"http://127.0.0.1:{port}/metrics", headers=by_another_name).text
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 404
    assert httpx.get(f"{served.url}/metrics").status_code == 404
    assert served.terminate() == -signal.SIGTERM


def test_a_port_of_the_metrics_that_is_in_use_is_told_with_the_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _start(port=free_port(), metrics_port=port, data_dir=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"METRICS_PORT is {port}, where the metrics")


@pytest.mark.parametrize("host", ["203.0.113.1", "nowhere.invalid", "*"])
def test_a_host_that_is_not_of_this_machine_is_told_with_the_cure(
    tmp_path: Path, host: str
) -> None:
    ended = _start(bind_host=host, port=free_port(), data_dir=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"BIND_HOST is {host!r}, which is no address")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("host", "asked"),
    [("::", "127.0.0.1"), ("::", "[::1]"), ("[::1]", "[::1]"), ("localhost", "127.0.0.1")],
)
def test_each_form_of_a_host_is_listened_on(
    serve: Callable[..., Served], host: str, asked: str
) -> None:
    served = serve(bind_host=host, wait=False)

    def answers() -> bool:
        assert served.process.poll() is None, served.log
        found = fetch(f"http://{asked}:{served.port}/livez")
        return found is not None and found.is_success

    wait_for(answers, 60)


def test_where_the_kernel_has_no_ipv6_all_of_ipv4_is_listened_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with server._listen("::", 0) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_a_history_that_cannot_be_opened_is_told_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "chat.db").write_text("This is no database. " * 100)
    ended = _start(port=free_port(), data_dir=tmp_path)
    assert ended.returncode == 1
    (sentence,) = ended.stderr.splitlines()[1:]
    assert sentence.startswith("The history's file is damaged")
    assert sentence.endswith(f"(The file is {tmp_path}/chat.db.)")


def test_a_long_session_keeps_all_of_its_exchanges(served: Served) -> None:
    with StreamlitUser(served.url) as user:
        for number in range(20):
            user.ask(f"Prompt {number}")
        prompts = [text for role, text in user.messages() if role == "user"]
        assert prompts == [f"Prompt {number}" for number in range(20)]
