"""The page's own style, until it stands in frontend/src/style."""

from __future__ import annotations

import streamlit as st


def help_along(style: str) -> None:
    """Put our own style on the page."""
    st.html(f"<style>{style}</style>")
