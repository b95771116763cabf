"""What is said to who may not pass the gate."""

from __future__ import annotations

from typing import ClassVar

from chatbot.errors import ChatError


class NotLetIn(ChatError):
    """The request is no page's of the chat, or not for the one who sends it."""

    status = 403
    may_pass = False
    texts: ClassVar = {
        "foreign_host": (
            "This chat does not go by the name {host}. Who runs it can allow the name, "
            "in ALLOWED_HOSTS or as PUBLIC_URL."
        ),
        "foreign_origin": (
            "Another site's page may not ask for this. If it was the chat's own page, who runs the "
            "chat can set PUBLIC_URL to its address."
        ),
        "foreign_tab": (
            "This file is for a tab that is closed, or not yours. Reload the page and attach it "
            "again."
        ),
    }
