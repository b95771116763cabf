"""Shares in tests: the clock by which what was taken comes back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chatbot.chat import shares


def stop_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stop the time of the shares, and return what says it: `clock.now`, in seconds."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(shares, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock
