"""Conversations as files: written as JSON and Markdown, read from three programs' JSON."""

from __future__ import annotations

from chatbot.transfer.exporting import write_json, write_markdown
from chatbot.transfer.importing import MOST_BYTES, UPLOADER, BadFile, Reading
from chatbot.transfer.losses import Loss
from chatbot.transfer.reading import read

__all__ = [
    "MOST_BYTES",
    "UPLOADER",
    "BadFile",
    "Loss",
    "Reading",
    "read",
    "write_json",
    "write_markdown",
]
