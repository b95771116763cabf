"""Fenced code in Markdown."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def fence_after(line: str, fence: str) -> str:
    """Return the fence that is open after `line`: of backticks, tildes, or `$$` of a formula."""
    if line.strip().startswith("$$") and fence in ("", "$$"):
        return "" if fence or line.count("$$") > 1 else "$$"
    mark = _FENCE.match(line)
    if mark and not fence:
        return mark[1]
    closes = mark and mark[1].startswith(fence or " ") and not line.strip().strip(mark[1][0])
    return "" if closes else fence
