"""Under which heading a conversation stands in the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chatbot.domain.conversation import new_conversation
from chatbot.page.sidebar import periods


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        (date(2026, 3, 10), "Today"),
        (date(2026, 3, 11), "Today"),  # by a clock that is ahead
        (date(2026, 3, 9), "Yesterday"),
        (date(2026, 3, 8), "Previous 7 days"),
        (date(2026, 3, 3), "Previous 7 days"),
        (date(2026, 3, 2), "Older"),
    ],
)
def test_a_day_has_its_heading(asked: date, heading: str) -> None:
    assert periods.name_age(asked, date(2026, 3, 10)) == heading


def test_a_pinned_conversation_stands_apart() -> None:
    conversation = new_conversation("ann", "One")
    assert periods.name_period(conversation) == "Today"
    assert periods.name_period(replace(conversation, pinned=True)) == "Pinned"
    old = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    assert periods.name_period(replace(conversation, updated_at=old)) == "Older"
