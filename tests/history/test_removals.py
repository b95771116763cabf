"""An exchange that is deleted, and had back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbot.domain.conversation_settings import ConversationSettings, Summary
from chatbot.domain.exchange import Exchange
from chatbot.history import UNDO, History, NotFound
from tests.support.histories import count_rows, list_texts, list_titles

Talk = Callable[..., Exchange]


@pytest.fixture
def talk(history: History) -> Talk:
    """Stores a prompt and its answer."""

    def ask(
        prompt: str, answer: str, conversation_id: str | None = None, instead_of: str | None = None
    ) -> Exchange:
        exchange = history.store_prompt("ann", conversation_id, prompt, "m", instead_of=instead_of)
        history.finish_answer(exchange.answer.id, content=answer, state="done")
        return exchange

    return ask


@pytest.fixture
def three(talk: Talk) -> list[Exchange]:
    """A conversation of three exchanges."""
    first = talk("One", "1")
    return [first, *(talk(word, answer, first.conversation.id) for word, answer in REST)]


REST = (("Two", "2"), ("Three", "3"))
ALL = ["One", "1", "Two", "2", "Three", "3"]


def _texts(history: History, exchange: Exchange) -> list[str]:
    return list_texts(history, "ann", exchange.conversation.id)


def _delete(history: History, exchange: Exchange) -> bool:
    return history.delete_exchange("ann", exchange.conversation.id, exchange.prompt.id)


def _undo(history: History) -> list[str]:
    deletion = history.find_last_deletion("ann")
    assert deletion
    return history.undo_deletion("ann", deletion)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_exchange_goes_and_what_follows_stays_until_it_comes_back(
    history: History, three: list[Exchange], index: int
) -> None:
    assert _delete(history, three[index])
    assert _texts(history, three[0]) == ALL[: 2 * index] + ALL[2 * index + 2 :]
    deletion = history.find_last_deletion("ann")
    assert deletion and deletion.of_exchange
    assert (deletion.count, deletion.title) == (1, ALL[2 * index])
    assert len(history.list_conversations("ann")) == 1
    assert _undo(history) == [three[0].conversation.id]
    assert _texts(history, three[0]) == ALL
    assert len(history.list_conversations("ann")) == 1
    assert history.find_last_deletion("ann") is None


def test_all_exchanges_go_one_by_one_and_come_back_in_their_places(
    history: History, three: list[Exchange]
) -> None:
    assert [_delete(history, one) for one in three] == [True, True, False]
    assert list_titles(history) == []
    for _ in three:
        assert _undo(history) == [three[0].conversation.id]
    assert _texts(history, three[0]) == ALL


def test_the_next_prompt_goes_below_what_is_left(
    history: History, three: list[Exchange], talk: Talk
) -> None:
    _delete(history, three[2])
    talk("Four", "4", three[0].conversation.id)
    assert _texts(history, three[0]) == ["One", "1", "Two", "2", "Four", "4"]
    _undo(history)
    assert _texts(history, three[0]) == ["One", "1", "Two", "2", "Four", "4"]
    history.show_version("ann", three[0].conversation.id, three[2].prompt.id)
    assert _texts(history, three[0]) == ALL


def test_one_version_of_a_prompt_goes_and_another_is_shown(
    history: History, three: list[Exchange], talk: Talk
) -> None:
    talk_id = three[0].conversation.id
    edited = talk("Trois", "III", talk_id, instead_of=three[2].prompt.id)
    assert _delete(history, edited)
    assert _texts(history, three[0]) == ALL
    assert history.list_versions("ann", talk_id) == {}
    _undo(history)
    assert _texts(history, three[0])[-2:] == ["Trois", "III"]


def test_all_versions_of_the_answer_go_with_what_followed_those_that_were_not_shown(
    history: History, three: list[Exchange], talk: Talk
) -> None:
    talk_id = three[0].conversation.id
    again = history.store_retry("ann", talk_id, three[1].answer.id, "m")
    history.finish_answer(again.answer.id, content="II", state="done")
    talk("Other", "o", talk_id)
    assert _delete(history, three[1])
    assert _texts(history, three[0]) == ["One", "1", "Other", "o"]
    assert history.list_versions("ann", talk_id) == {}
    _undo(history)
    assert _texts(history, three[0]) == ["One", "1", "Two", "II", "Other", "o"]
    history.show_version("ann", talk_id, three[1].answer.id)
    assert _texts(history, three[0]) == ALL


def test_an_exchange_of_a_conversation_that_is_gone_comes_back_by_itself(
    history: History, three: list[Exchange]
) -> None:
    _delete(history, three[1])
    deletion = history.find_last_deletion("ann")
    assert deletion
    history.delete_conversation("ann", three[0].conversation.id)
    (alone,) = history.undo_deletion("ann", deletion)
    assert list_texts(history, "ann", alone) == ["Two", "2"]


def test_what_nobody_has_back_is_deleted_for_good(
    url: str, history: History, three: list[Exchange], later: Callable[[float], None]
) -> None:
    _delete(history, three[1])
    later(UNDO + 1)
    history.purge_deletions()
    assert count_rows(url) == (1, 4, 0)
    assert _texts(history, three[0]) == ["One", "1", "Three", "3"]


def test_a_summary_that_tells_of_a_deleted_exchange_is_forgotten(
    history: History, three: list[Exchange]
) -> None:
    talk_id = three[0].conversation.id
    settings = ConversationSettings("", summary=Summary("They counted.", three[1].answer.id))
    history.save_settings("ann", talk_id, settings)
    _delete(history, three[2])
    assert history.get_conversation("ann", talk_id).summary == settings.summary
    _delete(history, three[0])
    assert history.get_conversation("ann", talk_id).summary is None


def test_an_answer_that_is_written_elsewhere_ends_when_its_exchange_goes(
    history: History, three: list[Exchange]
) -> None:
    written = history.store_prompt("ann", three[0].conversation.id, "Four", "m")
    assert _delete(history, written)
    assert not history.save_answer(written.answer.id, content="4")


def test_only_a_prompt_of_ones_own_goes(history: History, three: list[Exchange]) -> None:
    talk_id = three[0].conversation.id
    for user_id, wrong in (("bob", three[1].prompt.id), ("ann", three[1].answer.id), ("ann", "x")):
        with pytest.raises(NotFound):
            history.delete_exchange(user_id, talk_id, wrong)
    assert _texts(history, three[0]) == ALL
