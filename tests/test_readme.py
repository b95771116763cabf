"""The README tells what is true: its table of variables is the settings."""

from __future__ import annotations

import re

import pytest

from chatbot.settings import Settings
from tests.support.product import ROOT

HEADER = ["Variable", "Default", "What it does"]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _table() -> dict[str, tuple[str, str]]:
    """The README's variables: each one's default, as written in backticks, and what it does."""
    lines = (ROOT / "README.md").read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if _cells(line) == HEADER)
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, default, meaning = _cells(line)
        value = re.search("`(.*)`", default)
        rows[name.strip("`")] = (value[1] if value else "", meaning)
    return rows


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    value = ",".join(value) if isinstance(value, tuple) else value
    return "~/.local/share/ollama-chatbot" if name == "data_dir" else str(value or "")


def test_the_table_of_variables_lists_each_setting() -> None:
    assert list(_table()) == [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_table_of_variables_has_the_settings_default_and_meaning(name: str) -> None:
    meaning = Settings.model_fields[name].description
    assert _table().get(name.upper()) == (_default(name), meaning)
