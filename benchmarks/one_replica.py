"""What one CPU of Ollama does, and one PostgreSQL: the figures that scale_model.py needs.

    python -m benchmarks.one_replica [--quick]

Prints a table and writes it to one_replica.json and .md here. Needs a quiet machine, an `ollama`
with the embedded model, found as the tests find them, and PostgreSQL. Ollama's figures are its CPU
time with one thread, so that others on the machine disturb them little. Takes two minutes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.lib.endings import LONG_PROMPT
from benchmarks.lib.measure import cpu_seconds
from benchmarks.lib.report import Report
from chatbot.history import History
from chatbot.settings import EMBEDDED_MODEL_NAME
from locustfiles.run.person import read_prompts
from tests.support.postgres import Postgres
from tests.support.product import RealOllama

SLOTS = (1, 2, 4, 8)
CONNECTIONS = (1, 4, 8)
WRITING_S = 3.0
NUM_CTX = 4096
ANSWER_TOKENS, SHORT_TOKENS = 400, 32
EACH = 4  # of the load test's prompts, each fourth is asked
TURNS = 5
DEADLINE_S = 1200

Body = dict[str, Any]


class Asker:
    """Asks one Ollama, with one thread and the window of k8s/base."""

    def __init__(self, ollama: RealOllama) -> None:
        self._process = psutil.Process(ollama.process.pid)
        self._http = httpx.Client(base_url=ollama.url, timeout=DEADLINE_S)
        self._options = {"num_thread": 1, "num_ctx": NUM_CTX, "temperature": 0, "seed": 1}

    def ask(self, prompt: str, most_tokens: int = ANSWER_TOKENS) -> Body:
        """Return Ollama's reply to a first prompt."""
        return self.send([{"role": "user", "content": prompt}], most_tokens)

    def send(self, messages: list[Body], most_tokens: int) -> Body:
        """Return Ollama's reply to a conversation."""
        options = self._options | {"num_predict": most_tokens}
        body = {"messages": messages, "options": options, "stream": False}
        reply: Body = (
            self._http.post("/api/chat", json=body | {"model": EMBEDDED_MODEL_NAME})
            .raise_for_status()
            .json()
        )
        return reply

    def cpu_s(self) -> float:
        """Return the CPU time that the Ollama has used so far."""
        family = [self._process, *self._process.children(recursive=True)]
        return sum(cpu_seconds(process.pid) for process in family)


def main() -> None:
    """Measure all parts and write the report."""
    parser = argparse.ArgumentParser(description="Measure one replica and one PostgreSQL.")
    parser.add_argument("--quick", action="store_true", help="few prompts, nothing is written")
    quick = parser.parse_args().quick
    report = Report("one_replica", "What one replica with one CPU does")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slots = {"OLLAMA_NUM_PARALLEL": str(SLOTS[-1]), "OLLAMA_KEEP_ALIVE": "-1"}
        with RealOllama(folder, **slots) as ollama:
            report.add_ollama(ollama.url)
            asker = Asker(ollama)
            asker.ask("Good morning", 8)
            report_speeds(asker, 20 if quick else EACH, report)
            report_gain(asker, report)
            report_later_turns(asker, report)
    report_commits(report)
    report.write_files(save=not quick)


def report_speeds(asker: Asker, each: int, to: Report) -> None:
    """Have a long prompt read, then ask the prompts of the load test one after the other."""
    begun = asker.cpu_s()
    long_tokens = asker.ask(LONG_PROMPT, 1)["prompt_eval_count"]
    asked = asker.cpu_s()
    read_s = (asked - begun) / long_tokens
    replies = [asker.ask(prompt.text) for prompt in read_prompts()[::each]]
    tokens = [(reply["prompt_eval_count"], reply["eval_count"]) for reply in replies]
    reading_s = read_s * sum(prompt for prompt, _ in tokens)
    write_s = (asker.cpu_s() - asked - reading_s) / sum(answer for _, answer in tokens)
    to.add_row("writes", "", f"{1 / write_s:.0f} tokens/s")
    to.add_row("reads a prompt", "", f"{1 / read_s:.0f} tokens/s")
    of = f"of {len(tokens)} of the load test's prompts"
    to.add_row(f"prompt, median {of}", "", f"{statistics.median(p for p, _ in tokens):.0f} tokens")
    to.add_row(f"answer, median {of}", "", f"{statistics.median(a for _, a in tokens):.0f} tokens")
    to.details |= {"write_s_per_token": write_s, "read_s_per_token": read_s, "exchanges": tokens}


def report_gain(asker: Asker, to: Report) -> None:
    """Compare the CPU for as many short answers, by how many come at once."""
    seconds = {slots: _use_cpu_for_answers(asker, slots) for slots in SLOTS}
    gain = {slots: seconds[1] / taken for slots, taken in seconds.items()}
    for slots, value in gain.items():
        to.add_row(f"answers a second, {slots} at once", "", f"{value:.2f} times those of one")
    to.details["gain"] = gain


def _use_cpu_for_answers(asker: Asker, slots: int) -> float:
    prompts = [f"Number {n} of {slots}: what is a river?" for n in range(SLOTS[-1])]
    begun = asker.cpu_s()
    with ThreadPoolExecutor(slots) as pool:
        list(pool.map(partial(asker.ask, most_tokens=SHORT_TOKENS), prompts))
    return asker.cpu_s() - begun


def report_later_turns(asker: Asker, to: Report) -> None:
    """Have the last turn of a conversation read where it is known, and where it is not."""
    messages: list[Body] = []
    for turn in range(TURNS):
        messages.append({"role": "user", "content": f"Turn {turn}: what is a lake?"})
        reply = asker.send(messages, SHORT_TOKENS)
        messages.append(reply["message"])
    first = {"role": "user", "content": "Nobody has asked this before: what is a pond?"}
    unknown = asker.send([first, *messages[1:-1]], 1)
    known_s, unknown_s = (r["prompt_eval_duration"] / 1e9 for r in (reply, unknown))
    counts = [r["prompt_eval_count"] for r in (reply, unknown)]
    to.add_row(f"turn {TURNS} is read, by who knows it", "", f"{known_s:.2f} s")
    to.add_row("… by who does not", "", f"{unknown_s:.2f} s")
    to.details["later turn"] = {"known_s": known_s, "unknown_s": unknown_s, "counts": counts}


def report_commits(to: Report) -> None:
    """Store prompts in a PostgreSQL whose commits wait for the disk."""
    with Postgres(fsync=True) as server, closing(History(server.make_database())) as history:
        rates = {n: _count_commits(history, n) / WRITING_S for n in CONNECTIONS}
    for connections, rate in rates.items():
        to.add_row(f"prompts stored a second, {connections} at once", "", f"{rate:.0f}")
    to.details["commits_per_s"] = rates


def _count_commits(history: History, connections: int) -> int:
    until = time.monotonic() + WRITING_S

    def store_prompts(user: int) -> int:
        stored = 0
        while time.monotonic() < until:
            history.store_prompt(f"user {user}", None, "What is a river?", "m")
            stored += 1
        return stored

    with ThreadPoolExecutor(connections) as pool:
        counts: Sequence[int] = list(pool.map(store_prompts, range(connections)))
    return sum(counts)


if __name__ == "__main__":
    main()
