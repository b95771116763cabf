"""What the page costs: beside raw /api/chat on a real Ollama, and by itself on the fake one.

    python -m benchmarks.chat_overhead [--quick] [--only pairs,bytes,turns,crowd,endings,start]

Prints a table with the goal beside each figure; a whole run writes it to chat_overhead.json and .md
here. Needs a quiet machine, an `ollama` and the embedded model, found as the tests find them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lib import endings, growth, pairs, raw, start
from benchmarks.lib.report import Report
from benchmarks.lib.servers import FakeProcess, end_servers_on_term
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import RealOllama, Served

PARTS = ("pairs", "bytes", "turns", "crowd", "endings", "start")
TOKENS = 48


def main() -> None:
    """Measure the chosen parts and write the report."""
    parser = argparse.ArgumentParser(description="Measure what the chat page costs.")
    parser.add_argument("--quick", action="store_true", help="few repeats, nothing is written")
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}; nothing is written")
    arguments = parser.parse_args()
    end_servers_on_term()
    parts = arguments.only.split(",") if arguments.only else PARTS
    report = Report("chat_overhead", "What the chat page costs")
    with tempfile.TemporaryDirectory() as name:
        if "pairs" in parts or "endings" in parts:
            _on_real(Path(name), parts, report, arguments.quick)
        _on_fake(Path(name), parts, report, arguments.quick)
        if "start" in parts:
            start.report_page_after_make_run(Path(name), report)
    report.write_files(save=not arguments.quick and parts == PARTS)


def _on_real(folder: Path, parts: Sequence[str], to: Report, quick: bool) -> None:
    body = raw.capture_body(folder / "captured", num_predict=TOKENS)
    with (
        RealOllama(folder) as ollama,
        Served(ollama.url, folder / "real", num_predict=TOKENS, abandoned_after=0) as page,
    ):
        to.add_ollama(ollama.url)
        if "pairs" in parts:
            measured = pairs.Comparison(page, ollama, body).measure_pairs(3 if quick else 20, quick)
            pairs.report_pairs(measured, to)
        if "endings" in parts:
            endings.report_endings(endings.OnReal(page, ollama, body, quick), to)


def _on_fake(folder: Path, parts: Sequence[str], to: Report, quick: bool) -> None:
    with FakeProcess() as fake, Served(fake.url, folder / "fake") as page:
        if "start" in parts:
            start.report_memory(page, to)
        if "bytes" in parts:
            growth.report_bytes(page, fake, to, quick)
        if "turns" in parts:
            growth.report_exchanges(page, fake, to, quick)
        if "crowd" in parts:
            growth.report_crowd(page, fake, to, quick)
    if "endings" in parts:
        data = folder / "endings"
        with FakeOllama() as counted, Served(counted.url, data, abandoned_after=0) as page:
            endings.report_endings(endings.on_fake(page, counted), to)


if __name__ == "__main__":
    main()
