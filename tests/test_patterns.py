"""Each pattern of ours reads a megabyte of hostile text in a time that its length alone sets."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from tests.support.product import ROOT

_CHARS = 1_000_000
# What some are never given more than, which their modules see to.
_BOUNDED = {
    "chatbot.domain.titles": 2_000,
    "chatbot.domain.parameters._UNITS": 64,
    "chatbot.settings": 2_000,  # by the operator
    "chatbot.web.index_page": 20_000,  # of its own text
}
_METHODS = ("match", "search", "fullmatch", "sub", "findall", "finditer", "split")
_UNITS = ("a", "0", " ", "\n", "\\", "<", "[", "`", "aa ", "a\n")
_MOST_SAMPLES = 12
_CATEGORIES = {codes.CATEGORY_DIGIT: "0", codes.CATEGORY_SPACE: " ", codes.CATEGORY_WORD: "a"}

Use = tuple[str, str | bytes, int, str]  # the name, the pattern, its flags, the method


def _list_modules() -> list[str]:
    paths = [path.relative_to(ROOT) for path in (ROOT / "chatbot").rglob("*.py")]
    run = ("__main__.py", "main.py", "env.py")  # to import them is to run them
    return sorted(".".join(path.with_suffix("").parts) for path in paths if path.name not in run)


def _find_uses(module: str) -> Iterator[Use]:
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text()
    for name, value in vars(importlib.import_module(module)).items():
        for pattern in _patterns_in(value):
            for method in _list_methods(source, name):
                yield name, pattern.pattern, pattern.flags, method
    for method, literal in _find_literals(ast.parse(source)):
        yield "", literal, 0, method


def _patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _patterns_in(part)


def _list_methods(source: str, name: str) -> Iterable[str]:
    """Return how the module uses a pattern; where it is handed on, all that is likely."""
    used = set(re.findall(rf"\b{name}\.({'|'.join(_METHODS)})\(", source))
    return sorted(used) or ("match", "search")


def _find_literals(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the patterns that are written where they are used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{m}" for m in _METHODS}:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield ast.unparse(node.func).removeprefix("re."), first.value


def _sample(parts: Any, branch: int) -> str:
    """Return a text that the parsed pattern may match, through its `branch`-th alternatives."""
    return "".join(_sample_part(code, argument, branch) for code, argument in parts)


def _sample_part(code: Any, argument: Any, branch: int) -> str:
    if code is codes.LITERAL:
        return chr(argument)
    if code in (codes.NOT_LITERAL, codes.ANY):
        return "b"
    if code is codes.IN:
        return _sample_set(argument)
    if code is codes.BRANCH:
        return _sample(argument[1][branch % len(argument[1])], branch)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return _sample(argument[2], branch) * max(1, min(int(argument[0]), 10))
    if code is codes.SUBPATTERN:
        return _sample(argument[-1], branch)
    return ""


def _sample_set(items: Any) -> str:
    kinds = dict(items)
    if codes.NEGATE in kinds:
        return "a"
    if codes.LITERAL in kinds:
        return chr(kinds[codes.LITERAL])
    if codes.RANGE in kinds:
        return chr(kinds[codes.RANGE][0])
    return str(_CATEGORIES.get(kinds.get(codes.CATEGORY), "-"))


def _list_units(pattern: str | bytes, flags: int) -> set[str]:
    """Return what to repeat: beginnings of what the pattern looks for, and other characters."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    parsed = parser.parse(text, flags & ~re.UNICODE)
    samples = {_sample(parsed, branch)[:200] for branch in range(_MOST_SAMPLES)}
    cuts = {sample[: len(sample) * part // 4] for sample in samples for part in (1, 2, 3, 4)} | {
        sample[:-1] for sample in samples
    }
    return {*filter(None, cuts), *_UNITS}


@pytest.mark.timeout(120)  # a bound for a hang: where each place reads all that follows, an hour
@pytest.mark.parametrize("module", _list_modules())
def test_a_pattern_reads_a_megabyte_in_its_time(module: str) -> None:
    for name, pattern, flags, method in _find_uses(module):
        compiled = re.compile(pattern, flags)
        chars = _BOUNDED.get(f"{module}.{name}", _BOUNDED.get(module, _CHARS))
        for unit in _list_units(pattern, flags):
            text = unit * (chars // len(unit)) + "!"
            is_text = isinstance(pattern, str)
            _use(compiled, method, text if is_text else text.encode("latin-1", "replace"))


def _use(compiled: re.Pattern[Any], method: str, text: Any) -> None:
    if method == "sub":
        compiled.sub(lambda found: found[0], text)
    elif method == "finditer":
        assert sum(1 for _ in compiled.finditer(text)) >= 0
    else:
        getattr(compiled, method)(text)
