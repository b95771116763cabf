"""When a conversation was asked last, in words that are headings of the list."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from chatbot.domain.conversation import Conversation
from chatbot.page.i18n import t


def name_period(conversation: Conversation) -> str:
    """Return the heading below which a conversation stands, by the browser's calendar."""
    if conversation.pinned:
        return t("Pinned")
    zone = _find_zone()
    asked = datetime.fromtimestamp(conversation.updated_at, zone).date()
    return name_age(asked, datetime.now(zone).date())


def name_age(asked: date, today: date) -> str:
    """Return the heading for a day."""
    match (today - asked).days:
        case days if days < 1:
            return t("Today")
        case 1:
            return t("Yesterday")
        case days if days <= 7:
            return t("Previous 7 days")
    return t("Older")


def _find_zone() -> ZoneInfo | None:
    """Return the browser's time zone; None, which is the server's, where it tells none."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError):
        return None
