"""The report of a run: `python -m locustfiles.reporting.report reports/<time>` writes it again."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from locustfiles.reporting.capacity import find_capacity
from locustfiles.reporting.compare import compare_runs
from locustfiles.reporting.plots import plot_against_load, plot_over_time, plot_replicas
from locustfiles.reporting.summary import summarize_run
from locustfiles.run.goals import UNITS, Goals
from locustfiles.run.load_run import Setup
from locustfiles.run.records import read_records

GOAL_NAMES = {
    "ttft_p95": "Time to first token, 95th percentile",
    "tpot_p95": "Time per further token, 95th percentile",
    "errors": "Failed or lost answers",
    "goodput": "Answers within both latency goals",
    "page_p95": "Page opened, 95th percentile",
}


def write_report(folder: Path, baseline: Path | None = None) -> dict[str, Any]:
    """Write summary.json and report.html from what lies in `folder`, print the short form.

    `baseline` is the folder of a run to compare with. Returns the summary.
    """
    setup, records = Setup.load(folder), list(read_records(folder / "records.ndjson"))
    summary = summarize_run(setup, records)
    before = orjson.loads((baseline / "summary.json").read_bytes()) if baseline else {}
    if setup.shape == "sweep":
        summary["capacity"] = find_capacity(setup, records, before.get("capacity"))
        summary["passed"] = summary["capacity"]["people"] > 0  # it goes on until a goal breaks
    if baseline:
        old = list(read_records(baseline / "records.ndjson"))
        summary["baseline"] = str(baseline)
        summary["comparison"] = compare_runs(old, records, Goals(**setup.goals))
    (folder / "summary.json").write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
    plots = {
        "over_time": plot_over_time(setup, records),
        "against_load": plot_against_load(setup, records),
    }
    named = {name: measured for name, measured in summary["replicas"].items() if name}
    if len(named) > 1:
        plots["over_replicas"] = plot_replicas(named)
    (folder / "report.html").write_text(render_html(summary, plots))
    print(format_summary(summary, folder))
    return summary


def render_html(summary: dict[str, Any], plots: dict[str, str]) -> str:
    """Return the page: one file that needs nothing else."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "s": _format_seconds,
        "ms": _format_milliseconds,
        "pct": _format_percent,
        "n": _format_number,
    }
    template = environment.get_template("report.html.j2")
    started = datetime.fromtimestamp(summary["run"]["started"], UTC)
    return template.render(
        **summary, plots=plots, started=started, goal_names=GOAL_NAMES, units=UNITS
    )


def format_summary(summary: dict[str, Any], folder: Path) -> str:
    """Return what the terminal shows: the six classic figures, the goals, the verdict."""
    answers = summary["answers"]
    lines = [
        "",
        f"Total requests    {answers['requests']} "
        f"({answers['finished']} finished, {answers['lost']} lost)",
        f"Throughput        {_format_number(answers['throughput'])} answers/s, "
        f"{_format_number(answers['tokens_per_second'])} tokens/s",
        f"Average           {_format_seconds(answers['mean'])}",
        f"Median            {_format_seconds(answers['median'])}",
        f"95th percentile   {_format_seconds(answers['p95'])}",
        f"Error rate        {_format_percent(answers['error_rate'])}",
        "",
    ]
    for goal in summary["goals"] if "capacity" not in summary else ():
        unit = UNITS[goal["goal"]]
        sign = "≥" if goal["goal"] == "goodput" else "≤"
        state = {True: "held", False: "BROKEN", None: "not measured"}[goal["held"]]
        value = _format_number(goal["value"])
        lines.append(
            f"{GOAL_NAMES[goal['goal']]}: {value} {unit} ({sign} {goal['limit']:g} {unit}) {state}"
        )
    lines += [summary["capacity"]["sentence"]] if "capacity" in summary else []
    lines.append(f"{'PASSED' if summary['passed'] else 'FAILED'}: {folder / 'report.html'}")
    return "\n".join(lines)


def _format_seconds(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def _format_milliseconds(value: float | None) -> str:
    return "—" if value is None else f"{value * 1000:.0f} ms"


def _format_percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.2%}" if 0 < value < 0.1 else f"{value:.1%}"


def _format_number(value: float | None) -> str:
    return "—" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def main() -> None:
    """Write the report of a folder again."""
    parser = argparse.ArgumentParser(description="Write the report of a run again.")
    parser.add_argument("folder", type=Path, help="reports/<time>")
    parser.add_argument("--compare", type=Path, help="folder of the run to compare with")
    arguments = parser.parse_args()
    write_report(arguments.folder, arguments.compare)


if __name__ == "__main__":
    main()
