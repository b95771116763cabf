"""The table that a benchmark prints and writes beside itself, as JSON and as Markdown."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.lib.measure import MOST_NOISE

PACKAGES = ("streamlit", "uvicorn", "langchain-ollama", "websockets", "protobuf")


@dataclass(frozen=True)
class Row:
    """One figure beside its goal; `met` is None where there is no goal."""

    measure: str
    goal: str
    result: str
    met: bool | None = None


@dataclass
class Report:
    """The result of one run of the benchmark `name`; `details` are all figures behind the rows."""

    name: str
    title: str
    ollama: str = "fake"
    rows: list[Row] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def add_row(self, measure: str, goal: str, result: str, met: bool | None = None) -> None:
        """Add a row and print it."""
        self.rows.append(Row(measure, goal, result, met))
        print(_format_row(self.rows[-1]), flush=True)

    def add_noise(self, share: float, of: str) -> None:
        """Add a row for the CPU that others used, 1.0 for the whole machine, at most."""
        measure = f"CPU of the machine used by others meanwhile, at most ({of})"
        self.add_row(measure, f"≤ {MOST_NOISE:.0%}", f"{share:.1%}", share <= MOST_NOISE)

    def add_ollama(self, url: str) -> None:
        """Note the version of the Ollama at `url`."""
        self.ollama = httpx.get(f"{url}/api/version").json()["version"]

    def write_files(self, save: bool) -> None:
        """Print the whole table; with `save`, write NAME.json and NAME.md here too."""
        body = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": describe_machine(),
            "versions": {name: version(name) for name in PACKAGES} | {"ollama": self.ollama},
            "rows": [asdict(row) for row in self.rows],
            "details": self.details,
        }
        text = self._format_markdown(body)
        print("\n" + text)
        if save:
            here = Path(__file__).parents[1] / self.name
            here.with_suffix(".json").write_text(json.dumps(body, indent=1) + "\n")
            here.with_suffix(".md").write_text(text)

    def _format_markdown(self, body: dict[str, Any]) -> str:
        versions = ", ".join(f"{name} {number}" for name, number in body["versions"].items())
        lines = [
            f"# {self.title}",
            "",
            f"{body['date']}, {', '.join(body['machine'].values())}; {versions}.",
            "",
            "| measure | goal | result | |",
            "|---|---|---|---|",
            *map(_format_row, self.rows),
        ]
        return "\n".join(lines) + "\n"


def describe_machine() -> dict[str, str]:
    """Return what the figures were measured on."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in info if line.startswith("model name")]
    memory = psutil.virtual_memory().total / 2**30
    return {
        "cpu": f"{psutil.cpu_count()} cores of {names[0] if names else platform.machine()}",
        "memory": f"{memory:.0f} GiB",
        "system": f"Linux {platform.release()}",
        "python": f"Python {platform.python_version()}",
    }


def _format_row(row: Row) -> str:
    verdict = {True: "yes", False: "**no**", None: ""}[row.met]
    return f"| {row.measure} | {row.goal} | {row.result} | {verdict} |"
