"""What a user prefers: a model, settings for new conversations, presets."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection, insert, update

from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings, Preset
from chatbot.domain.titles import shorten_title
from chatbot.history import queries
from chatbot.history.connections import Connections
from chatbot.history.queries import ids_of
from chatbot.history.schema import make_row, preferences, presets


class Preferences(Connections):
    """What is kept of a user for the conversations to come."""

    def get_chosen_model(self, user_id: str) -> str:
        """Return the model that the owner chose last, or "" before the first choice."""
        with self._reading() as db:
            return db.execute(queries.CHOSEN_MODEL, {"user": user_id}).scalar_one_or_none() or ""

    def choose_model(self, user_id: str, model: str, conversation_id: str | None = None) -> None:
        """Keep the user's choice for new conversations, and for the one that is open, if any."""
        with self._writing() as db:
            _change_preferences(db, user_id, model=model)
            if conversation_id is not None:
                db.execute(
                    queries.USE_MODEL, {**ids_of(user_id, conversation_id), "with_model": model}
                )

    def get_default_settings(self, user_id: str) -> ConversationSettings:
        """Return the settings with which the user wants new conversations to begin."""
        with self._reading() as db:
            row = db.execute(queries.OWN_DEFAULTS, {"user": user_id}).one_or_none()
        return ConversationSettings(*row) if row else DEFAULT_SETTINGS

    def save_default_settings(self, user_id: str, settings: ConversationSettings) -> None:
        """Keep the system prompt and the parameters with which new conversations begin."""
        with self._writing() as db:
            own = {"system_prompt": settings.system_prompt, "parameters": settings.parameters}
            _change_preferences(db, user_id, **own)

    def list_presets(self, user_id: str) -> list[Preset]:
        """List the user's presets by name."""
        with self._reading() as db:
            return [Preset(*row) for row in db.execute(queries.PRESETS, {"user": user_id})]

    def save_preset(self, user_id: str, name: str, settings: ConversationSettings) -> None:
        """Keep a preset; one of the same name is replaced."""
        told = (settings.system_prompt, settings.parameters)
        preset = Preset(secrets.token_hex(16), user_id, shorten_title(name), *told)
        with self._writing() as db:
            db.execute(queries.DELETE_PRESET, {"user": user_id, "preset": preset.name})
            db.execute(insert(presets), make_row(preset))

    def delete_preset(self, user_id: str, name: str) -> None:
        """Delete a preset, or raise NotFound."""
        self._change_one(queries.DELETE_PRESET, {"user": user_id, "preset": name})


def _change_preferences(db: Connection, user_id: str, **values: Any) -> None:
    where = preferences.c.user_id == user_id
    if not db.execute(update(preferences).where(where).values(values)).rowcount:
        db.execute(insert(preferences), {"user_id": user_id, "model": "", **values})
