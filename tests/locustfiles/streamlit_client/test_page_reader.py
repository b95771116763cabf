"""What a virtual person does at the real page, and what is known of the answer afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from locustfiles.run.person import PlannedExchange, Prompt
from locustfiles.run.records import Record
from locustfiles.streamlit_client.answer_end import read_ends
from locustfiles.streamlit_client.page_reader import PageReader
from locustfiles.streamlit_client.user import NoAnswer, StreamlitUser
from tests.support.fake_ollama.server import FakeOllama, cut, stall
from tests.support.product import Served


@pytest.fixture(scope="module")
def module_fake() -> Iterator[FakeOllama]:
    """Behind the one chat that these tests share; they take it as `fake`."""
    with FakeOllama(tokens=6) as server:
        yield server


@pytest.fixture(scope="module")
def chat(module_fake: FakeOllama, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat that takes one prompt at a time."""
    folder = tmp_path_factory.mktemp("page") / "data"
    with Served(module_fake.url, folder, max_answers=1, abandoned_after=0) as chat:
        yield chat


@pytest.fixture
def fake(module_fake: FakeOllama) -> FakeOllama:
    """Instead of one for each test."""
    return module_fake


@pytest.fixture
def reader(chat: Served) -> Iterator[PageReader]:
    """A person who has opened the page."""
    reader = PageReader(chat.url, timeout=60)
    reader.open()
    yield reader
    reader.close()


def _turn(then: str = "read", opens: bool = False) -> PlannedExchange:
    return PlannedExchange(Prompt("short-1", "Hello"), opens, then, 0, 0)  # type: ignore[arg-type]


def _record() -> Record:
    return Record("chat", "ChatUser-1", "short-1", 0)


def test_an_answer_is_read_and_measured(reader: PageReader) -> None:
    for opens in (True, False, True):
        record = _record()
        reading = reader.ask(_turn(opens=opens), record)
        assert (record.outcome, record.tokens) == ("done", 6)
        assert record.ttft_s and record.total_s and record.ttft_s <= record.total_s
        assert record.replica
        assert 0 < reading <= 6 / 4


@pytest.mark.parametrize(("then", "outcome"), [("stop", "stopped"), ("leave", "left")])
def test_stopping_and_leaving_end_the_answer(
    reader: PageReader, fake: FakeOllama, then: str, outcome: str
) -> None:
    fake.fail(stall(2))
    record, aborted = _record(), fake.aborted
    assert reader.ask(_turn(then), record) == 0
    assert record.outcome == outcome
    assert record.ttft_s
    fake.wait_for(lambda f: f.aborted == aborted + 1)


def test_a_page_in_another_language_is_read_alike(chat: Served, fake: FakeOllama) -> None:
    reader = PageReader(chat.url, timeout=60, locale="de-DE")
    reader.open()
    for opens, then, outcome in ((True, "read", "done"), (True, "stop", "stopped")):
        record = _record()
        if then == "stop":
            fake.fail(stall(2))
        reader.ask(_turn(then, opens), record)
        assert record.outcome == outcome
        assert record.tokens == (6 if then == "read" else None)
    fake.fail(cut(3))
    with pytest.raises(NoAnswer, match="Die Antwort brach vor ihrem Ende ab"):
        reader.ask(_turn(opens=True), _record())
    reader.close()


def test_the_key_of_an_answer_tells_its_end(chat: Served, fake: FakeOllama) -> None:
    with StreamlitUser(chat.url, locale="zh-CN") as user:
        user.ask("Hello")
        (end,) = read_ends(user.keys())
        assert (end.state, end.code, end.tokens, end.has_failed) == ("done", "", 6, False)
        assert end.prompt_tokens and end.queued_s >= 0
        fake.fail(cut(2))
        user.begin("Again").result()
        _, end = read_ends(user.keys())
        assert (end.state, end.code, end.has_failed) == ("failed", "answer_broke_off", True)
        assert not user.keys("error-")


def test_a_refusal_is_known_by_its_key(chat: Served, fake: FakeOllama) -> None:
    fake.fail(stall(1))
    with StreamlitUser(chat.url) as other, StreamlitUser(chat.url, locale="de") as user:
        other.begin("Hold the only place").wait_for_text()
        user.begin("One too many").result()
        assert user.keys("error-") == ["error-busy"]


def test_a_cut_answer_is_a_failure_in_the_pages_words(reader: PageReader, fake: FakeOllama) -> None:
    fake.fail(cut(3))
    with pytest.raises(NoAnswer, match="broke off"):
        reader.ask(_turn(), _record())


def test_a_refused_prompt_is_a_failure_at_once(
    chat: Served, reader: PageReader, fake: FakeOllama
) -> None:
    fake.fail(stall(1))
    with StreamlitUser(chat.url) as other:
        other.begin("Hold the only place").wait_for_text()
        with pytest.raises(NoAnswer, match="as many as this chat takes"):
            reader.ask(_turn(), _record())
    fake.wait_for(lambda f: f.active == 0)


@pytest.fixture(autouse=True)
def _idle(fake: FakeOllama) -> Iterator[None]:
    """No test leaves an answer under way to the next one."""
    yield
    fake.wait_for(lambda f: f.active == 0)
