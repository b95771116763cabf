"""The virtual user against a real Streamlit page round a transcript that an API feeds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from locustfiles.streamlit_client.session import StreamlitSession
from locustfiles.streamlit_client.user import NoAnswer, StreamlitUser
from tests.support.sample_pages.process import serve_page

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve_page("chat") as url:
        yield url


@pytest.fixture
def clock_url() -> Iterator[str]:
    with serve_page("clock") as url:
        yield url


@pytest.fixture
def user(url: str) -> Iterator[StreamlitUser]:
    with StreamlitUser(url, timeout=60) as user:
        yield user


def _words(text: str) -> list[str]:
    return text.split()


def test_an_answer_is_read_to_its_end_and_its_first_text_comes_before(user: StreamlitUser) -> None:
    answer = user.ask("8 slow teas")
    assert _words(answer.text) == [f"teas{n}" for n in range(8)]
    assert answer.ttft is not None
    assert answer.ttft < answer.last_text <= answer.total
    assert 2 <= len(answer.updates) <= 9
    assert all(gap >= 0 for gap in answer.gaps)


def test_how_an_answer_ended_and_its_figures_are_known(user: StreamlitUser) -> None:
    answer = user.ask("6 teas")
    assert (answer.state, answer.code, answer.has_failed) == ("done", "", False)
    assert (answer.input_tokens, answer.output_tokens, answer.queued_s) == (7, 6, 0.5)


def test_older_answers_are_not_taken_for_the_new_one(user: StreamlitUser) -> None:
    for thing in ("teas", "cups", "teas"):
        asking = user.begin(f"3 slow {thing}")
        asking.wait_for_text()
        assert asking.text.startswith(f"{thing}0")
        assert asking.result().text.split() == [f"{thing}0", f"{thing}1", f"{thing}2"]
    assert [role for role, _ in user.messages()] == ["user", "assistant"] * 3


def test_bytes_are_counted_for_this_prompt_alone_compressed_and_not(user: StreamlitUser) -> None:
    assert user.session.socket.compressed
    user.ask("2 teas")
    first, second = user.ask("80 teas"), user.ask("2 teas")
    assert 0 < second.message_bytes < first.message_bytes
    assert second.wire_bytes < first.wire_bytes
    assert first.messages >= len(first.updates)


def test_a_failing_script_is_no_answer_and_the_page_says_why(user: StreamlitUser) -> None:
    with pytest.raises(NoAnswer, match="this prompt fails"):
        user.ask("fail")


def test_a_refused_prompt_is_known_by_its_code(user: StreamlitUser) -> None:
    answer = user.begin("refuse").result()
    assert (answer.state, answer.code, answer.has_failed) == ("refused", "busy", True)
    assert answer.alerts == "As many as this chat takes"
    assert user.ask("2 teas").state == "done"


def test_the_prompt_is_on_the_page_before_the_answer(user: StreamlitUser) -> None:
    asking = user.begin("3 slow teas")
    asking.wait_for_prompt()
    assert ("user", "3 slow teas") in user.messages()
    assert _words(asking.result().text) == ["teas0", "teas1", "teas2"]


def test_stop_ends_the_answer_and_leaves_the_partial_text(user: StreamlitUser) -> None:
    asking = user.begin("400 slow teas")
    asking.wait_for_text()
    user.stop()
    answer = asking.result()
    assert answer.state == "stopped"
    assert 0 < len(_words(answer.text)) < 400


def test_closing_the_tab_ends_the_wait_for_an_answer_which_goes_on(user: StreamlitUser) -> None:
    asking = user.begin("30 slow teas")
    asking.wait_for_text()
    user.close()
    with pytest.raises(NoAnswer, match="closed"):
        asking.result()
    user.connect()
    user.wait_for(lambda: user.transcript()[-1].state == "done", "the answer has ended")
    assert len(_words(user.messages()[-1][1])) == 30


def test_events_that_break_off_go_on_where_they_were(user: StreamlitUser) -> None:
    answer = user.ask("8 slow cut teas")
    assert _words(answer.text) == [f"teas{n}" for n in range(8)]
    assert max(answer.gaps) > 0.5


def test_an_act_of_the_transcript_makes_another_answer(user: StreamlitUser) -> None:
    first = user.begin("3 teas")
    first.result()
    second = user.begin_act("again", first.message_id)
    assert _words(second.result().text) == ["teas0", "teas1", "teas2"]
    assert second.message_id != first.message_id
    assert "acts: again" in user.text()


def test_the_page_is_drawn_anew_after_an_answer_that_says_so(user: StreamlitUser) -> None:
    user.ask("3 refresh teas")
    assert "acts: refresh" in user.text()


def test_a_button_is_pressed_by_its_label_or_its_key(url: str) -> None:
    with StreamlitUser(url) as user:
        for name in ("New chat", "new"):
            user.ask("2 teas")
            assert user.has_button(name)
            user.click(name)
            user.wait_for(lambda: not user.messages())
        with pytest.raises(LookupError, match="no button 'Old chat'"):
            user.click("Old chat")


def test_a_button_in_a_fragment_reruns_the_fragment_alone(user: StreamlitUser) -> None:
    user.click("More")
    user.wait_for(lambda: "There is no more" in user.text())
    assert "1 whole runs" in user.text()


def test_a_long_element_is_sent_once_and_then_referred_to(user: StreamlitUser) -> None:
    for _ in range(3):
        assert user.ask("2 teas").message_bytes < 10_000
        assert "The server sends this only once" in user.text()


def test_a_part_that_renews_itself_is_renewed_until_the_tab_is_closed(clock_url: str) -> None:
    with StreamlitUser(clock_url, timeout=60) as user:
        user.wait_for(lambda: "tick 4" in user.text())


def test_a_user_who_only_reads_still_answers_the_pings_of_the_server(user: StreamlitUser) -> None:
    patience, user.timeout = user.timeout, 3  # seconds: three of the server's pings
    with pytest.raises(TimeoutError):
        user.wait_for(lambda: False)
    user.timeout = patience
    assert _words(user.ask("2 teas").text) == ["teas0", "teas1"]


def test_a_reload_is_the_same_visitor_and_another_user_is_not(url: str) -> None:
    with StreamlitUser(url) as user, StreamlitUser(url) as other:
        visitor = next(line for line in user.text().splitlines() if "number-" in line)
        assert visitor not in other.text()
        user.ask("2 teas")
        user.close()
        user.connect()
        assert visitor in user.text()
        assert user.messages()[0] == ("user", "2 teas")


def test_the_first_visit_fetches_what_the_page_names_and_later_ones_do_not(url: str) -> None:
    fetched: list[str] = []

    class Watched(StreamlitSession):
        def fetch_file(self, http: requests.Session, path: str, timeout: float) -> bytes:
            fetched.append(path)
            return super().fetch_file(http, path, timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("locustfiles.streamlit_client.user.StreamlitSession", Watched)
        with StreamlitUser(url, assets=True) as user:
            first = len(fetched)
            user.close()
            user.connect()
    assert any(path.endswith(".js") for path in fetched[:first])
    assert any(path.endswith(".css") for path in fetched[:first])
    assert fetched[first:] == ["/", "/_stcore/health", "/_stcore/host-config"]
