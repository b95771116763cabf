"""Log lines on stderr: text for a person, or JSON for a collector.

What others have written stands in a line and makes none: control characters are escaped, and the
lines of a traceback are indented. Passwords in addresses are left out.
"""

from __future__ import annotations

import json
import logging
from types import TracebackType
from typing import TypeAlias

from chatbot.errors import ChatError
from chatbot.safe_text import escape_controls, escape_line
from chatbot.settings import Settings
from chatbot.urls import mask_passwords

_Raised: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class LineFormatter(logging.Formatter):
    """A line of text for each record, below it its traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the record without its traceback, on one line."""
        return mask_passwords(escape_line(super().formatMessage(record)))

    def formatException(self, ei: _Raised) -> str:
        """Return a traceback whose lines cannot be taken for records."""
        lines = super().formatException(ei).split("\n")
        return mask_passwords("\n".join(f"  {escape_line(line)}" for line in lines))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, an error's code, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "source": "chat",
            "level": record.levelname,
            "logger": record.name,
            "message": _clean(record.getMessage()),
        }
        if codes := [part.code for part in record.args or () if isinstance(part, ChatError)]:
            line["code"] = codes[0]
        if record.exc_info:
            line["traceback"] = _clean(self.formatException(record.exc_info))
        return json.dumps(line)


def _clean(text: str) -> str:
    return mask_passwords(escape_controls(text))


def configure(settings: Settings) -> None:
    """Set up the root logger; libraries speak only from WARNING on."""
    handler = logging.StreamHandler()
    text = LineFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else text)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("chatbot").setLevel(settings.log_level)
