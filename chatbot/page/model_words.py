"""What a model is, in words: how people call it, its size and what it can do."""

from __future__ import annotations

from chatbot.llm.model_names import is_same
from chatbot.llm.models import Model
from chatbot.page.i18n import t
from chatbot.settings import EMBEDDED_MODEL_NAME

_GB, _MB = 1_000_000_000, 1_000_000  # bytes


def label_model(name: str) -> str:
    """Return how people know a model."""
    return t("SmolLM2 135M, embedded") if is_same(name, EMBEDDED_MODEL_NAME) else name


def describe_size(model: Model) -> str:
    """Return how large a model is on the disk; "" for one that is elsewhere."""
    return describe_bytes(model.size) if model.size else ""


def describe_bytes(size: int) -> str:
    """Return a number of bytes, such as "98 MB" or "4.7 GB"."""
    if size >= _GB:
        return t("{size:.1f} GB", size=size / _GB)
    return t("{size:.0f} MB", size=size / _MB)


def list_abilities(model: Model) -> list[str]:
    """Return what a model can do beyond text."""
    words = {"vision": t("sees images"), "thinking": t("thinks"), "tools": t("uses tools")}
    return [word for ability, word in words.items() if ability in model.capabilities]
