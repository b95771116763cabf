"""Where sign-outs are kept in tests that have no database."""

from __future__ import annotations

from collections.abc import Mapping


class Store:
    """What replicas share, without a database."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}

    def save_sign_outs(self, times: Mapping[str, float], forget_before: float) -> None:
        """Keep sign-outs."""
        self.times.update(times)

    def list_sign_outs(self, since: float) -> dict[str, float]:
        """Return the sign-outs since a time."""
        return {key: at for key, at in self.times.items() if at > since}
