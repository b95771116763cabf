"""The addresses of what web/downloads.py serves: conversations as files.

Links are relative, so that they work behind a proxy that serves the page under a path.
"""

from __future__ import annotations

from chatbot.identity.users import User, Users


def make_export_link(users: Users, user: User, conversation_id: str | None, ending: str) -> str:
    """Return the link to one conversation (None: all of them) as a `json` or `md` file."""
    folder = f"conversations/{conversation_id}" if conversation_id else "conversations"
    return f"{folder}/export.{ending}{_make_query(users, user)}"


def make_credential(users: Users, user: User) -> str:
    """Return who asks, where the browser will not say it, as it keeps no cookies; else ""."""
    return "" if user.lasting else users.sign_visitor_id(user.user_id)


def _make_query(users: Users, user: User) -> str:
    credential = make_credential(users, user)
    return credential and f"?visitor={credential}"
