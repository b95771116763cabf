"""Log lines on stderr: text for a person, or JSON for a collector."""

from __future__ import annotations

import json
import logging

from chatbot.errors import ChatError
from chatbot.settings import Settings


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, an error's code, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "source": "chat",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if codes := [part.code for part in record.args or () if isinstance(part, ChatError)]:
            line["code"] = codes[0]
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(settings: Settings) -> None:
    """Set up the root logger; libraries speak only from WARNING on."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else text)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("chatbot").setLevel(settings.log_level)
