"""`python -m chatbot`: reads the settings and serves the chat."""

from __future__ import annotations

import sys

from chatbot import errors, logs, settings


def main() -> None:
    """End with one sentence for each variable that cannot be used."""
    try:
        loaded = settings.load()
    except settings.SettingsError as error:
        sys.exit(str(error))
    logs.configure(loaded)
    # Imported late: a wrong setting is told at once, not after Streamlit's import.
    from chatbot.web.server import serve

    try:
        serve(loaded)
    except errors.ChatError as error:
        sys.exit(error.sentence)


if __name__ == "__main__":
    main()
