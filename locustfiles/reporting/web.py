"""Locust's web page, with a tab of what people feel: time to first token, tokens per second."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Response, request

from locustfiles.reporting.summary import group_by
from locustfiles.run.load_run import Run
from locustfiles.run.maths import percentile
from locustfiles.run.records import Record

if TYPE_CHECKING:
    from locust.web import WebUI  # imported, it patches the whole process

_WINDOW_S = 30
_COLUMNS = {
    "name": "Answers",
    "done": "Done",
    "failed": "Failed",
    "ttft_p50": "TTFT median (ms)",
    "ttft_p95": "TTFT 95th (ms)",
    "tpot_p95": "TPOT 95th (ms)",
    "tokens_now": "Tokens/s now",
    "tokens": "Tokens/s each",
}


def add_answers_tab(web_ui: WebUI, current: Callable[[], Run | None]) -> None:
    """Add the tab; `current` is the run whose answers it shows."""
    web_ui.template_args |= {
        "extended_tabs": [{"title": "Answers", "key": "answers"}],
        "extended_tables": [
            {
                "key": "answers",
                "structure": [{"key": key, "title": title} for key, title in _COLUMNS.items()],
            }
        ],
        "extended_csv_files": [],
    }

    def add_answers(response: Response) -> Response:
        run = current()
        if request.path == "/stats/requests" and run is not None:
            tables = [{"key": "answers", "data": list_rows(run.ledger.records, time.time())}]
            response.set_data(json.dumps({**response.get_json(), "extended_stats": tables}))
        return response

    assert web_ui.app is not None
    web_ui.app.after_request(add_answers)


def list_rows(records: list[Record], now: float) -> list[dict[str, Any]]:
    """One row for each kind of answer, latencies in milliseconds; `now` looks at the last 30 s."""
    return [
        {"name": kind, "safeName": kind} | _make_row(answers, now)
        for kind, answers in group_by(records, lambda r: r.kind).items()
        if kind != "page"
    ]


def _make_row(answers: list[Record], now: float) -> dict[str, Any]:
    ttfts = [r.ttft_s for r in answers if r.ttft_s is not None]
    tpots = [r.tpot_s for r in answers if r.tpot_s]
    recent = sum(r.tokens or 0 for r in answers if r.at + (r.total_s or 0) > now - _WINDOW_S)
    each = percentile(tpots, 50)
    return {
        "done": sum(r.outcome == "done" for r in answers),
        "failed": sum(r.outcome == "failed" for r in answers),
        "ttft_p50": _to_milliseconds(percentile(ttfts, 50)),
        "ttft_p95": _to_milliseconds(percentile(ttfts, 95)),
        "tpot_p95": _to_milliseconds(percentile(tpots, 95)),
        "tokens_now": round(recent / _WINDOW_S, 1),
        "tokens": each and round(1 / each, 1),
    }


def _to_milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
