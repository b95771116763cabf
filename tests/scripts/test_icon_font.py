"""The font of the icons has all that Streamlit and the chat draw: `python -m scripts.icon_font`."""

from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont

from chatbot.web import static_files, streamlit_internals
from scripts.icon_font import find_glyphs, list_icons


@pytest.mark.parametrize("name", sorted(list_icons()))
def test_each_icon_of_the_code_is_in_it(name: str) -> None:
    whole = find_glyphs(TTFont(streamlit_internals.find_icon_font()))
    assert name in find_glyphs(TTFont(static_files.ICONS)) or name not in whole


def test_the_font_is_small() -> None:
    size = static_files.ICONS.stat().st_size
    assert size < streamlit_internals.find_icon_font().stat().st_size / 10
