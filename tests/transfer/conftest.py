"""A real history that the tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatbot.history import History


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """An open history in SQLite."""
    opened = History(f"sqlite:///{tmp_path_factory.mktemp('history')}/chat.db")
    yield opened
    opened.close()
