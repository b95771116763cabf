"""pyproject.toml declares what is imported, for the code that imports it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.support.product import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OWN = {"benchmarks", "chatbot", "locustfiles", "scripts", "tests"}
# What another package finds by its name, with no import of ours.
BY_NAME = {
    "authlib": "Streamlit's sign-in",
    "httptools": "uvicorn's HTTP",
    "psycopg": "SQLAlchemy's way to PostgreSQL",
    "uvloop": "uvicorn's event loop",
}


def _plain(requirement: str) -> str:
    """Return the name of a package as all spell it: `SQLAlchemy==2.1` → `sqlalchemy`."""
    name = re.split(r"[\[=<>;~! ]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


RUN_TIME = {_plain(requirement) for requirement in PROJECT["project"]["dependencies"]}
DEVELOPMENT = {
    _plain(requirement)
    for group in PROJECT["dependency-groups"].values()
    for requirement in group
    if isinstance(requirement, str)  # else another group
}


def _imported(files: Iterable[Path]) -> set[str]:
    """Return the packages that provide what these files import; the standard library is none."""
    modules = {name for file in files for name in _modules(file)}
    providers = packages_distributions()
    return {_plain(providers[name][0]) for name in modules if name in providers}


def _modules(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        yield from {name.partition(".")[0] for name in names} - OWN - sys.stdlib_module_names


def _python_files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in (ROOT / folder).rglob("*.py")]


def test_what_the_chat_imports_is_a_run_time_dependency() -> None:
    assert sorted(_imported(_python_files("chatbot", "scripts/setup")) - RUN_TIME) == []


def test_a_run_time_dependency_is_imported_or_found_by_its_name() -> None:
    used = _imported(_python_files("chatbot", "scripts/setup"))  # `make run` needs the latter, too
    assert sorted(RUN_TIME - used - BY_NAME.keys()) == []


def test_what_tests_tools_and_measurements_import_is_declared() -> None:
    used = _imported(_python_files("tests", "scripts", "benchmarks", "locustfiles"))
    assert sorted(used - RUN_TIME - DEVELOPMENT) == []
