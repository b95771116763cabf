"""One line of records.ndjson: an answer that somebody asked for, or a page that was opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

Kind = Literal["chat", "api", "api stream", "ollama", "page"]
Outcome = Literal["done", "stopped", "left", "failed", "lost"]


@dataclass(slots=True)
class Record:
    """Seconds run from the moment of sending, `at` (since the epoch). None: not known.

    `ttft_s`: first text; `total_s`: last text of an answer, or the page drawn; `tpot_s`: time per
    token after the first. `queue_s`: waiting for a slot of Ollama; `load_s`: loading the model, a
    cold start when it is long. Both are Ollama's own figures; the page tells of `queue_s` alone.
    `outcome`: "stopped" and "left" are what the user meant to do, "lost" is what the end of the
    test cut off. `state` is how the chat says that the answer ended, or "refused", and `code` why;
    with an opened page, the same of the answer that the user had left there. `stage` and `users`
    are the shape's at that moment; `replica` answered.
    `app_ttft_s`: the chat's own figure, which answers of its API have.
    """

    kind: Kind
    user: str
    prompt: str
    at: float
    stage: int | None = None
    users: int | None = None
    outcome: Outcome = "lost"
    status: int | None = None
    error: str = ""
    state: str = ""
    code: str = ""
    ttft_s: float | None = None
    tpot_s: float | None = None
    total_s: float | None = None
    tokens: int | None = None
    prompt_tokens: int | None = None
    queue_s: float | None = None
    load_s: float | None = None
    app_ttft_s: float | None = None
    replica: str = ""


def to_line(record: Record) -> bytes:
    """Return the record as a line."""
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def read_records(file: Path) -> Iterator[Record]:
    """Yield the records of a file. Raises TypeError for a line with other fields."""
    with file.open("rb") as lines:
        for line in lines:
            yield Record(**orjson.loads(line))
