"""Who comes back to a real browser's page in mid-answer finds it being written, and all of it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.support.cable import Cable
from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.product import Served

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]


@pytest.fixture(scope="module")
def chat(shared_fake: FakeOllama, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat whose answers wait for their reader."""
    with Served(shared_fake.url, tmp_path_factory.mktemp("return") / "data") as served:
        yield served


@pytest.fixture
def cable(chat: Served) -> Iterator[Cable]:
    """What connects the browser with the chat."""
    with Cable(chat.port) as cable:
        yield cable


@pytest.fixture
def page(cable: Cable, visit: Visit, fake: FakeOllama) -> ChatPage:
    """The chat's page, opened by a new visitor through the cable."""
    tab = visit(cable.url)
    tab.may_lose_connection()
    return tab


def _begin(page: ChatPage, fake: FakeOllama) -> Locator:
    """Has an answer of nine words written, the last six of them after `fake.resume()`."""
    fake.tokens = words(9)
    fake.fail(stall(3))
    answer = page.ask("Tell me all")
    expect(answer).to_contain_text("word2")
    return answer


def _is_whole(page: ChatPage, fake: FakeOllama) -> None:
    """The answer stands there once, with its figures, and was asked for once."""
    answer = page.messages.last
    expect(answer).to_contain_text("".join(words(9)).strip())
    expect(answer).to_have_attribute("data-state", "done")
    page.idle()
    expect(page.messages).to_have_count(2)
    assert answer.inner_text().count("word1 ") == 1
    assert (len(fake.bodies()), fake.aborted) == (1, 0)


def _goes_on(page: ChatPage, fake: FakeOllama) -> None:
    """What has come is there, and the rest comes."""
    expect(page.messages.last).to_contain_text("word2")
    expect(page.stop_button).to_be_visible()
    expect(page.messages.last).not_to_contain_text("word3")
    fake.resume()
    _is_whole(page, fake)


def _path(page: ChatPage) -> str:
    parts = urlsplit(page.page.url)
    return f"{parts.path}?{parts.query}"


def _lose(page: ChatPage, cable: Cable, *, server_notices: bool) -> None:
    cable.unplug(server_notices=server_notices)
    expect(page.input).to_be_disabled()


def test_a_reloaded_page_finds_its_answer_being_written(page: ChatPage, fake: FakeOllama) -> None:
    _begin(page, fake)
    page.reload()
    page.reload()
    _goes_on(page, fake)


def test_a_page_that_lost_its_connection_finds_its_answer_being_written(
    page: ChatPage, cable: Cable, fake: FakeOllama
) -> None:
    _begin(page, fake)
    for server_notices in (True, False):
        _lose(page, cable, server_notices=server_notices)
        cable.plug_in()
        expect(page.input).to_be_enabled()
        expect(page.stop_button).to_be_enabled()
    _goes_on(page, fake)


def test_what_came_while_the_connection_was_lost_is_there(
    page: ChatPage, cable: Cable, fake: FakeOllama
) -> None:
    _begin(page, fake)
    _lose(page, cable, server_notices=True)
    fake.resume()
    fake.wait_for(lambda now: now.finished == 1)
    cable.plug_in()
    _is_whole(page, fake)


def test_a_lost_connection_is_said_in_one_line_until_it_is_back(
    page: ChatPage, cable: Cable
) -> None:
    page.ask("Tell me all")
    page.idle()
    page.input.fill("And more")
    _lose(page, cable, server_notices=True)
    line = page.page.get_by_text("The server does not answer. The page goes on by itself")
    expect(line.filter(visible=True)).to_have_count(1)
    page.act(page.messages.last, "copy")  # no dialog lies over the page
    expect(page.page.get_by_role("dialog")).to_have_count(0)
    cable.plug_in()
    expect(line).to_have_count(0)
    expect(page.input).to_have_value("And more")
    page.input.press("Enter")
    expect(page.messages).to_have_count(4)
    page.idle()


@pytest.mark.parametrize("lost", [True, False])
def test_stop_works_in_a_page_that_came_back(
    page: ChatPage, cable: Cable, fake: FakeOllama, lost: bool
) -> None:
    _begin(page, fake)
    if lost:
        _lose(page, cable, server_notices=True)
        cable.plug_in()
        expect(page.stop_button).to_be_enabled()
    else:
        page.reload()
    page.stop_button.click()
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)
    expect(page.messages.last).to_contain_text("word2")
    expect(page.messages.last).to_contain_text("Stopped")


