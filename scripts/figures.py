"""The figures of the code's order, read from its syntax: `make figures`.

scripts/figures.json keeps those of starlette, httpx and flask for comparison, measured with
`python -m scripts.figures --store starlette httpx flask`. They are read, not run: a method counts
as used in another room as soon as its name is.
"""

from __future__ import annotations

import argparse
import ast
import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
STORED = ROOT / "scripts/figures.json"
LONGEST_FUNCTION = 40  # lines

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A module of the package that is measured."""

    name: str  # dotted, with the package: "chatbot.llm.client"
    path: Path
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether it is the __init__.py of a package."""
        return self.path.name == "__init__.py"

    @property
    def room(self) -> str:
        """The package that the module lies in; a package lies in itself."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Figure:
    """A figure with its goal, and with what stands in its way."""

    title: str
    value: float
    goal: float | None = None  # the most that is good; the least where `more_is_better`
    more_is_better: bool = False
    is_share: bool = False
    offenders: tuple[str, ...] = ()

    @property
    def is_missed(self) -> bool:
        """Whether its value is worse than its goal."""
        if self.goal is None:
            return False
        return self.value < self.goal if self.more_is_better else self.value > self.goal


def read_package(folder: Path) -> list[Module]:
    """Return the modules of the package in `folder`, by name."""
    modules = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules.append(Module(name, path, ast.parse(path.read_text())))
    return modules


def list_functions(modules: list[Module]) -> Iterator[tuple[Module, Function]]:
    """Yield each function and method, with its module; those inside of functions too."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, Function):
                yield module, node


def list_public_functions(modules: list[Module]) -> Iterator[tuple[Module, Function]]:
    """Yield the functions and methods that other modules may call, with their modules."""
    for module in modules:
        holders: list[ast.Module | ast.ClassDef] = [module.tree]
        while holders:
            for node in holders.pop().body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    holders.append(node)
                if isinstance(node, Function) and not node.name.startswith("_"):
                    yield module, node


def share_of(part: int, whole: int) -> float:
    """Return `part` of `whole` in percent; 0 of nothing."""
    return 100 * part / whole if whole else 0


def is_property(function: Function) -> bool:
    """Return whether a function is a property or its setter."""
    return any(
        re.search(r"property|\.(setter|getter|deleter)$", ast.unparse(decorator))
        for decorator in function.decorator_list
    )


def measure_names(modules: list[Module]) -> Figure:
    """Measure how many functions are named by one word; a property may be."""
    names = [
        (module.name, function.name)
        for module, function in list_functions(modules)
        if not function.name.startswith("__") and not is_property(function)
    ]
    short: dict[str, list[str]] = {}
    for module_name, name in names:
        if "_" not in name.strip("_"):
            short.setdefault(module_name, []).append(name)
    share = share_of(sum(map(len, short.values())), len(names))
    rows = tuple(f"{module_name}: {', '.join(group)}" for module_name, group in short.items())
    return Figure("functions named by one word", share, 50, is_share=True, offenders=rows)


def measure_length(modules: list[Module]) -> Figure:
    """Count the functions that are longer than a screen."""
    long = [
        f"{module.name}.{function.name}: {lines} lines"
        for module, function in list_functions(modules)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]
    return Figure(f"functions over {LONGEST_FUNCTION} lines", len(long), 0, offenders=tuple(long))


def list_imports(module: Module) -> Iterator[str]:
    """Yield the dotted names that a module imports anywhere, for type checkers only too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.room.split(".")[: len(module.room.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def find_imports(modules: list[Module]) -> dict[str, list[str]]:
    """Return by each module's name, in order, the modules of the same package that it imports."""
    names = {module.name for module in modules}
    graph: dict[str, list[str]] = {}
    for module in modules:
        wanted = list(list_imports(module))
        targets = [name if name in names else name.rpartition(".")[0] for name in wanted]
        graph[module.name] = sorted(names.intersection(targets) - {module.name})
    return graph


def measure_cycles(modules: list[Module]) -> Figure:
    """Count the import cycles, late and type-only imports included; a broken one is cut once."""
    graph = find_imports(modules)
    cycles: list[str] = []
    while True:
        try:
            TopologicalSorter(graph).prepare()
            return Figure("import cycles", len(cycles), 0, offenders=tuple(cycles))
        except CycleError as error:
            cycle = error.args[1][::-1]
            graph[cycle[0]].remove(cycle[1])
            cycles.append(" → ".join(cycle))


def measure_locator(modules: list[Module]) -> Figure:
    """Count the places that fetch the container of parts instead of being handed what they use."""
    uses = [
        f"{module.name}:{node.lineno}"
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("services.current", "current")
    ]
    return Figure("uses of services.current()", len(uses), 4, offenders=tuple(uses))


