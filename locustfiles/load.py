"""The load test: `locust -f locustfiles/load.py`, or `make load`. See docs/load-testing.md.

With --headless it runs one shape, writes its report and ends with 0 or, when a goal was broken,
with 1. Without, Locust's web page at :8089 starts and stops it.
"""

from __future__ import annotations

import logging
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from locust import LoadTestShape, events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from locustfiles.reporting import web
from locustfiles.reporting.report import write_report
from locustfiles.run import options, target
from locustfiles.run.load_run import Run
from locustfiles.run.outbox import outbox
from locustfiles.run.shapes import SHAPES, scale_shape
from locustfiles.users import ApiUser, ChatUser, OllamaUser

__all__ = ["ApiUser", "ChatUser", "OllamaUser", "Planned"]

_SPAWN_RATE = 100.0  # at once, as Locust sees it
_REPORT_MARGIN_S = 4.0  # workers report every 3 seconds

current: Run | None = None


class Planned(LoadTestShape):
    """The shape that --shape names, then the drain."""

    use_common_options = True  # --users is the shape's peak

    def tick(self) -> tuple[int, float] | None:
        """Return what Locust is to do now: users and users per second; None ends the test."""
        assert self.runner is not None
        run = current or _begin_run(self.runner.environment)
        run.ledger.take(outbox.take())
        margin = _REPORT_MARGIN_S if isinstance(self.runner, MasterRunner) else 0.0
        users = run.users(self.get_current_user_count(), margin)
        return None if users is None else (users, _SPAWN_RATE)


@events.init_command_line_parser.add_listener
def _add_options(parser: ArgumentParser) -> None:
    options.add_options(parser)


@events.init.add_listener
def _prepare_environment(environment: Environment, **_: Any) -> None:
    options = environment.parsed_options
    assert options is not None
    environment.stop_timeout = options.drain
    threading.Thread(target=outbox.watch, daemon=True).start()
    if isinstance(environment.runner, WorkerRunner):
        return
    options.peak, options.num_users = options.num_users, None
    if options.headless:
        # The report says it all, and in fewer lines.
        logging.getLogger("locust.stats_logger").setLevel(logging.ERROR)
    if environment.web_ui:
        web.add_answers_tab(environment.web_ui, lambda: current)


@events.report_to_master.add_listener
def _send_outbox(data: dict[str, Any], **_: Any) -> None:
    data["outbox"] = outbox.take()


@events.worker_report.add_listener
def _receive_outbox(client_id: str, data: dict[str, Any], **_: Any) -> None:
    if current is not None:
        current.ledger.take(data["outbox"], client_id)


@events.test_stop.add_listener
def _finish_on_page(environment: Environment, **_: Any) -> None:
    if environment.web_ui:
        _finish_run(environment)


@events.quitting.add_listener
def _finish_at_exit(environment: Environment, **_: Any) -> None:
    _finish_run(environment)


def _begin_run(environment: Environment) -> Run:
    global current
    options = environment.parsed_options
    assert options is not None
    shape = scale_shape(SHAPES[options.shape], options.peak, options.length)
    outbox.take()
    current = Run(
        target.prepare_target(environment, shape), shape, options.abort, Path(options.reports)
    )
    return current


def _finish_run(environment: Environment) -> None:
    global current
    run, current = current, None
    if run is None:
        return
    run.ledger.take(outbox.take())
    run.finish()
    options = environment.parsed_options
    assert options is not None
    summary = write_report(run.folder, options.compare and Path(options.compare))
    environment.process_exit_code = 0 if summary["passed"] else 1
    sys.stdout.flush()
