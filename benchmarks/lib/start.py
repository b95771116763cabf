"""From `make run` on a set-up machine to the page, and the memory of the chat with one user."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.lib.report import Report
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.product import ROOT, Served, environment, free_port, wait_for


def report_page_after_make_run(folder: Path, to: Report) -> None:
    """Measure the second `make run`: the first one may have to set up the machine."""
    seconds: list[float] = []
    for _ in range(2):
        port = free_port()
        started = time.perf_counter()
        with _make_run(port, folder):
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda url=url: _is_answering(url), timeout=1200)  # type: ignore[misc]
            StreamlitUser(url).connect()
            seconds.append(time.perf_counter() - started)
    to.add_row("page drawn after `make run`", "≤ 3 s", f"{seconds[-1]:.2f} s", seconds[-1] <= 3)


@contextmanager
def _make_run(port: int, folder: Path) -> Iterator[None]:
    with (folder / "make.log").open("ab") as log:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=ROOT,
            env=environment(port=port, data_dir=folder / "made"),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _is_answering(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def report_memory(page: Served, to: Report) -> None:
    """Resident memory of the chat process with one user, who has had an answer."""
    with StreamlitUser(page.url) as user:
        user.ask("Good morning")
        resident = psutil.Process(page.process.pid).memory_info().rss / 1e6
    to.add_row("resident with one user", "≤ 200 MB", f"{resident:.0f} MB", resident <= 200)
