"""Private names of other programs: each is still there, has a test, and is used in one place."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.contracts import Contract, read_contracts
from tests.support.product import ROOT

CONTRACTS = read_contracts()
ADAPTERS = tuple({contract.adapter for contract in CONTRACTS})
UNDOCUMENTED = ("config", "elements", "logger", "proto", "runtime", "web")  # below streamlit
LOOK_PRIVATE = {"_asdict", "_exit", "_fields", "_replace"}  # of named tuples and os: documented

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_the_installed_version_has_the_name(contract: Contract) -> None:
    contract.check()


def test_a_name_that_is_gone_is_told_with_what_breaks_and_what_to_do() -> None:
    gone = Contract("uvicorn:Server._nothing", "chatbot/web/x.py", "drains", "cut answers", "t.py")
    with pytest.raises(AssertionError, match=r"_nothing is gone.*Without it: cut answers.*change"):
        gone.check()


def test_each_name_has_an_adapter_that_says_it_and_a_test() -> None:
    for contract in CONTRACTS:
        adapter, last = ROOT / contract.adapter, contract.name.replace(":", ".").rpartition(".")[2]
        files = [adapter] if adapter.is_file() else list(adapter.glob("*.py"))
        is_said = any(last in file.read_text(encoding="utf-8") for file in files)
        assert is_said, f"{contract.adapter} says nothing of {last}"
        assert (ROOT / contract.test).is_file(), f"there is no {contract.test}"


def _all_modules() -> list[Path]:
    return sorted(
        file for room in ("chatbot", "locustfiles") for file in (ROOT / room).rglob("*.py")
    )


def _modules() -> list[Path]:
    return [file for file in _all_modules() if not _is_adapter(file)]


@functools.cache
def _own_names() -> set[str]:
    """Return all names that the chat and the load test define; what else is private is foreign."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in _all_modules()]
    return {name for tree in trees for node in ast.walk(tree) for name in _defined(node)}


def _is_adapter(file: Path) -> bool:
    return str(file.relative_to(ROOT)).startswith(ADAPTERS)


@pytest.mark.parametrize("file", _modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_other_module_uses_what_is_not_documented(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    used = [name for node in ast.walk(tree) for name in _undocumented(node, _own_names())]
    assert not used, f"put {', '.join(used)} into an adapter: docs/streamlit-internals.md"


def _undocumented(node: ast.AST, own: set[str]) -> Iterator[str]:
    """Yield what a piece of code uses that is private, or lies in a private module of Streamlit."""
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names if _is_internal(alias.name))
        case ast.ImportFrom(module=str(module), names=names):
            paths = [f"{module}.{alias.name}" for alias in names]
            yield from (path for path in paths if _is_internal(path))
        case ast.Attribute(attr=name) if _is_private(name) and name not in own | LOOK_PRIVATE:
            yield name


def _is_internal(path: str) -> bool:
    parts = path.split(".")
    if parts[0] == "streamlit" and parts[1:2] and parts[1] in UNDOCUMENTED:
        return True
    return parts[0] != "__future__" and any(map(_is_private, parts))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _defined(node: ast.AST) -> Iterator[str]:
    """Yield the names that a piece of code defines: functions, fields, attributes that it sets."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
            yield name
