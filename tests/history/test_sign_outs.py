"""Sign-outs outlive the process, and end with the cookies that they have ended."""

from __future__ import annotations

from chatbot.history import History


def test_another_process_learns_of_the_sign_outs_since_a_time(url: str, history: History) -> None:
    history.save_sign_outs({"a": 100.0, "b": 200.0}, forget_before=0)
    other = History(url)
    assert other.list_sign_outs(0) == {"a": 100.0, "b": 200.0}
    assert other.list_sign_outs(100) == {"b": 200.0}
    other.close()


def test_the_last_sign_out_counts_and_those_of_long_ago_are_forgotten(history: History) -> None:
    history.save_sign_outs({"a": 100.0, "b": 200.0}, forget_before=0)
    history.save_sign_outs({"b": 300.0}, forget_before=150)
    assert history.list_sign_outs(0) == {"b": 300.0}
