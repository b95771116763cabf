"""`python -m scripts.icon_font`: writes chatbot/web/icons.woff2, Streamlit's icons that are used.

Streamlit's font has 4,000 icons in 375 kB, which each browser loads with the first page. Ours has
those that Streamlit's own scripts and the chat's name. A new icon in the code wants a new font.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from chatbot.web import static_files, streamlit_internals

_SOURCES = Path(static_files.__file__).parents[1]
_NAME = re.compile(r":material/(\w+):")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"  # of the names, which the font turns into icons


def list_icons() -> set[str]:
    """Return the names of all icons that can be drawn."""
    files = [*(streamlit_internals.STATIC_FILES / "js").glob("*.js"), *_SOURCES.rglob("*.py")]
    return {name for file in files for name in _NAME.findall(file.read_text(encoding="utf-8"))}


def make_font() -> bytes:
    """Return Streamlit's font with these icons only."""
    font = TTFont(streamlit_internals.find_icon_font(), recalcTimestamp=False)
    options = subset.Options(layout_features=["*"], layout_closure=False, glyph_names=False)
    subsetter = subset.Subsetter(options)
    glyphs = find_glyphs(font)
    icons = [glyphs[name] for name in sorted(list_icons()) if name in glyphs]
    subsetter.populate(glyphs=icons, text=_LETTERS)
    subsetter.subset(font)
    font.flavor = "woff2"
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


def find_glyphs(font: TTFont) -> dict[str, str]:
    """Return the glyph of each icon's name; some icons have several names."""
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    glyphs = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            ligatures = getattr(getattr(table, "ExtSubTable", table), "ligatures", {})
            for first, endings in ligatures.items():
                for ending in endings:
                    name = "".join(letters.get(part, "?") for part in (first, *ending.Component))
                    glyphs[name] = ending.LigGlyph
    return glyphs


def main() -> None:
    """Write the font."""
    static_files.ICONS.write_bytes(make_font())


if __name__ == "__main__":
    main()
