"""Who has signed out, for all processes of the chat."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert, or_, select

from chatbot.history.connections import Connections
from chatbot.history.schema import sign_outs


class SignOutTable(Connections):
    """The sign-outs; each call raises HistoryUnavailable when the database fails."""

    def save_sign_outs(self, times: Mapping[str, float], forget_before: float) -> None:
        """Keep sign-outs, Unix seconds by key, and forget those before a time."""
        s = sign_outs.c
        with self._writing() as db:
            db.execute(delete(sign_outs).where(or_(s.key.in_(times), s.at < forget_before)))
            db.execute(insert(sign_outs), [{"key": key, "at": at} for key, at in times.items()])

    def list_sign_outs(self, since: float) -> dict[str, float]:
        """Return the sign-outs since a time, Unix seconds by key."""
        with self._reading() as db:
            rows = db.execute(select(sign_outs).where(sign_outs.c.at > since)).all()
        return {key: at for key, at in rows}