def test_who_closes_the_tab_finds_the_answer_at_its_address(
    page: ChatPage, visit: Visit, cable: Cable, fake: FakeOllama
) -> None:
    _begin(page, fake)
    path = _path(page)
    page.page.close()
    _goes_on(visit(cable.url, path, like=page), fake)


def test_the_answer_waits_while_another_conversation_is_read_and_reloaded(
    page: ChatPage, fake: FakeOllama
) -> None:
    _begin(page, fake)
    page.button("New chat").click()
    expect(page.welcome).to_be_visible()
    page.reload()
    expect(page.welcome).to_be_visible()
    page.conversation("Tell me all").click()
    _goes_on(page, fake)


def test_a_prompt_before_its_first_word_is_answered_in_a_page_that_came_back(
    page: ChatPage, fake: FakeOllama
) -> None:
    fake.tokens = words(9)
    fake.fail(stall(0))
    expect(page.ask("Tell me all")).to_contain_text("Reading the prompt")
    page.reload()
    expect(page.messages.last).to_contain_text("Reading the prompt")
    fake.resume()
    _is_whole(page, fake)


@pytest.fixture
def replica(serve: Callable[..., Served], chat: Served, fake: FakeOllama) -> Served:
    """Another process with the chat's history, to which a page may come back."""
    return serve(fake.url, data_dir=chat.data_dir)


def test_a_page_that_comes_back_to_another_replica_follows_its_answer_there(
    page: ChatPage, visit: Visit, replica: Served, fake: FakeOllama
) -> None:
    _begin(page, fake)
    there = visit(replica.url, _path(page), like=page)
    _goes_on(there, fake)
    _is_whole(page, fake)


def test_stop_at_another_replica_ends_the_answer(
    page: ChatPage, visit: Visit, replica: Served, fake: FakeOllama
) -> None:
    _begin(page, fake)
    there = visit(replica.url, _path(page), like=page)
    expect(there.messages.last).to_contain_text("word2")
    there.stop_button.click()
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)
    for tab in (there, page):
        expect(tab.messages.last).to_contain_text("word2")
        expect(tab.messages.last).to_contain_text("Stopped")


def test_who_comes_back_too_late_finds_what_came_and_the_rest_by_trying_again(
    visit: Visit, serve: Callable[..., Served], fake: FakeOllama, tmp_path: Path
) -> None:
    served = serve(fake.url, data_dir=tmp_path / "impatient", abandoned_after=0)
    page = visit(served.url)
    _begin(page, fake)
    path = _path(page)
    page.page.goto("about:blank")
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)
    page.open(path)
    expect(page.messages.last).to_contain_text("word2")
    expect(page.messages.last).to_contain_text("Ended, since no page showed it any more")
    page.act(page.messages.last, "again")
    expect(page.messages.last).to_contain_text("word8")


@pytest.fixture
def ending(
    serve: Callable[..., Served], chat: Served, cable: Cable, fake: FakeOllama
) -> Iterator[Served]:
    """A replica that the cable leads to, until it leads to the chat's."""
    served = serve(fake.url, data_dir=chat.data_dir, drain_timeout=30)
    cable.lead_to(served.port)
    yield served
    assert served.process.wait(30) == -signal.SIGTERM


def test_an_idle_page_moves_with_its_draft_and_its_place_before_its_replica_ends(
    ending: Served, page: ChatPage, cable: Cable, chat: Served, fake: FakeOllama
) -> None:
    fake.tokens = words(900)
    page.ask("Tell me all")
    page.idle()
    page.input.fill("Not sent yet")
    first = page.messages.first
    first.scroll_into_view_if_needed()
    place = first.bounding_box()
    cable.lead_to(chat.port)
    ending.process.send_signal(signal.SIGTERM)
    ending.process.wait(30)
    expect(page.input).to_be_enabled()
    expect(page.input).to_have_value("Not sent yet")
    assert first.bounding_box() == place
    page.input.press("Enter")
    expect(page.messages).to_have_count(4)
    expect(page.messages.last).to_have_attribute("data-state", "done")


def test_a_page_stays_for_its_answer_before_its_replica_ends(
    ending: Served, page: ChatPage, cable: Cable, chat: Served, fake: FakeOllama
) -> None:
    _begin(page, fake)
    cable.lead_to(chat.port)
    ending.process.send_signal(signal.SIGTERM)
    _goes_on(page, fake)
    ending.process.wait(30)
    page.ask("And then?")
    expect(page.messages).to_have_count(4)
    expect(page.messages.last).to_have_attribute("data-state", "done")
