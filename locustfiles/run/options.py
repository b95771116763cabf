"""The options of a load test beside Locust's own; each can be a LOAD_… variable."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from locustfiles.run.goals import UNITS, Goals
from locustfiles.run.shapes import SHAPES

_UNIT_WORDS = {"ms": "milliseconds", "%": "percent"}
_GOAL_HELP = {
    "ttft_p95": "most for the first text, at the 95th percentile",
    "tpot_p95": "most for each further token, at the 95th percentile",
    "errors": "most failed or lost answers",
    "goodput": "least answers that meet both latency goals",
    "page_p95": "most to open the page, at the 95th percentile",
}


def add_options(parser: ArgumentParser) -> None:
    """Add the options to Locust's parser."""
    group = parser.add_argument_group("load test")

    def add_option(name: str, **how: object) -> None:
        variable = "LOAD_" + name.removeprefix("--").replace("-", "_").upper()
        group.add_argument(name, env_var=variable, **how)  # type: ignore[arg-type]

    shapes = "; ".join(f"{name}: {shape.what}" for name, shape in SHAPES.items())
    add_option("--shape", choices=list(SHAPES), default="smoke", help=shapes)
    add_option("--length", type=float, help="seconds of the shape, or of each step of a sweep")
    add_option("--drain", type=float, default=60, help="seconds that the last answers get to end")
    add_option("--seed", type=int, default=1, help="what users ask and do is drawn from it")
    add_option(
        "--think", type=float, default=5, help="seconds between reading and asking, on average"
    )
    add_option("--timeout", type=float, default=120, help="longest wait for an answer, in seconds")
    add_option("--ollama-host", default="http://127.0.0.1:11434", help="where OllamaUser asks")
    add_option("--model", default="", help="what OllamaUser asks; empty: the model of the chat")
    add_option(
        "--num-predict", type=int, default=64, help="longest answer to OllamaUser, in tokens"
    )
    add_option("--abort", action="store_true", help="drain as soon as a goal is broken")
    add_option("--reports", default="reports", help="folder for the reports")
    add_option("--compare", help="folder of the report to compare with")
    for name, default in vars(Goals()).items():
        flag = "--goal-" + name.replace("_", "-")
        words = f"{_GOAL_HELP[name]}, in {_UNIT_WORDS[UNITS[name]]}; none: no such goal"
        add_option(flag, type=_parse_limit, default=default, help=words)


def read_goals(options: Namespace) -> Goals:
    """Return the goals that were asked for."""
    return Goals(**{name: getattr(options, f"goal_{name}") for name in vars(Goals())})


def _parse_limit(text: str) -> float | None:
    return None if text == "none" else float(text)
