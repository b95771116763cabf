"""A model's Markdown, made fit for the page.

It is cut into blocks while it streams; prices do not become formulas, and no remote image is
fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from chatbot.domain.fences import fence_after

# Also what may become an item with the next token.
_LIST_ITEM = re.compile(r" {0,3}(?:([-*+]|\d{1,9}[.)])(?:\s|\Z)|\d{1,9}\Z)")
_CODE = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,})[^\n]*(?:\n.*?)?(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
    # On one line or more, but in one paragraph.
    r"|(?<![\\`])(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
# Not `\\[4pt]`, a line break in a formula.
_DISPLAY_MATH = re.compile(r"(?<!\\)\\\[(.+?)\\\]", re.DOTALL)
_INLINE_MATH = re.compile(r"(?<!\\)\\\((.+?)\\\)", re.DOTALL)
# Pandoc's rule: no space inside the dollars, no digit or word after the closing one.
_MATH = re.compile(r"\$\$.+?\$\$|(?<![\\\w$])\$(?=[^\s$])[^$\n]*?(?<![\s\\])\$(?![\w$])", re.DOTALL)
_PROSE = re.compile(r"\s[a-zA-Z]{2,}[\s,]")
_DOLLAR = re.compile(r"(?<!\\)\$")
_IMAGE = re.compile(r"!(?=\[[^\[\]]*\]\()")
_OTHER_IMAGE = re.compile(r"!(?=\[)")
# Where an address would become a link, even one of which each character is escaped.
_ADDRESS = re.compile(r"https?:(?=//)|www(?=\.)|(?=@)", re.IGNORECASE)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def split_blocks(text: str) -> list[str]:
    """Cut Markdown at the blank lines between its blocks; "".join of the result is `text`.

    A fence, a formula and a list stay whole. The last block may still grow.
    """
    blocks, start, offset = [], 0, 0
    fence, blank, listing = "", False, False
    for line in text.splitlines(keepends=True):
        if blank and not fence and line.strip() and not _continues_block(line, listing):
            blocks.append(text[start:offset])
            start, listing = offset, False
        fence = fence_after(line, fence)
        blank = not fence and not line.strip()
        listing = listing or (not fence and bool(_LIST_ITEM.match(line)))
        offset += len(line)
    return [*blocks, text[start:]]


def _continues_block(line: str, listing: bool) -> bool:
    return line[0] in " \t" or (listing and bool(_LIST_ITEM.match(line)))


def convert_for_display(text: str) -> str:
    """Markdown that Streamlit shows as it was meant; code is left alone."""
    out, last = [], 0
    for code in _CODE.finditer(text):
        out += [_convert_prose(text[last : code.start()]), code[0]]
        last = code.end()
    return "".join([*out, _convert_prose(text[last:])])


def escape_text(text: str) -> str:
    """Markdown that shows a text as it stands, on one line; only an address becomes a link."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def convert_prompt(text: str) -> str:
    """Return a person's prompt as Markdown in which every line break stays one."""
    markdown = convert_for_display(text)
    return markdown if "```" in text else re.sub(r"(?<=\S)\n(?=\S)", "  \n", markdown)


def escape_line(text: str) -> str:
    """Markdown that shows one line of text as it stands: no link, formula, colour or HTML."""
    return _PUNCTUATION.sub(r"\\\1", _ADDRESS.sub("\\g<0>\N{WORD JOINER}", text))


def _convert_prose(text: str) -> str:
    if "\\" in text:
        text = _replace_closed(text, r"\]", _DISPLAY_MATH, lambda m: f"$${m[1]}$$")
        text = _replace_closed(text, r"\)", _INLINE_MATH, lambda m: f"${m[1].strip()}$")
    if "$" in text:
        text = _escape_prices(text)
    # An entity, since a backslash may be escaped itself.
    return _OTHER_IMAGE.sub("&#33;", _IMAGE.sub("", text))


def _replace_closed(
    text: str, closing: str, math: re.Pattern[str], put: Callable[[re.Match[str]], str]
) -> str:
    """Replace formulas; what opens after the last `closing` would search to the end in vain."""
    before, closer, after = text.rpartition(closing)
    return math.sub(put, before + closer) + after


def _escape_prices(text: str) -> str:
    out, last = [], 0
    for math in _MATH.finditer(text):
        if math[0].startswith("$$") or not _PROSE.search(math[0]):
            out += [_DOLLAR.sub(r"\\$", text[last : math.start()]), math[0]]
            last = math.end()
    return "".join([*out, _DOLLAR.sub(r"\\$", text[last:])])
