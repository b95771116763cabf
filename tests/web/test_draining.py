"""The end of a process where others go on: nobody is refused, and no answer is cut."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama, prose, stall
from tests.support.product import Served, wait_for

WHOLE = "".join(prose(8))

Serve = Callable[..., Served]

pytestmark = pytest.mark.configured(drain_timeout=30)


def _begin_to_end(served: Served) -> None:
    served.process.send_signal(signal.SIGTERM)
    wait_for(lambda: (found := served.readyz()) and found.json()["step"] == "draining")


@pytest.mark.contract
def test_idle_pages_move_at_once_and_busy_ones_after_their_answers(
    fake: FakeOllama, served: Served, serve: Serve
) -> None:
    other = serve(data_dir=served.data_dir)
    fake.fail(stall(2))
    with StreamlitUser(served.url) as busy, StreamlitUser(served.url) as idle:
        asking = busy.begin("Hello")
        asking.wait_for_text()
        _begin_to_end(served)
        wait_for(lambda: idle.session.closed)
        idle.base_url = other.url
        idle.connect()
        assert idle.ask("Hello").text == WHOLE
        assert not busy.session.closed
        fake.resume()
        assert asking.result().state == "done"
        wait_for(lambda: busy.session.closed)
        busy.base_url = other.url
        busy.connect()
        assert busy.messages() == [("user", "Hello"), ("assistant", WHOLE)]
    assert served.process.wait(20) == -signal.SIGTERM
    assert "Traceback" not in served.log


def test_where_nobody_else_is_late_prompts_are_answered(fake: FakeOllama, served: Served) -> None:
    fake.fail(stall(2))
    with StreamlitUser(served.url) as busy, StreamlitUser(served.url) as idle:
        asking = busy.begin("Hello")
        asking.wait_for_text()
        _begin_to_end(served)
        wait_for(lambda: idle.session.closed)
        idle.connect()
        assert idle.ask("Am I late?").text == WHOLE
        fake.resume()
        assert asking.result().text == WHOLE
    assert served.process.wait(20) == -signal.SIGTERM


def test_an_idle_process_ends_at_once(served: Served) -> None:
    with StreamlitUser(served.url) as user:
        assert served.terminate(timeout=20) == -signal.SIGTERM
        wait_for(lambda: user.session.closed)


@pytest.mark.configured(drain_timeout=0.2)
def test_what_takes_too_long_is_cut(fake: FakeOllama, served: Served) -> None:
    fake.fail(stall(2))
    with StreamlitUser(served.url) as user:
        asking = user.begin("Hello")
        asking.wait_for_text()
        served.terminate()
        assert asking.result().state == "interrupted"
