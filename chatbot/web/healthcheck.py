"""`python -m chatbot.web.healthcheck`: the container's health check; ends with 0 while all is well.

That is: /readyz says that the chat can answer, or that it is getting ready, as while it pulls its
first model. A watchdog that restarts what is unhealthy would begin that pull anew, again and again.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request

_TIMEOUT_S = 4
_LEFT_BY_ENV_FILES = " \t\r\n\"'"  # round a value; the health check's environment has it still


def main() -> int:
    """0 when the chat can answer now or is getting ready, else 1; prints what /readyz says."""
    port = os.environ.get("PORT", "").strip(_LEFT_BY_ENV_FILES) or "8501"
    url = f"http://127.0.0.1:{port}/readyz"
    try:
        body = _read_readiness(url)
        state = json.loads(body)
        is_well = bool(state["ready"] or state["progressing"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.stdout.write(f"the chat does not answer at {url}: {error}")
        return 1
    sys.stdout.write(body)
    return 0 if is_well else 1


def _read_readiness(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as reply:
            return str(reply.read().decode())
    except urllib.error.HTTPError as error:  # 503 is an answer, too
        return error.read().decode()


if __name__ == "__main__":
    sys.exit(main())
