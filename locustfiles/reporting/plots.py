"""The plots of a report, as SVG whose colours are the page's own: for screens light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from locustfiles.reporting.summary import group_by
from locustfiles.run.load_run import Setup
from locustfiles.run.maths import percentile
from locustfiles.run.records import Record

# Stand-ins that the SVG is searched for, each replaced by a CSS variable.
INK, MUTED, GRID, FIRST, SECOND, BAD = (f"#0101{n:02x}" for n in range(1, 7))
_VARIABLES = dict(
    zip(
        (INK, MUTED, GRID, FIRST, SECOND, BAD),
        ("ink", "muted", "grid", "first", "second", "bad"),
        strict=True,
    )
)
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "ytick.left": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
}
_WIDTH = 8.4  # inches; the page scales it
_BINS = 48
_NICE = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_FEW = 3  # answers below which a percentile says nothing


def plot_over_time(setup: Setup, records: Sequence[Record]) -> str:
    """Plot users and replicas, answers and tokens per second, TTFT, along one time axis."""
    begin, end = setup.started, setup.ended
    width = next((w for w in _NICE if (end - begin) / w <= _BINS), _NICE[-1])
    answers = [r for r in records if r.kind != "page"]
    edges = [n * width for n in range(int((end - begin) // width) + 1)]
    ended = group_by(answers, lambda r: int((r.at + (r.total_s or 0) - begin) // width))
    sent = group_by(answers, lambda r: int((r.at - begin) // width))

    def draw_figure(figure: Figure) -> None:
        rows = figure.subplots(4, 1, sharex=True, gridspec_kw={"height_ratios": [1, 1, 1, 1.6]})
        users, rate, tokens, ttft = rows
        _draw_users(users, setup, answers, begin, width, ended)
        done = [sum(r.outcome == "done" for r in ended.get(n, [])) for n in range(len(edges))]
        _draw_steps(rate, edges, [count / width for count in done])
        failures = [r.at + (r.total_s or 0) - begin for r in answers if r.outcome == "failed"]
        if failures:
            rate.plot(failures, [0] * len(failures), "|", color=BAD, ms=9, mew=1.6, clip_on=False)
        rate.set_title(f"Answers per second{'; a red stroke is a failed one' if failures else ''}")
        made = [sum(r.tokens or 0 for r in ended.get(n, [])) / width for n in range(len(edges))]
        _draw_steps(tokens, edges, made)
        tokens.set_title("Tokens per second")
        _draw_ttft(ttft, setup, sent, width)
        ttft.set_xlabel("seconds since the start")
        ttft.set_xlim(0, end - begin)

    return _render_svg(draw_figure, 6.6, "Users, throughput and time to first token over time")


def plot_against_load(setup: Setup, records: Sequence[Record]) -> str:
    """TTFT and TPOT against the number of users, with their goals."""
    answers = [r for r in records if r.kind != "page" and r.outcome == "done" and r.users]
    most = max((r.users or 0 for r in answers), default=0)
    loads = {r.users for r in answers}
    width = 1 if len(loads) <= 12 else max(1, -(-most // 10))
    loads_met = group_by(answers, lambda r: -(-(r.users or 0) // width) * width)
    by_load = {load: group for load, group in loads_met.items() if len(group) >= _FEW}

    def draw_figure(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for axes, field, goal, title in (
            (left, "ttft_s", setup.goals["ttft_p95"], "Time to first token, s"),
            (right, "tpot_s", setup.goals["tpot_p95"], "Per further token, s"),
        ):
            for percent, colour in ((50, FIRST), (95, SECOND)):
                points = _list_percentiles(by_load, field, percent)
                _draw_line(axes, *points, colour, _name_percentile(percent), marker="o")
            _draw_goal(axes, goal)
            axes.set_title(title)
            axes.set_xlabel("users")
        figure.legend(
            *right.get_legend_handles_labels(), frameon=False, ncols=3, loc="outside upper right"
        )

    return _render_svg(
        draw_figure, 2.9, "Time to first token and time per token against the number of users"
    )


def plot_replicas(answers_by_replica: dict[str, dict[str, Any]]) -> str:
    """Return how many answers each replica gave, and how soon they began."""
    names = list(answers_by_replica)

    def draw_figure(figure: Figure) -> None:
        axes = figure.subplots()
        counts = [answers_by_replica[name]["finished"] for name in names]
        axes.barh(names, counts, color=FIRST, height=0.6)
        for row, name in enumerate(names):
            p95 = answers_by_replica[name]["ttft"]["p95"]
            note = f"{counts[row]} ({counts[row] / sum(counts):.0%})"
            note += "" if p95 is None else f", TTFT p95 {p95:.2f} s"
            place: dict[str, Any] = {
                "xytext": (5, 0),
                "textcoords": "offset points",
                "va": "center",
            }
            axes.annotate(note, (counts[row], row), color=MUTED, **place)
        axes.set_xlim(right=max(counts) * 1.5)
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.set_xticks([])
        axes.spines.bottom.set_visible(False)
        axes.tick_params(axis="y", labelcolor=INK)

    return _render_svg(draw_figure, 0.5 + 0.32 * len(names), "Answers by replica")


def _draw_users(
    axes: Axes,
    setup: Setup,
    answers: Sequence[Record],
    begin: float,
    width: float,
    ended: dict[int, list[Record]],
) -> None:
    at = [moment[0] - begin for moment in setup.moments] + [setup.ended - begin]
    users = [moment[2] for moment in setup.moments]
    _draw_steps(axes, at, [*users, 0])
    replicas = {n: len({r.replica for r in group if r.replica}) for n, group in ended.items()}
    title = "Users"
    if max(replicas.values(), default=0) > 1:
        bins = sorted(replicas)
        axes.step(
            [n * width for n in bins], [replicas[n] for n in bins], where="post", color=SECOND
        )
        title = "Users (blue) and replicas that answered (orange)"
    axes.set_title(title)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))


def _draw_ttft(axes: Axes, setup: Setup, sent: dict[int, list[Record]], width: float) -> None:
    middles = {(n + 0.5) * width: group for n, group in sorted(sent.items())}
    for percent, colour in ((50, FIRST), (95, SECOND)):
        points = _list_percentiles(middles, "ttft_s", percent)
        _draw_line(axes, *points, colour, _name_percentile(percent), marker="o")
    _draw_goal(axes, setup.goals["ttft_p95"])
    axes.set_title("Time to first token, s, of answers sent then")
    axes.legend(frameon=False, loc="lower right", ncols=3, bbox_to_anchor=(1, 1), borderpad=0)


def _list_percentiles(
    groups: dict[Any, list[Record]], field: str, percent: int
) -> tuple[list[float], list[float]]:
    known = {
        at: [value for r in group if (value := getattr(r, field)) is not None]
        for at, group in sorted(groups.items())
    }
    points = [(at, percentile(values, percent)) for at, values in known.items()]
    measured = [(at, value) for at, value in points if value is not None]
    return [at for at, _ in measured], [value for _, value in measured]


def _name_percentile(percent: int) -> str:
    return "median" if percent == 50 else f"{percent}th percentile"


def _draw_steps(axes: Axes, at: Sequence[float], values: Sequence[float]) -> None:
    axes.step(at, values, where="post", color=FIRST)
    axes.fill_between(at, values, step="post", color=FIRST, alpha=0.12, lw=0)
    axes.set_ylim(bottom=0)


def _draw_line(
    axes: Axes, at: Sequence[float], values: Sequence[float], colour: str, name: str, **how: Any
) -> None:
    axes.plot(at, values, color=colour, label=name or None, ms=3.5, **how)


def _draw_goal(axes: Axes, limit_ms: float | None) -> None:
    if limit_ms is not None:
        axes.axhline(limit_ms / 1000, color=BAD, lw=1.2, ls=(0, (5, 3)), label="goal")
    axes.set_ylim(bottom=0)


def _render_svg(draw_figure: Callable[[Figure], None], height: float, label: str) -> str:
    with mpl.rc_context({**_STYLE, "svg.hashsalt": label}):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw_figure(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg [^>]*?)width="[^"]*" height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(font: [^']*?)'[^;\"]*", r"\1inherit", svg)
    svg = re.sub("#0101[0-9a-f]{2}", lambda match: f"var(--{_VARIABLES[match[0]]})", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