def list_annotations(function: Function) -> Iterator[str]:
    """Yield the types of a function's arguments and of what it returns, as they are written."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += filter(None, [arguments.vararg, arguments.kwarg])
    for annotation in [*(argument.annotation for argument in every), function.returns]:
        if annotation is not None:
            yield ast.unparse(annotation).strip("'\"")


def list_mentions(module: Module) -> set[str]:
    """Return the names that a module uses, plain or after a dot."""
    nodes = list(ast.walk(module.tree))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }


def measure_untyped_data(modules: list[Module]) -> Figure:
    """Count the public functions that pass `dict[str, Any]` and are used in another room."""
    imports, mentions = find_imports(modules), {m.name: list_mentions(m) for m in modules}

    def is_used_elsewhere(home: Module, function: Function) -> bool:
        # A method is reached through an object that another module may have made.
        is_method = function not in home.tree.body
        others = [module.name for module in modules if module.room != home.room]
        users = [name for name in others if is_method or home.name in imports[name]]
        return any(function.name in mentions[name] for name in users)

    untyped = [
        f"{module.name}.{function.name}"
        for module, function in list_public_functions(modules)
        if any("dict[str, Any]" in text for text in list_annotations(function))
        and is_used_elsewhere(module, function)
    ]
    title = "functions that pass dict[str, Any] to another room"
    return Figure(title, len(untyped), 0, offenders=tuple(untyped))


def has_functions(module: Module) -> bool:
    """Return whether a module has a function with more than a docstring, a method included."""
    return any(
        not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for _, function in list_functions([module])
        for statement in function.body
    )


def measure_tests(modules: list[Module], tests: Path) -> Figure:
    """Measure how many modules have no tests/…/test_NAME.py beside their place in the package.

    Packages, migrations, and modules without a function (types and constants alone) need none.
    """
    own = [m for m in modules if not m.is_package and ".migrations." not in m.name]
    own = [module for module in own if has_functions(module)]
    untested = []
    for module in own:
        *rooms, name = module.name.split(".")[1:]
        if not tests.joinpath(*rooms, f"test_{name.strip('_')}.py").exists():
            untested.append(module.name)
    share = share_of(len(untested), len(own))
    title = "modules with functions and no test"
    return Figure(title, share, 10, is_share=True, offenders=tuple(untested))


def list_raises(function: Function) -> Iterator[str]:
    """Yield what a function raises by itself; what it hands on from elsewhere has no name here."""
    nodes: list[ast.AST] = list(function.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, Function | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise) and isinstance(
            node.exc, ast.Call | ast.Name | ast.Attribute
        ):
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            yield ast.unparse(raised).rpartition(".")[2]
        nodes += ast.iter_child_nodes(node)


def measure_errors_told(modules: list[Module]) -> Figure:
    """Measure how many public functions that raise name in their docstring what they raise."""
    silent, raising = [], 0
    for module, function in list_public_functions(modules):
        # What is made by a function or was caught has a small letter: any "Raises" will do.
        raised = {name for name in list_raises(function) if name != "NotImplementedError"}
        raising += bool(raised)
        told = ast.get_docstring(function) or ""
        if not all(
            name in told or (name.lstrip("_")[0].islower() and "raise" in told.lower())
            for name in raised
        ):
            silent.append(f"{module.name}.{function.name}")
    share = share_of(raising - len(silent), raising)
    title = "public functions that name what they raise"
    return Figure(title, share, 100, more_is_better=True, is_share=True, offenders=tuple(silent))


def measure_package(folder: Path, tests: Path | None = None) -> list[Figure]:
    """Measure the package in `folder`; without `tests` only what any package has."""
    modules = read_package(folder)
    on_top = sum(module.path.parent == folder for module in modules)
    figures = [
        Figure("modules directly in the package", on_top, 8),
        measure_names(modules),
        measure_length(modules),
        measure_cycles(modules),
        measure_untyped_data(modules),
        measure_errors_told(modules),
    ]
    if tests is None:
        return figures
    return [*figures, measure_locator(modules), measure_tests(modules, tests)]


def store_figures(packages: list[str]) -> None:
    """Measure installed packages and keep the figures, with their versions, for comparison."""
    stored: dict[str, dict[str, float]] = {}
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            sys.exit(f"error: no package {name} is installed")
        figures = measure_package(Path(spec.submodule_search_locations[0]))
        column = f"{name} {importlib.metadata.version(name)}"
        stored[column] = {figure.title: round(figure.value) for figure in figures}
    STORED.write_text(json.dumps(stored, indent=2) + "\n")


def format_table(figures: list[Figure], others: dict[str, dict[str, float]]) -> str:
    """Return the figures beside their goals and those of other packages, one in a line."""
    titles = [len(figure.title) for figure in figures]
    head = ["", "here", "goal", *others]
    lines = [f"{head[0]:{max(titles)}}" + "".join(f"{name:>18}" for name in head[1:])]
    for figure in figures:
        unit = " %" if figure.is_share else ""
        sign = "≥" if figure.more_is_better else "≤"
        cells = [f"{round(figure.value)}{unit}{' !' if figure.is_missed else ''}"]
        cells.append("" if figure.goal is None else f"{sign} {figure.goal:g}{unit}")
        kept = [column.get(figure.title) for column in others.values()]
        cells += ["-" if value is None else f"{value:g}{unit}" for value in kept]
        lines.append(f"{figure.title:{max(titles)}}" + "".join(f"{cell:>18}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    """Print the figures of chatbot/, or with --store keep those of other packages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    parser.add_argument("--list", action="store_true", help="list what stands in each goal's way")
    parser.add_argument("--store", nargs="+", metavar="PACKAGE", help="write scripts/figures.json")
    options = parser.parse_args()
    if options.store:
        return store_figures(options.store)
    figures = measure_package(ROOT / "chatbot", ROOT / "tests")
    print(format_table(figures, json.loads(STORED.read_text())))
    missed = [figure for figure in figures if figure.is_missed]
    for figure in missed if options.list else []:
        print(f"\n{figure.title}:", *figure.offenders, sep="\n  ")
    if options.check and missed:
        sys.exit(1)


if __name__ == "__main__":
    main()
