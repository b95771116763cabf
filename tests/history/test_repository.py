"""What a person notices of the store: nothing is lost, nothing is shown to others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot.domain.messages import Ending
from chatbot.domain.parameters import ParameterRefused, allowed
from chatbot.domain.statistics import Statistics
from chatbot.history import STALE, UNDO, History, NotFound
from tests.support.histories import list_texts


def test_a_conversation_survives_closing_and_opening_again(url: str) -> None:
    first = History(url)
    exchange = first.store_prompt("ann", None, "Why is the sky blue?", "small")
    first.finish_answer(
        exchange.answer.id,
        content="Light scatters.",
        thinking="Hm.",
        state="done",
        statistics=Statistics(output_tokens=3),
    )
    first.close()
    again = History(url)
    assert again.list_conversations("ann") == [exchange.conversation]
    question, answer = again.list_messages("ann", exchange.conversation.id)
    assert question == exchange.prompt
    assert (answer.content, answer.thinking, answer.state) == ("Light scatters.", "Hm.", "done")
    assert (answer.role, answer.model) == ("assistant", "small")
    assert answer.statistics == Statistics(output_tokens=3)
    again.close()


def test_a_prompt_goes_to_the_end_of_its_conversation(history: History) -> None:
    exchange = history.store_prompt("ann", None, "one", "small")
    history.finish_answer(exchange.answer.id, content="two", state="done")
    second = history.store_prompt("ann", exchange.conversation.id, "three", "large")
    assert second.prompt.parent_id == exchange.answer.id
    assert second.answer.parent_id == second.prompt.id
    assert second.conversation == history.get_conversation("ann", exchange.conversation.id)
    assert second.conversation.model == "large"
    assert list_texts(history, "ann", exchange.conversation.id) == ["one", "two", "three", ""]


def test_answering_again_shows_the_new_version_in_place_of_the_old(history: History) -> None:
    first = history.store_prompt("ann", None, "one", "small")
    history.finish_answer(first.answer.id, content="bad", state="done")
    history.store_prompt("ann", first.conversation.id, "three", "small")
    again = history.store_retry("ann", first.conversation.id, first.answer.id, "large")
    history.finish_answer(again.answer.id, content="good", state="done")
    assert again.prompt == first.prompt
    assert again.answer.model == "large"
    assert list_texts(history, "ann", first.conversation.id) == ["one", "good"]


def test_only_an_answer_of_this_conversation_can_be_answered_again(history: History) -> None:
    mine, other = (
        history.store_prompt("ann", None, "one", "m"),
        history.store_prompt("ann", None, "two", "m"),
    )
    more = history.store_prompt("ann", mine.conversation.id, "three", "m")
    for wrong in (other.answer.id, mine.prompt.id, more.prompt.id, "", "0" * 32):
        with pytest.raises(NotFound):
            history.store_retry("ann", mine.conversation.id, wrong, "m")


def test_a_saved_answer_is_read_while_it_is_being_written(history: History) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    assert history.save_answer(exchange.answer.id, content="Hel", thinking="Greet.")
    answer = history.list_messages("ann", exchange.conversation.id)[-1]
    assert (answer.content, answer.thinking, answer.state) == ("Hel", "Greet.", "writing")


def test_thinking_that_was_stored_in_the_text_is_read_as_thinking(history: History) -> None:
    exchange = history.store_prompt("ann", None, "<think>Is this mine?</think>", "m")
    tagged = "<think>\nHm.\n</think>\n\nHello"
    history.finish_answer(exchange.answer.id, content=tagged, state="done")
    question, answer = history.list_messages("ann", exchange.conversation.id)
    assert (answer.content, answer.thinking) == ("Hello", "Hm.")
    assert question.content == "<think>Is this mine?</think>"
    (archive,) = history.export_archives("ann")
    assert archive.messages == [question, answer]


def test_an_answer_that_was_split_when_it_was_written_stays_as_it_is(history: History) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    history.finish_answer(
        exchange.answer.id, content="<think> is a tag", thinking="Hm.", state="done"
    )
    assert list_texts(history, "ann", exchange.conversation.id)[1] == "<think> is a tag"


def test_an_answer_whose_writer_died_is_interrupted_and_kept(
    history: History, later: Callable[[float], None]
) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    later(STALE - 1)
    history.save_answer(exchange.answer.id, content="Hel")
    later(STALE - 1)
    assert history.list_messages("ann", exchange.conversation.id)[-1].state == "writing"
    later(2)
    answer = history.list_messages("ann", exchange.conversation.id)[-1]
    assert (answer.content, answer.state) == ("Hel", "interrupted")


FAILURE = ParameterRefused(name="top_p", value="3", allowed=allowed("top_p"))


@pytest.mark.parametrize("state", ["done", "stopped", "abandoned", "failed", "interrupted"])
def test_the_first_end_of_an_answer_stays(history: History, state: Ending) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    assert history.finish_answer(exchange.answer.id, content="Hi", state=state, error=FAILURE)
    assert not history.finish_answer(exchange.answer.id, content="Late", state="done")
    assert not history.save_answer(exchange.answer.id, content="Later")
    answer = history.list_messages("ann", exchange.conversation.id)[-1]
    assert (answer.content, answer.state, answer.error) == ("Hi", state, FAILURE.sentence)
    assert (answer.failure, answer.failure_code) == (FAILURE.notice, "parameter_refused")


def test_an_answer_is_stopped_from_elsewhere_and_its_writer_learns_it(history: History) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    assert history.save_answer(exchange.answer.id, content="Hel", thinking="Greet.")
    assert history.stop_answer("ann", exchange.answer.id)
    assert not history.save_answer(exchange.answer.id, content="Hello, th")
    assert not history.stop_answer("ann", exchange.answer.id)
    answer = history.list_messages("ann", exchange.conversation.id)[-1]
    assert (answer.content, answer.thinking, answer.state) == ("Hel", "Greet.", "stopped")


def test_a_writer_learns_that_somebody_follows_its_answer_from_elsewhere(
    history: History, later: Callable[[float], None]
) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    assert history.find_followed_at(exchange.answer.id) is None
    history.follow_answer("ann", exchange.answer.id)
    first = history.find_followed_at(exchange.answer.id)
    assert first
    later(1)
    history.follow_answer("ann", exchange.answer.id)
    second = history.find_followed_at(exchange.answer.id)
    assert second and second > first
    with pytest.raises(NotFound):
        history.follow_answer("bob", exchange.answer.id)
    history.finish_answer(exchange.answer.id, content="Hi", state="done")
    assert history.follow_answer("ann", exchange.answer.id).content == "Hi"
    later(UNDO + 1)
    history.purge_deletions()
    assert history.find_followed_at(exchange.answer.id) is None


def test_a_writer_learns_that_its_conversation_is_gone(
    history: History, later: Callable[[float], None]
) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    history.delete_conversation("ann", exchange.conversation.id)
    later(UNDO + 1)
    history.purge_deletions()
    assert not history.save_answer(exchange.answer.id, content="Hi")
    assert not history.finish_answer(exchange.answer.id, content="Hi", state="done")


def test_renaming_keeps_the_order_of_the_list(history: History) -> None:
    old = history.store_prompt("ann", None, "old", "m").conversation
    history.store_prompt("ann", None, "new", "m")
    history.rename_conversation("ann", old.id, "  A better\ntitle ")
    assert [one.title for one in history.list_conversations("ann")] == ["new", "A better title"]


def test_prompts_from_many_threads_in_one_conversation_all_stay_on_its_path(
    url: str, history: History
) -> None:
    conversation_id = history.store_prompt("ann", None, "first", "m").conversation.id
    prompts = [f"prompt {number}" for number in range(40)]
    other = History(url)  # as another process has it
    with ThreadPoolExecutor(20) as pool:
        for number, prompt in enumerate(prompts):
            pool.submit(
                (history, other)[number % 2].store_prompt, "ann", conversation_id, prompt, "m"
            )
    other.close()
    questions = [
        m.content for m in history.list_messages("ann", conversation_id) if m.role == "user"
    ]
    assert sorted(questions) == sorted(["first", *prompts])


def test_prompts_from_many_threads_in_two_conversations_do_not_mix(history: History) -> None:
    ids = {
        name: history.store_prompt(name, None, name, "m").conversation.id for name in ("ann", "bob")
    }
    owners = ["ann", "bob"] * 20

    def exchange(user_id: str) -> None:
        answer = history.store_prompt(user_id, ids[user_id], user_id, "m").answer
        history.save_answer(answer.id, content=user_id)
        history.finish_answer(answer.id, content=user_id, state="done")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(exchange, owners))
    for user_id, conversation_id in ids.items():
        assert list_texts(history, user_id, conversation_id) == [user_id, "", *[user_id] * 40]


@pytest.mark.parametrize("text", ["a\0b", "a\ud83db", "\udc00"])
def test_an_answer_with_what_cannot_be_stored_is_kept_without_it(
    history: History, text: str
) -> None:
    exchange = history.store_prompt("ann", None, text, "m")
    assert history.save_answer(exchange.answer.id, content=text, thinking=text)
    assert history.finish_answer(exchange.answer.id, content=text, thinking=text, state="done")
    prompt, answer = history.list_messages("ann", exchange.conversation.id)
    for kept in (prompt.content, answer.content, answer.thinking):
        assert kept == text.replace("\0", "\ufffd").encode("utf-8", "replace").decode().replace(
            "?", "\ufffd"
        )
