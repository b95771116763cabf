"""What a virtual person does at the real page, and what is known of the answer afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from locustfiles.run.person import PlannedExchange, Prompt
from locustfiles.run.records import Kind, Record
from locustfiles.streamlit_client.page_reader import PageReader
from locustfiles.streamlit_client.user import NoAnswer, StreamlitUser
from tests.support.fake_ollama.server import FakeOllama, cut, stall
from tests.support.product import Served, fetch, wait_for

LONGEST = 20  # tokens of an answer


@pytest.fixture(scope="module")
def module_fake() -> Iterator[FakeOllama]:
    """Behind the one chat that these tests share; they take it as `fake`."""
    with FakeOllama(tokens=6) as server:
        yield server


@pytest.fixture(scope="module")
def chat(module_fake: FakeOllama, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat that takes one prompt at a time."""
    folder = tmp_path_factory.mktemp("page") / "data"
    with Served(
        module_fake.url,
        folder,
        max_answers=1,
        num_predict=LONGEST,
        abandoned_after=0,
        served_by=True,
    ) as chat:
        yield chat


@pytest.fixture
def fake(module_fake: FakeOllama) -> FakeOllama:
    """Instead of one for each test."""
    return module_fake


@pytest.fixture
def reader(chat: Served) -> Iterator[PageReader]:
    """A person who has opened the page."""
    reader = PageReader(chat.url, timeout=60)
    reader.open(_record("page"))
    yield reader
    reader.close()


def _turn(then: str = "read", opens: bool = False) -> PlannedExchange:
    return PlannedExchange(Prompt("short-1", "Hello"), opens, then, 0, 0)  # type: ignore[arg-type]


def _record(kind: Kind = "chat") -> Record:
    return Record(kind, "ChatUser-1", "short-1", 0)


def test_an_answer_is_read_and_measured(reader: PageReader) -> None:
    for opens in (True, False, True):
        record = _record()
        reading = reader.ask(_turn(opens=opens), record)
        assert (record.outcome, record.tokens) == ("done", 6)
        assert record.ttft_s and record.total_s and record.ttft_s <= record.total_s
        assert record.replica
        assert 0 < reading <= 6 / 4


def test_stopping_ends_the_answer(reader: PageReader, fake: FakeOllama) -> None:
    fake.fail(stall(2))
    record, aborted = _record(), fake.aborted
    assert reader.ask(_turn("stop"), record) == 0
    assert (record.outcome, record.state) == ("stopped", "stopped")
    assert record.ttft_s
    fake.wait_for(lambda f: f.aborted == aborted + 1)


def test_who_comes_back_sees_how_an_answer_ended_that_they_left(
    chat: Served, reader: PageReader, fake: FakeOllama
) -> None:
    fake.fail(stall(2))
    record, page = _record(), _record("page")
    assert reader.ask(_turn("leave"), record) == 0
    assert (record.outcome, record.state) == ("left", "")
    assert record.ttft_s
    wait_for(lambda: (found := fetch(f"{chat.url}/metrics")) and 'state="abandoned"' in found.text)
    reader.open(page)
    assert (page.state, page.code) == ("abandoned", "")
    assert page.total_s


def test_a_page_in_another_language_is_read_alike(chat: Served, fake: FakeOllama) -> None:
    reader = PageReader(chat.url, timeout=60, locale="de-DE")
    reader.open(_record("page"))
    for opens, then, outcome in ((True, "read", "done"), (True, "stop", "stopped")):
        record = _record()
        if then == "stop":
            fake.fail(stall(2))
        reader.ask(_turn(then, opens), record)
        assert record.outcome == outcome
    fake.fail(cut(3))
    with pytest.raises(NoAnswer, match="Die Antwort brach vor ihrem Ende ab"):
        reader.ask(_turn(opens=True), _record())
    reader.close()


def test_a_cut_answer_is_a_failure_in_the_chats_words_and_by_its_code(
    reader: PageReader, fake: FakeOllama
) -> None:
    fake.fail(cut(3))
    record = _record()
    with pytest.raises(NoAnswer, match="broke off"):
        reader.ask(_turn(), record)
    assert (record.state, record.code) == ("failed", "answer_broke_off")


def test_an_answer_that_was_as_long_as_it_may_be_is_done_and_told_apart(
    reader: PageReader, fake: FakeOllama
) -> None:
    fake.set(tokens=LONGEST + 10)
    record = _record()
    reader.ask(_turn(), record)
    fake.set(tokens=6)
    assert (record.outcome, record.state, record.code) == ("done", "done", "length")


def test_a_refused_prompt_is_a_failure_at_once(
    chat: Served, reader: PageReader, fake: FakeOllama
) -> None:
    fake.fail(stall(1))
    record = _record()
    with StreamlitUser(chat.url) as other:
        asking = other.begin("Hold the only place")
        asking.wait_for_text()
        with pytest.raises(NoAnswer, match="as many as this chat takes"):
            reader.ask(_turn(), record)
        other.stop()
        asking.result()
    assert (record.state, record.code) == ("refused", "busy")


@pytest.fixture(autouse=True)
def _idle(fake: FakeOllama) -> Iterator[None]:
    """No test leaves an answer under way to the next one."""
    yield
    fake.wait_for(lambda f: f.active == 0)
