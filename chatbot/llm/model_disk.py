"""Whether the disk of Ollama's models has room for one more."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import ClassVar

from chatbot import errors
from chatbot.settings import Settings

RESERVE_BYTES = 256_000_000  # which no model takes: the history may be on the same disk


class DiskTooSmall(errors.DiskFull):
    """A model does not fit the disk, which is told before the disk is full."""

    texts: ClassVar = {
        "disk_too_small": (
            "The disk of Ollama's models has {left_mb:,} MB left, and {model} needs "
            "{needed_mb:,} MB more. Delete a model or free space, then try again."
        ),
    }


def check_room(settings: Settings, model: str, needed: int = 0) -> None:
    """Raise DiskTooSmall unless the disk takes `needed` bytes of `model` and has a reserve then.

    Nothing is known of the disk of an Ollama elsewhere, which tells of it by itself.
    """
    left = find_free_bytes() if settings.is_ollama_here else None
    if left is not None and left < needed + RESERVE_BYTES:
        megabytes = {
            "left_mb": round(left / 1e6),
            "needed_mb": round((needed + RESERVE_BYTES) / 1e6),
        }
        raise DiskTooSmall(model=model, **megabytes)


def find_free_bytes() -> int | None:
    """Return what the disk of Ollama's models has left; None if their folder is not seen here."""
    folder = os.environ.get("OLLAMA_MODELS") or Path.home() / ".ollama/models"
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
