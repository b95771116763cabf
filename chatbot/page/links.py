"""The addresses of what web/downloads.py serves: conversations as files, and attachments.

Links are relative, so that they work behind a proxy that serves the page under a path.
"""

from __future__ import annotations

from chatbot.identity.users import User, Users


def make_export_link(users: Users, user: User, conversation_id: str | None, ending: str) -> str:
    """Return the link to one conversation (None: all of them) as a `json` or `md` file."""
    folder = f"conversations/{conversation_id}" if conversation_id else "conversations"
    return f"{folder}/export.{ending}{_make_credential(users, user)}"


def make_attachment_link(users: Users, user: User, message_id: str, number: int) -> str:
    """Return the link to a message's attachment; the first one's `number` is 0."""
    return f"attachments/{message_id}-{number:03}{_make_credential(users, user)}"


def _make_credential(users: Users, user: User) -> str:
    """Return who asks, where the browser will not say it: it keeps no cookies."""
    return "" if user.lasting else f"?visitor={users.sign_visitor_id(user.user_id)}"
