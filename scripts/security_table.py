"""`python -m scripts.security_table`: writes the rules of the gate into docs/security.md."""

from __future__ import annotations

import re
from pathlib import Path

from chatbot.web.gate.rules import RULES

DOCUMENT = Path(__file__).parents[1] / "docs/security.md"
_BEGIN, _END = "<!-- rules: begin -->", "<!-- rules: end -->"
_HEAD = "| rule | what a stranger may try | what is let in | beyond it |\n|---|---|---|---|"


def fill(document: str) -> str:
    """Return the document with the table of all rules between its marks."""
    rows = [f"| {rule.name} | {rule.tried} | {rule.bound} | {rule.answer} |" for rule in RULES]
    table = "\n".join([_BEGIN, _HEAD, *rows, _END])
    return re.sub(f"{_BEGIN}.*?{_END}", lambda _: table, document, flags=re.DOTALL)


if __name__ == "__main__":
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
