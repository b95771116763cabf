"""`make audit`: what is known against the pins is told; a service that is away is no finding."""

from __future__ import annotations

import json
import sys

import pytest

from scripts.audit import main

HURT = {"name": "tiny", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
WELL = {"name": "well", "version": "2.0", "vulns": []}


def _answer(*packages: object, status: int) -> list[str]:
    report = json.dumps({"dependencies": packages})
    return [sys.executable, "-c", f"print({report!r}); raise SystemExit({status})"]


def test_a_known_vulnerability_is_told_with_its_cure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], _answer(HURT, WELL, status=1)) == 1
    assert capsys.readouterr().out == "tiny 1.0: PYSEC-1, cured in 1.1\n"


def test_nothing_known_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], _answer(WELL, status=0)) == 0
    assert "nothing is known" in capsys.readouterr().out


def test_a_package_that_the_service_does_not_know_is_no_good_news(
    capsys: pytest.CaptureFixture[str],
) -> None:
    unknown = {"name": "tiny", "skip_reason": "Dependency not found"}
    assert main([], _answer(unknown, WELL, status=0)) == 1
    assert "1 packages: Dependency not found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "word"), [(["--optional"], 0, "skipped"), ([], 1, "error")]
)
def test_without_an_answer_it_is_skipped_by_name_where_it_may(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, word: str
) -> None:
    away = [sys.executable, "-c", "raise SystemExit('nobody answers')"]
    assert main(arguments, away) == status
    assert capsys.readouterr().err == f"{word}: the audit of requirements.txt: nobody answers\n"
