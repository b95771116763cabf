"""The dialog that tells the keys and where things are."""

from __future__ import annotations

import streamlit as st

from chatbot.page.i18n import t


def open_dialog() -> None:
    """Open the dialog."""

    @st.dialog(t("Help"), width="medium")
    def draw_dialog() -> None:
        st.markdown(
            t(
                "Point at a message to copy it, edit it or have it answered again. Earlier "
                "versions stay: go through them with the arrows below the message.\n\n"
                "Attach files with the plus, or paste and drop them. **Settings** has the system "
                "prompt and how the model answers; **Models** gets you other models."
            )
        )
        with st.container(key="help-keys"):  # a phone has none
            st.markdown(
                t(
                    "| Keys | What they do |\n"
                    "|---|---|\n"
                    "| Enter | send the prompt |\n"
                    "| Shift+Enter | a new line in the prompt |\n"
                    "| Esc | stop the answer |\n"
                    "| ↑ | edit the last prompt, in an empty input |\n"
                    "| Ctrl+Shift+O | a new chat |\n"
                    "| Ctrl+K | search the conversations |\n"
                )
            )

    draw_dialog()
