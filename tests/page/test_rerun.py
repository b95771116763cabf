"""A script that Streamlit stops: a person ends an answer with it, a lost connection does not."""

from __future__ import annotations

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.product import Served


def test_a_stopped_first_prompt_is_asked_once(served: Served, fake: FakeOllama) -> None:
    fake.fail(stall(after=3))
    with StreamlitUser(served.url) as user:
        asking = user.begin("Tell me a story")
        asking.wait_for_text()
        user.stop()
        fake.wait_for(lambda now: now.aborted == 1)
        user.ask("Another one")
        prompts = [text for role, text in user.messages() if role == "user"]
    assert prompts == ["Tell me a story", "Another one"]
    assert [body["messages"][-1]["content"] for body in fake.bodies()] == prompts


def test_a_page_that_reconnects_at_once_keeps_its_answer(served: Served, fake: FakeOllama) -> None:
    fake.tokens = ["One ", "two ", "three"]
    fake.fail(stall(after=2))
    with StreamlitUser(served.url) as user:
        user.begin("Tell me a story").wait_for_text()
        user.session.reconnect()
        # The text of a silent model is sent twice a second: that often a script sees that it ended.
        user.wait_for(lambda: user.session.socket.messages > 3 and "One two" in user.text())
        sent = user.session.socket.messages
        user.wait_for(lambda: user.session.socket.messages > sent + 3)
        fake.resume()
        user.wait_for(lambda: "One two three" in user.text())
        assert [role for role, _ in user.messages()] == ["user", "assistant"]
    assert (fake.aborted, len(fake.bodies())) == (0, 1)
