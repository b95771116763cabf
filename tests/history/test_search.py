"""Words are found in what a user has written and read, and nowhere else."""

from __future__ import annotations

import pytest

from chatbot.history import History, HistoryUnavailable, search
from tests.support.histories import search_titles, store_exchange


def test_words_are_found_in_titles_and_messages_of_the_owner_alone(history: History) -> None:
    store_exchange(history, "About cats", "They purr.")
    store_exchange(history, "About dogs", "They BARK, and Ärger is near. 天空为什么是蓝色的")
    store_exchange(history, "About cats of Eve", user_id="eve")
    assert search_titles(history, "cats") == ["About cats"]
    assert search_titles(history, "PURR they") == ["About cats"]
    assert search_titles(history, "about") == ["About dogs", "About cats"]
    assert (
        search_titles(history, "bark")
        == search_titles(history, "ärger")
        == search_titles(history, "ÄRGER")
    )
    assert search_titles(history, "蓝色") == ["About dogs"]
    assert (
        search_titles(history, "cats bark")
        == search_titles(history, "  ")
        == search_titles(history, "nowhere")
        == []
    )


@pytest.mark.parametrize(
    "special", ["100%", "a_b", "back\\slash", "it's", '"quoted"', "/", "c++(", "[x]", "$5", "***="]
)
def test_special_characters_are_found_as_they_stand(history: History, special: str) -> None:
    store_exchange(history, "One", f"before {special} after")
    store_exchange(history, "Two", "100 aXb backslash its quoted cc x 5")
    assert search_titles(history, special) == ["One"]


def test_a_hit_shows_where_the_words_are(history: History) -> None:
    store_exchange(history, "One", "word " * 50 + "here is\nthe needle in the hay" + " word" * 50)
    (hit,) = history.search_conversations("ann", "NEEDLE hay")
    assert [text for text, is_hit in hit.excerpt if is_hit] == ["needle", "hay"]
    excerpt = "".join(text for text, _ in hit.excerpt)
    assert "here is the needle in the hay" in excerpt
    assert excerpt.startswith("…") and excerpt.endswith("…") and len(excerpt) <= 125


def test_one_conversation_is_found_once_by_its_last_message(history: History) -> None:
    exchange = history.store_prompt("ann", None, "needle one", "m")
    history.store_prompt("ann", exchange.conversation.id, "needle two", "m")
    (hit,) = history.search_conversations("ann", "needle")
    assert "".join(text for text, _ in hit.excerpt) == "needle two"


def test_the_beginning_of_a_very_long_word_is_looked_for(history: History) -> None:
    store_exchange(history, "One", "a" * search.WORD_CHARS)
    store_exchange(history, "Two", "a" * (search.WORD_CHARS - 1))
    assert search_titles(history, "a" * 4000) == ["One"]


def test_what_no_database_stores_is_looked_for_as_it_was_stored(history: History) -> None:
    store_exchange(history, "One", "a\0b")
    assert search_titles(history, "a\0b") == ["One"]


def test_a_search_that_takes_too_long_is_given_up(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "TIME_LIMIT_S", 0.001)
    monkeypatch.setattr(search, "_LOOK_EVERY", 1)
    store_exchange(history, "One", "word " * 200_000)
    with pytest.raises(HistoryUnavailable) as refusal:
        history.search_conversations("ann", "nowhere")
    assert refusal.value.code == "search_too_long"
    monkeypatch.undo()
    assert search_titles(history, "one") == ["One"]
