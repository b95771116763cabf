"""Who has signed out, at whichever replica: kept in the database, looked up in memory."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from typing import Protocol

from chatbot import errors

KEPT_S = 32 * 24 * 3600  # Streamlit believes the cookie of a login for 31 days
_CLOCKS_DIFFER_S = 60  # at most, among replicas


class Store(Protocol):
    """Where all replicas keep the sign-outs; each call may raise ChatError."""

    def save_sign_outs(self, times: Mapping[str, float], forget_before: float) -> None:
        """Keep sign-outs, Unix seconds by key, and forget those of long ago."""

    def list_sign_outs(self, since: float) -> dict[str, float]:
        """Return the sign-outs since then."""


class SignOuts:
    """When what has been signed out last; safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._times: dict[str, float] = {}  # Unix seconds
        self._unsaved: dict[str, float] = {}
        self._read_until = 0.0
        self._lock = threading.Lock()  # of one exchange with the store at a time

    def add(self, *keys: str) -> None:
        """End what the keys stand for, here at once; a store that fails gets it later."""
        times = dict.fromkeys(keys, time.time())
        self._times.update(times)
        self._unsaved.update(times)
        with contextlib.suppress(errors.ChatError):  # it is in the log
            self.sync()

    def find_last(self, key: str) -> float:
        """Return when it was signed out last, in Unix seconds; 0 if it never was."""
        return self._times.get(key, 0.0)

    def sync(self) -> None:
        """Save what was added here, and learn what was elsewhere; raises ChatError."""
        with self._lock:
            if unsaved := dict(self._unsaved):
                self._store.save_sign_outs(unsaved, time.time() - KEPT_S)
                for key, at in unsaved.items():
                    if self._unsaved[key] == at:
                        del self._unsaved[key]
            times = self._store.list_sign_outs(self._read_until - _CLOCKS_DIFFER_S)
            self._times.update(times)
            self._read_until = max([self._read_until, *times.values()])
