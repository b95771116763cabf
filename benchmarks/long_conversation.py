"""How a long conversation feels in a real Chromium; against the fake Ollama.

    python -m benchmarks.long_conversation [--quick]

For conversations of 2, 50 and 300 messages, the longest with 100 000 characters: milliseconds from
Enter to the visible prompt, and to the request that reaches Ollama. Prints a table with the goal
beside each figure and writes it to long_conversation.json and .md here. Needs a quiet machine.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks.lib.report import Report
from chatbot.history import History
from tests.support.chat_page import ChatPage
from tests.support.chromium import ARGUMENTS, executable
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, prose
from tests.support.product import Served

SIZES = (2, 50, 300)  # messages
MOST_SHOWN = 30  # messages; a button shows those before
CHARACTERS = 100_000  # of the longest conversation
PROMPTS = 10
VISIBLE_MS, LEAVES_MS = 150, 50

# Sets performance.now() marks: the key, and the first frame that has the prompt in a message.
_WATCH = """text => new Promise(done => {
  const input = document.querySelector("[data-testid=stChatInputTextArea]");
  input.addEventListener("keydown", event => {
    if (event.key !== "Enter") return;
    const pressed = performance.now(), clock = Date.now();
    const look = () => {
      const last = [...document.querySelectorAll(".stChatMessage")].slice(-2);
      if (last.some(one => one.textContent.includes(text)))
        done([performance.now() - pressed, clock]);
      else requestAnimationFrame(look);
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
                measure_page(browser, served, fake, size, 3 if quick else PROMPTS, report)
        browser.close()
    report.write_files(save=not quick)


def measure_page(
    browser: Browser, served: Served, fake: FakeOllama, size: int, count: int, to: Report
) -> None:
    """Ask `count` prompts in a conversation of `size` messages and add the rows."""
    page = ChatPage(browser.new_page(), served.url)
    page.page.set_default_timeout(60_000)
    page.open()
    page.ask("Good morning")
    page.idle()
    fill_conversation(served, page.page.url.partition("c=")[2], size)
    started = time.monotonic()
    page.reload()
    page.messages.nth(min(size, MOST_SHOWN) - 1).wait_for()
    opened = time.monotonic() - started
    taken = [ask_page(page, fake, f"Question number {number}, please") for number in range(count)]
    page.page.close()
    for label, goal, attribute in (
        ("the prompt is visible", VISIBLE_MS, "visible"),
        ("the request reaches Ollama", LEAVES_MS, "leaves"),
    ):
        middle = statistics.median(getattr(one, attribute) for one in taken)
        text = f"{size} messages: Enter until {label}, median of {count}"
        to.add_row(text, f"≤ {goal} ms", f"{middle:.0f} ms", middle <= goal)
    to.add_row(f"{size} messages: a reload until the newest are there", "", f"{opened:.2f} s")
    to.details[f"{size} messages"] = [asdict(one) for one in taken]


def fill_conversation(served: Served, conversation: str, size: int) -> None:
    """Write messages into the conversation until it has `size`."""
    file = served.data_dir / "chat.db"
    with contextlib.closing(sqlite3.connect(file)) as db:
        [user_id] = db.execute(
            "SELECT owner FROM conversations WHERE id = ?", [conversation]
        ).fetchone()
    history = History(f"sqlite:///{file}")
    each = CHARACTERS // SIZES[-1]
    text = " ".join(prose(each))[:each]
    for _ in range(size // 2 - 1):
        turn = history.store_prompt(user_id, conversation, text, DEFAULT_MODEL)
        history.finish_answer(turn.answer.id, content=text, state="done")
    history.close()


def ask_page(page: ChatPage, fake: FakeOllama, prompt: str) -> Prompt:
    """Ask one prompt and wait until its answer has ended."""
    page.input.fill(prompt)
    before = len(fake.bodies())
    page.page.evaluate(f"window.watching = ({_WATCH})({prompt!r}); 0")
    page.input.press("Enter")
    visible, pressed = page.page.evaluate("window.watching")
    page.idle()
    while len(fake.bodies()) == before:
        page.page.wait_for_timeout(10)
    arrived = next(one.at for one in reversed(fake.requests) if one.path == "/api/chat")
    return Prompt(visible, arrived * 1000 - pressed)


if __name__ == "__main__":
    main()
