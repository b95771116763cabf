"""The page's texts: each one exists in every language, with the same fields."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.page import texts

_PAGE = Path(texts.__file__).parent


def _marked(node: ast.AST) -> str | None:
    """The text of a call `t("…")`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
        argument = node.args[0]
        assert isinstance(argument, ast.Constant), f"line {node.lineno}: not a plain text"
        return str(argument.value)
    return None


def _used() -> Iterator[str]:
    for file in _PAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (text := _marked(node)) is not None:
                yield text


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("text", sorted(set(_used())))
def test_a_text_is_there_in_every_language(text: str) -> None:
    translations = texts.catalog().get(text, {})
    assert sorted(translations) == sorted(texts.LANGUAGES)
    assert all(_fields(one) == _fields(text) for one in translations.values())


def test_no_translation_is_left_over() -> None:
    assert set(texts.catalog()) == set(_used())


def test_no_text_is_translated_twice() -> None:
    files = [json.loads(one.read_text(encoding="utf-8")) for one in _PAGE.rglob("languages/*.json")]
    assert sum(map(len, files)) == len(texts.catalog())
