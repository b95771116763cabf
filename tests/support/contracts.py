"""What docs/streamlit-internals.md lists: names of other programs, and what breaks without them."""

from __future__ import annotations

import inspect
import pkgutil
import re
from dataclasses import dataclass
from typing import Any

from tests.support.product import ROOT

DOCUMENT = ROOT / "docs/streamlit-internals.md"
_HEADING = re.compile(r"^## .*: `(?P<adapter>[\w/.]+)`$")
_ROW = re.compile(r"^\| `(?P<name>[\w.:]+)` \| (?P<why>.+) \| (?P<loss>.+) \| `(?P<test>.+)` \|$")
_SAME = "the same"  # as in the row above


@dataclass(frozen=True)
class Contract:
    """A name such as `uvicorn:Server.handle_exit`, the file that uses it, and the file that tests.

    `why` and `loss` say in words why it is used and what is lost without it.
    """

    name: str
    adapter: str
    why: str
    loss: str
    test: str

    def check(self) -> None:
        """Raise AssertionError when the installed version does not have the name."""
        module, _, path = self.name.partition(":")
        owner_path, _, attribute = path.rpartition(".")
        try:
            owner = pkgutil.resolve_name(f"{module}:{owner_path}" if owner_path else module)
        except (ImportError, AttributeError):
            owner = None
        assert owner is not None and _has(owner, attribute), (
            f"{self.name} is gone. What for: {self.why}. Without it: {self.loss}. Find what took "
            f"its place and change {self.adapter}, or keep the version that has it."
        )


def _has(owner: Any, attribute: str) -> bool:
    """Return whether a module, class or protobuf message has an attribute or sets it by itself."""
    fields = getattr(getattr(owner, "DESCRIPTOR", None), "fields_by_name", ())
    if hasattr(owner, attribute) or attribute in fields:
        return True
    if not inspect.isclass(owner):
        return False
    return any(
        attribute in vars(cls).get("__annotations__", {}) or f"self.{attribute}" in _source(cls)
        for cls in owner.__mro__
    )


def _source(cls: type) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):  # made without Python code
        return ""


def read_contracts() -> list[Contract]:
    """Return the rows of all tables, in the document's order."""
    contracts: list[Contract] = []
    adapter = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = _HEADING.match(line)
            adapter = heading["adapter"] if heading else ""
        elif row := _ROW.match(line):
            why = contracts[-1].why if row["why"] == _SAME else row["why"]
            loss = contracts[-1].loss if row["loss"] == _SAME else row["loss"]
            contracts.append(Contract(row["name"], adapter, why, loss, row["test"]))
    return contracts
