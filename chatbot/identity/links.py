"""The addresses of what web/downloads.py serves: conversations as files, and attachments.

Links are relative, so that they work behind a proxy that serves the page under a path. `credential`
says who asks, where the browser does not: see Users.make_credential.
"""

from __future__ import annotations

from urllib.parse import quote


def make_export_link(conversation_id: str | None, ending: str, credential: str = "") -> str:
    """Return the link to one conversation (None: all of them) as a `json` or `md` file."""
    folder = f"conversations/{conversation_id}" if conversation_id else "conversations"
    return f"{folder}/export.{ending}{_make_query(credential)}"


def make_attachment_link(attachment_id: str, credential: str = "") -> str:
    """Return the link to an attachment, the first one of a message has the id MESSAGE-000."""
    return f"attachments/{attachment_id}{_make_query(credential)}"


def make_thumbnail_link(attachment_id: str, credential: str = "") -> str:
    """Return the link to what a page draws of an image."""
    return f"attachments/{attachment_id}/thumbnail{_make_query(credential)}"


def _make_query(credential: str) -> str:
    return f"?visitor={quote(credential)}" if credential else ""
