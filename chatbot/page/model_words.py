"""What a model is, in words: its size and what it can do."""

from __future__ import annotations

from chatbot.llm.models import Model
from chatbot.page.i18n import t

_GB, _MB = 1_000_000_000, 1_000_000  # bytes


def describe_size(model: Model) -> str:
    """Return how large a model is on the disk; "" for one elsewhere."""
    if model.size >= _GB:
        return t("{size:.1f} GB", size=model.size / _GB)
    return t("{size:.0f} MB", size=model.size / _MB) if model.size else ""


def list_abilities(model: Model) -> list[str]:
    """Return what a model can do beyond text."""
    words = {"vision": t("sees images"), "thinking": t("thinks"), "tools": t("uses tools")}
    return [word for ability, word in words.items() if ability in model.capabilities]
