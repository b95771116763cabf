"""What the benchmarks have measured, read from their results, each figure with its source."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.lib.chat_simulation import Speeds

RESULTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Figure:
    """One measured figure: in words with its unit, and the file and field that it comes from."""

    name: str
    result: str
    source: str


@dataclass(frozen=True)
class Figures:
    """All that the simulation builds on; `sources` says where each comes from.

    `commits_per_s`: of one PostgreSQL, with as many connections as gave most.
    `commit_s`: one commit with one connection.
    """

    speeds: Speeds
    commits_per_s: float
    commit_s: float
    sources: tuple[Figure, ...]


def read_figures() -> Figures:
    """Return the figures of the results that lie here."""
    one, people = _details("one_replica"), _details("many_users")["people"]
    read_s, write_s = one["read_s_per_token"], one["write_s_per_token"]
    gain = {int(n): value for n, value in one["gain"].items()}
    exchanges = [(prompt, tokens) for prompt, tokens in one["exchanges"]]
    page_s = people["cores"] * _PEOPLE_S / len(people["ttft"])
    start_s = _read_row("autoscaling", "a pod's start")
    commits = {int(n): rate for n, rate in one["commits_per_s"].items()}
    speeds = Speeds(read_s, write_s, gain, exchanges, page_s, start_s)
    typical = [round(statistics.mean(column)) for column in zip(*exchanges, strict=True)]
    sources = (
        Figure("reading, one CPU", f"{1 / read_s:.0f} tokens/s", "one_replica: read_s_per_token"),
        Figure("writing, one CPU", f"{1 / write_s:.0f} tokens/s", "one_replica: write_s_per_token"),
        Figure("answers a second, by slots in use", _list(gain), "one_replica: gain"),
        Figure(
            "prompt, answer (mean)",
            f"{typical[0]}, {typical[1]} tokens",
            f"one_replica: exchanges ({len(exchanges)} prompts of locustfiles/prompts.jsonl)",
        ),
        Figure("the page, an answer", f"{page_s * 1000:.0f} ms of CPU", "many_users: people"),
        Figure("a pod's start", f"{start_s:.0f} s", "autoscaling: a pod's start"),
        Figure("commits a second, by connections", _list(commits), "one_replica: commits_per_s"),
    )
    return Figures(speeds, max(commits.values()), 1 / commits[1], sources)


def read_measured_phases() -> dict[str, dict[str, float]]:
    """Return the figures of the phases of benchmarks/autoscaling.py, by name."""
    phases: dict[str, dict[str, float]] = _details("autoscaling").get("measured", {})
    return phases


_PEOPLE_S = 60  # how long benchmarks/many_users.py lets people chat


@cache
def _read(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text())


def _details(name: str) -> Any:
    return _read(name)["details"]


def _read_row(name: str, measure: str) -> float:
    (result,) = (row["result"] for row in _read(name)["rows"] if row["measure"].startswith(measure))
    return float(result.split()[0])


def _list(values: dict[int, float]) -> str:
    return ", ".join(f"{n}: {value:.3g}" for n, value in sorted(values.items()))
