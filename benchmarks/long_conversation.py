"""How a long conversation feels in a real Chromium; against the fake Ollama.

    python -m benchmarks.long_conversation [--quick]

For conversations of 2, 50 and 300 messages, the longest with 100 000 characters: from the click on
it in the sidebar until its last answer can be read, the memory of the tab then, and from Enter to
the visible prompt, and to the request that reaches Ollama. Prints a table with the goal beside each
figure and writes it to long_conversation.json and .md here. Needs a quiet machine.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from benchmarks.lib.report import Report
from chatbot.history import History
from tests.support.chat_page import ChatPage
from tests.support.chromium import ARGUMENTS, executable
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, prose
from tests.support.product import Served

SIZES = (2, 50, 300)  # messages
CHARACTERS = 100_000  # of the longest conversation
PROMPTS, OPENINGS = 10, 5
READABLE_MS, TAB_MB = 500, 60
VISIBLE_MS, LEAVES_MS = 150, 50
TITLE = "Good morning"
CODE = '\n\n```python\nprint("good morning")\n```\n\n- **one** of two\n- `two`'

# Milliseconds from an event until the frame in which one of the last messages in sight has a text,
# and the clock's time of the event.
_WATCH = """([type, text]) => new Promise(done => {
  document.addEventListener(type, event => {
    if (event.key && event.key !== "Enter") return;
    const begun = performance.now(), clock = Date.now();
    const isReadable = body => {
      const place = body.getBoundingClientRect();
      return body.textContent.includes(text) && place.top < innerHeight && place.bottom > 0;
    };
    const look = () => {
      const last = [...document.querySelectorAll(".chat-message:not(:has(.chat-far))")].slice(-2);
      if (!last.some(isReadable)) requestAnimationFrame(look);
      else requestAnimationFrame(() => done([performance.now() - begun, clock]));
    };
    look();
  }, {once: true, capture: true});
})"""


@dataclass(frozen=True)
class Prompt:
    """Milliseconds after Enter."""

    visible: float
    leaves: float


def main() -> None:
    """Measure each size and write the report."""
    parser = argparse.ArgumentParser(description="Measure how a long conversation feels.")
    parser.add_argument("--quick", action="store_true", help="fewer prompts, nothing is written")
    quick = parser.parse_args().quick
    expect.set_options(timeout=60_000)
    report = Report("long_conversation", "Long conversations in Chromium")
    with tempfile.TemporaryDirectory() as name, FakeOllama() as fake, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        with Served(fake.url, Path(name) / "data", num_ctx=65_536) as served:
            for size in SIZES:
                page = ChatPage(browser.new_page(), served.url)
                page.page.set_default_timeout(60_000)
                last = begin_conversation(page, served, size)
                report_opening(page, size, last, 2 if quick else OPENINGS, report)
                report_memory(page, size, report)
                report_prompts(page, fake, size, 3 if quick else PROMPTS, report)
                page.page.close()
        browser.close()
    report.write_files(save=not quick)


def begin_conversation(page: ChatPage, served: Served, size: int) -> str:
    """Have a conversation of `size` messages; return the text at its end."""
    page.open()
    page.ask(TITLE)
    page.idle()
    last = fill_conversation(served, page.page.url.partition("c=")[2], size)
    return last or str(page.messages.last.locator(".chat-body").inner_text())


def fill_conversation(served: Served, conversation: str, size: int) -> str:
    """Write messages into the conversation until it has `size`; return how the last one begins."""
    file = served.data_dir / "chat.db"
    with contextlib.closing(sqlite3.connect(file)) as db:
        [user_id] = db.execute(
            "SELECT owner FROM conversations WHERE id = ?", [conversation]
        ).fetchone()
    history = History(f"sqlite:///{file}")
    each = CHARACTERS // SIZES[-1]
    text, beginning = " ".join(prose(each))[: each - len(CODE)], ""
    for number in range(size // 2 - 1):
        prompt, beginning = f"Ask {number} {text}", f"Answer {number} "
        exchange = history.store_prompt(user_id, conversation, prompt, DEFAULT_MODEL)
        content = beginning + text + CODE
        history.finish_answer(exchange.answer.id, content=content, state="done")
    history.close()
    return beginning


def report_opening(page: ChatPage, size: int, last: str, count: int, to: Report) -> None:
    """Open the conversation in the sidebar until its last answer can be read."""
    taken = [open_conversation(page, last) for _ in range(count)]
    middle = statistics.median(taken)
    measure = f"{size} messages: opened until the last one can be read, median of {count}"
    to.add_row(measure, f"≤ {READABLE_MS} ms", f"{middle:.0f} ms", middle <= READABLE_MS)
    to.details[f"{size} messages, opened"] = taken


def open_conversation(page: ChatPage, last: str) -> float:
    """Return the milliseconds from the click until the last answer can be read."""
    page.open("/")  # a new conversation: this one is in the sidebar alone
    entry = page.page.locator(".chat-row a").first
    entry.wait_for()
    page.idle()
    page.page.evaluate(f"window.watching = ({_WATCH})({['click', last]!r}); 0")
    entry.click()
    readable, _ = page.page.evaluate("window.watching")
    page.idle()
    return float(readable)


def report_memory(page: ChatPage, size: int, to: Report) -> None:
    """Report what the tab's scripts and documents hold, after garbage was collected."""
    session = page.page.context.new_cdp_session(page.page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    used = metrics["JSHeapUsedSize"] / 1e6
    measure = f"{size} messages: memory of the tab's scripts"
    to.add_row(measure, f"≤ {TAB_MB} MB", f"{used:.0f} MB", used <= TAB_MB)
    to.details[f"{size} messages, tab"] = metrics


def report_prompts(page: ChatPage, fake: FakeOllama, size: int, count: int, to: Report) -> None:
    """Ask `count` prompts in the open conversation."""
    taken = [ask_page(page, fake, f"Question number {number}, please") for number in range(count)]
    for label, goal, attribute in (
        ("the prompt is visible", VISIBLE_MS, "visible"),
        ("the request reaches Ollama", LEAVES_MS, "leaves"),
    ):
        middle = statistics.median(getattr(prompt, attribute) for prompt in taken)
        text = f"{size} messages: Enter until {label}, median of {count}"
        to.add_row(text, f"≤ {goal} ms", f"{middle:.0f} ms", middle <= goal)
    to.details[f"{size} messages"] = [asdict(prompt) for prompt in taken]


def ask_page(page: ChatPage, fake: FakeOllama, prompt: str) -> Prompt:
    """Ask one prompt and wait until its answer has ended."""
    page.input.fill(prompt)
    before = len(fake.bodies())
    page.page.evaluate(f"window.watching = ({_WATCH})({['keydown', prompt]!r}); 0")
    page.input.press("Enter")
    visible, pressed = page.page.evaluate("window.watching")
    page.idle()
    while len(fake.bodies()) == before:
        page.page.wait_for_timeout(10)
    arrived = next(one.at for one in reversed(fake.requests) if one.path == "/api/chat")
    return Prompt(visible, arrived * 1000 - pressed)


if __name__ == "__main__":
    main()
