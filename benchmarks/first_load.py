"""How the page comes to a browser: on a slow line and a slow phone; against the fake Ollama.

    python -m benchmarks.first_load [--quick]

A cold load, a warm one, and the reload of a conversation with 15 rich answers, each on this machine
and throttled as DevTools' "slow 4G" with a processor of a quarter of the speed: bytes and requests,
seconds until a prompt can be typed, and how much the page moves meanwhile (CLS). Prints a table
with the goal beside each figure and writes it to first_load.json and .md here. Needs a quiet
machine.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, expect, sync_playwright

from benchmarks.lib.report import Report
from chatbot.history import History
from tests.support.chat_page import ChatPage
from tests.support.chromium import ARGUMENTS, executable
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.product import Served

RUNS = 5
RICH_ANSWERS = 15
MOST_BYTES, MOST_SECONDS, MOST_SHIFT = 1_200_000, 7.0, 0.05
SLOW_LINE = {
    "offline": False,
    "latency": 150,  # ms for each request
    "downloadThroughput": 1_600_000 / 8,  # bytes a second
    "uploadThroughput": 750_000 / 8,
}
SLOW_CPU = {"rate": 4}
STILL_S = 1.5  # after which nothing moves any more

RICH = """# An answer

Text with **bold**, `code` and $a^2 + b^2 = c^2$.

| one | two |
|---|---|
| 1 | 2 |

```python
def answer() -> int:
    return 42
```

- first
- second
"""

_WATCH_SHIFTS = """
  window.shift = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (!entry.hadRecentInput) window.shift += entry.value;
  })).observe({type: "layout-shift", buffered: true});
"""


@dataclass(frozen=True)
class Load:
    """One load of the page: what came, after how long it could be used, how much it moved."""

    bytes: int
    requests: int
    seconds: float
    shift: float


class Traffic:
    """What a tab has got since it was made."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes = self.requests = 0
        session.send("Network.enable")
        session.on("Network.responseReceived", self._count)
        session.on("Network.loadingFinished", self._add)

    def _count(self, event: dict[str, Any]) -> None:
        self.requests += not event["response"].get("fromDiskCache", False)

    def _add(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]


def main() -> None:
    """Measure each load and write the report."""
    parser = argparse.ArgumentParser(description="Measure how the page comes to a browser.")
    parser.add_argument("--quick", action="store_true", help="one run, nothing is written")
    quick = parser.parse_args().quick
    expect.set_options(timeout=120_000)
    report = Report("first_load", "The first load in Chromium")
    with tempfile.TemporaryDirectory() as name, FakeOllama() as fake, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        with Served(fake.url, Path(name) / "data") as served:
            for is_slow in (False, True):
                measure_loads(browser, served, is_slow, 1 if quick else RUNS, report)
        browser.close()
    report.write_files(save=not quick)


def measure_loads(browser: Browser, served: Served, is_slow: bool, runs: int, to: Report) -> None:
    """Load the page `runs` times in each way, each time in a new browser profile."""
    loads: dict[str, list[Load]] = {"cold": [], "warm": [], "reload of a rich conversation": []}
    for _ in range(runs):
        with open_context(browser) as context:
            loads["cold"].append(load_page(context, served.url, is_slow))
            loads["warm"].append(load_page(context, served.url, is_slow))
            address = store_rich_conversation(context, served)
            loads["reload of a rich conversation"].append(load_page(context, address, is_slow))
    for kind, measured in loads.items():
        add_rows(kind, is_slow, measured, to)


@contextlib.contextmanager
def open_context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a profile with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(120_000)
    try:
        yield context
    finally:
        context.close()


def load_page(context: BrowserContext, address: str, is_slow: bool) -> Load:
    """Open a tab, wait until a prompt can be typed and nothing moves, and close it."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    traffic = Traffic(session)
    if is_slow:
        session.send("Network.emulateNetworkConditions", SLOW_LINE)
        session.send("Emulation.setCPUThrottlingRate", SLOW_CPU)
    page.add_init_script(_WATCH_SHIFTS)
    started = time.monotonic()
    page.goto(address, wait_until="commit")
    chat = ChatPage(page, address)
    expect(chat.input).to_be_enabled()
    seconds = time.monotonic() - started
    page.wait_for_timeout(STILL_S * 1000)
    load = Load(traffic.bytes, traffic.requests, seconds, page.evaluate("window.shift"))
    page.close()
    return load


def store_rich_conversation(context: BrowserContext, served: Served) -> str:
    """Ask once, write rich answers into that conversation, and return its address."""
    page = ChatPage(context.new_page(), served.url)
    page.open()
    page.ask("Good morning")
    page.page.wait_for_url("**c=*")
    address = page.page.url
    page.page.close()
    file, conversation = served.data_dir / "chat.db", address.partition("c=")[2]
    with contextlib.closing(sqlite3.connect(file)) as db:
        [user_id] = db.execute(
            "SELECT owner FROM conversations WHERE id = ?", [conversation]
        ).fetchone()
    history = History(f"sqlite:///{file}")
    for _ in range(RICH_ANSWERS):
        exchange = history.store_prompt(user_id, conversation, "Tell me all", DEFAULT_MODEL)
        history.finish_answer(exchange.answer.id, content=RICH, state="done")
    history.close()
    return address


def add_rows(kind: str, is_slow: bool, loads: list[Load], to: Report) -> None:
    """Add the medians of one kind of load, beside the goals that it has."""
    where = "slow 4G, CPU at a quarter" if is_slow else "this machine"

    def middle(read: Callable[[Load], float]) -> float:
        return statistics.median(map(read, loads))

    to.details[f"{kind}, {where}"] = [asdict(load) for load in loads]
    size, shift = middle(lambda load: load.bytes), middle(lambda load: load.shift)
    seconds = middle(lambda load: load.seconds)
    has_goal = kind == "cold" and is_slow
    came = f"{size / 1000:,.0f} kB in {middle(lambda load: load.requests):.0f} requests"
    to.add_row(
        f"{kind}, {where}: what comes",
        "≤ 1,200 kB" if kind == "cold" else "",
        came,
        size <= MOST_BYTES if kind == "cold" else None,
    )
    to.add_row(
        f"{kind}, {where}: until a prompt can be typed",
        f"≤ {MOST_SECONDS:.0f} s" if has_goal else "",
        f"{seconds:.2f} s",
        seconds <= MOST_SECONDS if has_goal else None,
    )
    text = f"{kind}, {where}: how much the page moves (CLS)"
    to.add_row(text, f"≤ {MOST_SHIFT}", f"{shift:.3f}", shift <= MOST_SHIFT)


if __name__ == "__main__":
    main()
