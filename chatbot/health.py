"""`python -m chatbot.health`: the container's health check; ends with 0 when /readyz says ready."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

_TIMEOUT_S = 4


def main() -> int:
    """0 when the chat can answer now, else 1; prints what /readyz says."""
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8501')}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as reply:
            sys.stdout.write(reply.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        sys.stdout.write(error.read().decode())
    except OSError as error:
        sys.stdout.write(f"the chat does not answer at {url}: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
