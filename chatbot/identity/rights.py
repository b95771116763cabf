"""Who may manage the models: get, delete and unload them, and say how long they stay loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from chatbot.errors import ChatError
from chatbot.settings import Settings


class ManagersOnly(ChatError):
    """They are none of those whom MODEL_MANAGERS names."""

    status = 403
    may_pass = False
    texts: ClassVar = {
        "managers_only": (
            "Only those who manage this chat's models may do this. Ask whoever runs the chat: its "
            "MODEL_MANAGERS says who they are."
        ),
    }


class Rights:
    """What MODEL_MANAGERS says of each user: of people, since they were identified last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._managers: set[str] = set()

    def note_names(self, user_id: str, names: set[str]) -> None:
        """Learn by which names a login vouches for a user."""
        if names.isdisjoint(self._settings.model_managers):
            self._managers.discard(user_id)
        else:
            self._managers.add(user_id)

    def may_manage_models(self, user_id: str) -> bool:
        """Return whether this user may."""
        of_all = self._settings.all_manage_models
        return user_id in self._managers if of_all is None else of_all

    def check_manager(self, user_id: str) -> None:
        """Raise ManagersOnly unless this user may manage the models."""
        if not self.may_manage_models(user_id):
            raise ManagersOnly


def list_names(claims: Mapping[str, object]) -> set[str]:
    """Return the names that an ID token vouches for: `claim=value`, the subject, the e-mail.

    An address that the provider has not verified is nobody's: people write it themselves.
    """
    names = {f"{claim}={value}" for claim in claims for value in _list_values(claims[claim])}
    names.add(str(claims.get("sub")))
    if claims.get("email_verified") in (True, "true"):
        names.add(str(claims.get("email")))
    return names


def _list_values(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
