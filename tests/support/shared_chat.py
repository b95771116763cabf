"""The running chat that all flows in the browser share."""

from __future__ import annotations

from tests.support.fake_ollama.server import DEFAULT_MODEL

MAX_ANSWERS = 3  # of the shared chat
OTHER_MODEL = "qwen3:4b"
MODELS = [DEFAULT_MODEL, OTHER_MODEL]
