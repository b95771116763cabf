"""Where Chromium is, and how it is started."""

from __future__ import annotations

import os
import shutil

# Without these, Chromium calls home, again and again where the network is closed.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30_000  # for one step: a limit for what never comes, not a measure


class NoChromium(Exception):
    """There is none; the text says how to get it."""


def executable() -> str:
    """$CHROMIUM, or the one that is installed; raises NoChromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise NoChromium("no Chromium (as root: apt-get install chromium, or name one in CHROMIUM)")
    return found
