"""The rules of the gate: one table in the code, and the same one in docs/security.md."""

from __future__ import annotations

from chatbot.web.gate.rules import RULES
from scripts.security_table import DOCUMENT, fill


def test_the_document_has_the_rules_as_the_code_has_them() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert fill(document) == document, "run `python -m scripts.security_table`"
    assert f"| {RULES[0].name} |" in document


def test_each_rule_has_a_name_of_its_own_and_fits_a_table() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert not any("|" in text or "\n" in text for rule in RULES for text in vars(rule).values())
