"""What nobody sends by accident, as strategies of Hypothesis: texts, bytes, JSON, damaged files."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

# What means something to one of the parsers that a text passes on its way.
_WORDS = (
    "<think>", "</think>", "<|channel|>analysis<|message|>", "<details type=\"reasoning\">",
    "</details>", "```", "~~~", "$$", "![a](http://b/c)", "[a](javascript:b)", "<img src=//a>",
    "\x1b[2J", "\r\n", "\n", "\0", "\u2028", "\u202e", "\ufeff", "\ufffd", "ß", "İ", "é", "你好",
    "{", "{0}", "{text}", "%", "%s", "%00", "\\", "'", '"', ";", ",", "..", "../", "//", "/", ":",
    "@", "?", "#", "*", "_", "-", "+", "&", "=", "(", "[", "(?:", "a" * 300, " ", "0", "1", "-1",
    "1e999", "nan", "null", "true", "http://", "https://[", "localhost", "127.0.0.1", "sqlite:///",
)  # fmt: skip

texts = st.lists(st.sampled_from(_WORDS) | st.text(max_size=8), max_size=12).map("".join)
"""Texts of such words and any others."""


def _json_of(single: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        single,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=8,
    )


_numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)

values = _json_of(st.none() | st.booleans() | _numbers | texts)
"""Whatever a file of JSON can say."""

wild_values = _json_of(
    st.none() | st.floats() | st.sampled_from((10**400, "\ud83d")) | _numbers | texts
)
"""What JSON can say where numbers have no end and half a character is one."""


@st.composite
def damaged(draw: st.DrawFn, *sound: bytes) -> bytes:
    """Return one of these files with up to four places cut out, written over or repeated."""
    data = draw(st.sampled_from(sound))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 64))
        middle = draw(
            st.sampled_from((b"", data[start:end] * 50, b"\0" * 8, b"\xff" * 8, b"999999999"))
            | st.binary(max_size=16)
        )
        data = data[:start] + middle + data[end:]
    return data


def fewer(by: int) -> settings:
    """Return settings for what takes long: so many times fewer inputs than others get."""
    return settings(max_examples=max(1, settings().max_examples // by))
