"""The house keeps its order: rooms, circles, doors, and the diagram of a prompt's way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.product import ROOT

# Each room may use those below its own line, and itself.
ROOMS = (
    {"__main__"},
    {"web"},
    {"page"},
    {"services"},
    {"chat"},
    {"transfer", "history", "llm"},
    {"attachments", "identity"},
    {"domain"},
    {"i18n", "logs", "metrics"},
    {"errors"},
    {"notices", "settings"},
    {"urls", "safe_text", "memory_limit", "cluster_secrets"},
)
_LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}

_MAX_LOOKUPS = 4  # of the services: at the door of a script run, of requests, of the shutdown
_MAX_MODULES = 14  # that a prompt passes


@cache
def _modules() -> dict[str, Path]:
    paths = [path for path in (ROOT / "chatbot").rglob("*.py") if path.name != "__init__.py"]
    packages = [path.parent for path in (ROOT / "chatbot").rglob("*/__init__.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths + packages
    }


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse((path / "__init__.py" if path.is_dir() else path).read_text())


def _imports(path: Path) -> Iterator[str]:
    """Yield the modules of the chat that one imports, also late and for its types alone."""
    for node in ast.walk(_parse(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in _modules())
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                candidates = (f"{node.module}.{name.name}", str(node.module))
                yield from [module for module in candidates if module in _modules()][:1]


def _room(module: str) -> str:
    return module.split(".")[1]


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {module: {*_imports(path)} - {module} for module, path in _modules().items()}
    assert [*TopologicalSorter(graph).static_order()]  # raises CycleError, which names the circle


@pytest.mark.parametrize("module", sorted(_modules()))
def test_a_module_uses_only_what_lies_below_its_room(module: str) -> None:
    others = [used for used in _imports(_modules()[module]) if _room(used) != _room(module)]
    assert [used for used in others if _LEVEL[_room(used)] <= _LEVEL[_room(module)]] == []


def test_the_services_are_looked_up_at_the_doors_alone() -> None:
    calls = [
        module
        for module, path in _modules().items()
        for node in ast.walk(_parse(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("current", "services.current")
    ]
    assert len(calls) <= _MAX_LOOKUPS, calls


def test_the_state_of_the_page_changes_by_its_own_methods_alone() -> None:
    assigned = [
        f"{module}: {ast.unparse(target)}"
        for module, path in _modules().items()
        for node in ast.walk(_parse(path))
        for target in _targets(node)
        if isinstance(target, ast.Attribute) and ast.unparse(target).startswith("state.")
    ]
    assert assigned == []


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return [part for target in node.targets for part in _parts(target)]
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple) else [target]


def _diagram() -> str:
    text = (ROOT / "docs/architecture.md").read_text()
    (diagram,) = re.findall(r"```mermaid\n(sequenceDiagram.*?)```", text, re.DOTALL)
    return str(diagram)


def _participants() -> dict[str, str]:
    return dict(re.findall(r"participant (\w+) as ([\w/]+)", _diagram()))


@pytest.mark.parametrize(("receiver", "function"), re.findall(r">>(\w+): (\w+)\(", _diagram()))
def test_an_arrow_of_the_diagram_is_a_function_of_its_module(receiver: str, function: str) -> None:
    if receiver not in _participants():  # a library's, or the browser's
        return
    module = "chatbot." + _participants()[receiver].replace("/", ".")
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = ast.walk(_parse(_modules()[module]))
    assert function in {node.name for node in nodes if isinstance(node, functions)}


def test_a_prompt_passes_few_modules_on_its_way_to_its_first_token() -> None:
    assert len(_participants()) <= _MAX_MODULES


@pytest.mark.parametrize("room", ["tests", "benchmarks", "scripts", "locustfiles"])
def test_what_tests_share_is_imported_from_their_support_alone(room: str) -> None:
    of_one_file = re.compile(r"tests\.(\w+\.)*(conftest|test_\w+)(\.|$)")
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(_parse(path))
        for name in _absolute_imports(node)
        if of_one_file.match(name)
    ]
    assert wrong == []


def _absolute_imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{name.name}" for name in node.names]
    return [name.name for name in node.names] if isinstance(node, ast.Import) else []
