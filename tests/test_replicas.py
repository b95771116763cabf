"""Two replicas with one database are one chat: whoever comes to either finds the same."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from chatbot.history import STALE
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama, prose, stall
from tests.support.product import Served

TWO = "".join(prose(2))


@pytest.fixture
def replicas(serve: Callable[..., Served], postgres_url: str) -> tuple[Served, Served]:
    """Two replicas of one chat."""
    shared = {"database_url": postgres_url, "cookie_secret": "s" * 32, "wait": False}
    first, second = serve(**shared), serve(**shared)
    first.wait_ready()
    second.wait_ready()
    return first, second


def _move(user: StreamlitUser, replica: Served) -> StreamlitUser:
    """Return the same visitor with the same conversation at another replica."""
    moved = StreamlitUser(replica.url)
    moved.cookies = user.cookies
    moved.connect(query=user.session.query)
    return moved


def _wait_for_answer(user: StreamlitUser, text: str, state: str) -> None:
    def is_there() -> bool:
        message = user.transcript()[-1]
        return (message.content, message.state) == (text, state)

    user.wait_for(is_there, f"the answer is {state}")


def test_an_answer_is_followed_and_stopped_at_any_replica(
    fake: FakeOllama, replicas: tuple[Served, Served]
) -> None:
    fake.fail(stall(2), times=2)
    with StreamlitUser(replicas[0].url) as user:
        asking = user.begin("Hello")
        asking.wait_for_text()
        with _move(user, replicas[1]) as moved:
            _wait_for_answer(moved, TWO, "writing")
            moved.stop()
            _wait_for_answer(moved, TWO, "stopped")
            assert asking.result().state == "stopped"
            user.begin("And now?").wait_for_text()
            moved.connect()
            _wait_for_answer(moved, TWO, "writing")
            fake.resume()
            _wait_for_answer(moved, "".join(prose(8)), "done")


def test_what_a_replica_that_died_has_saved_of_an_answer_is_there(
    fake: FakeOllama, replicas: tuple[Served, Served], postgres_url: str
) -> None:
    fake.fail(stall(2))
    with StreamlitUser(replicas[0].url) as user:
        user.begin("Hello").wait_for_text()
        with _move(user, replicas[1]) as moved:
            _wait_for_answer(moved, TWO, "writing")
            replicas[0].process.kill()
            with psycopg.connect(postgres_url) as db:
                db.execute("UPDATE messages SET updated_at = updated_at - %s", [STALE])
            _wait_for_answer(moved, TWO, "interrupted")
            assert moved.begin("And now?").result().state == "done"
