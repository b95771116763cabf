"""The page's texts: each one exists in every language, with the same fields."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.page import i18n

_PAGE = Path(i18n.__file__).parent


def _marked(node: ast.AST) -> str | None:
    """The text of a call `t("…")`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
        argument = node.args[0]
        assert isinstance(argument, ast.Constant), f"line {node.lineno}: not a plain text"
        return str(argument.value)
    return None


def _used() -> Iterator[str]:
    for file in _PAGE.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (text := _marked(node)) is not None:
                yield text


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("text", sorted(_used()))
def test_a_text_is_there_in_every_language(text: str) -> None:
    translations = i18n.catalog().get(text, {})
    assert sorted(translations) == sorted(i18n.LANGUAGES)
    assert all(_fields(one) == _fields(text) for one in translations.values())


def test_no_text_is_translated_twice() -> None:
    files = [json.loads(one.read_text(encoding="utf-8")) for one in _PAGE.rglob("languages/*.json")]
    assert sum(map(len, files)) == len(i18n.catalog())


GERMAN = [
    ("What a program knows only", "What a program knows only"),
    (
        "The model qwen3 is not installed. Pull it, or choose another.",
        "Das Modell qwen3 ist nicht installiert. Laden Sie es herunter, oder wählen Sie ein "
        "anderes.",
    ),
    (
        "top_p is 3: allowed is a number from 0 to 1.",
        r"top\_p ist 3: Erlaubt ist eine Zahl von 0 bis 1.",
    ),
    (
        "Ollama could not answer. Try again. It says: ![](x) <b>",
        "Ollama konnte nicht antworten. Versuchen Sie es noch einmal. Es sagt: "
        r"\!\[\]\(x\) \<b\>",
    ),
]


@pytest.mark.parametrize(("said", "shown"), GERMAN)
def test_what_is_said_below_the_page_is_translated_and_what_it_quotes_is_not(
    said: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "_language", lambda: "de")
    assert i18n.told(said) == shown


def test_a_long_text_of_somebody_elses_costs_no_search() -> None:
    text = "a: b of c, " * 100_000
    assert i18n.told(text).replace("\\", "") == text.strip()
