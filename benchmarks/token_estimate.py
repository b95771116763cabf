"""How far the estimate of tokens is from what the embedded model's tokenizer counts.

`python -m benchmarks.token_estimate` asks a real Ollama to count texts of several kinds, alone, and
prints estimate / count for each; 1.0 is right. An estimate says what is left out first,
Ollama decides what fits, and an answer's count corrects the next estimate.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from benchmarks.lib.report import Report
from chatbot.chat.context_window import estimate_tokens
from chatbot.settings import EMBEDDED_MODEL_NAME
from tests.support.product import RealOllama

NUM_CTX = 4096
MOST_CHARACTERS = 2000
ROOT = Path(__file__).parents[1]
# How far it may be off, as factors.
LEAST, MOST = 0.5, 2.0
_EMPTY = estimate_tokens("")


def read_texts() -> dict[str, str]:
    """Return a text of each kind by the kind's name."""
    draw = random.Random(1)
    rows = [[f"{draw.uniform(-1e4, 1e4):.3f}" for _ in range(12)] for _ in range(60)]
    return {
        "English prose": (ROOT / "docs/architecture.md").read_text(),
        "German prose": "Der Brunnen vor dem Tore steht seit vielen hundert Jahren da. " * 90,
        "French prose": "La rivière, près du vieux château, était déjà gelée en novembre. " * 90,
        "Python code": (ROOT / "chatbot/chat/context_window.py").read_text(),
        "JSON": (ROOT / "chatbot/page/languages/menus.json").read_text(),
        "Markdown table": "| name | city | sum |\n|---|---|---|\n"
        + "| Ann | Oslo | 12.50 |\n" * 200,
        "wide table of numbers": "\n".join(",".join(row) for row in rows),
        "digits": "".join(draw.choice("0123456789") for _ in range(4000)),
        "hexadecimal": "".join(draw.choice("0123456789abcdef") for _ in range(4000)),
        "capitals": "THE SYSTEM WILL BE SHUT DOWN TONIGHT AT TEN. " * 90,
        "Chinese": "今天天气很好，我们去公园散步，然后喝茶。" * 80,
        "Japanese": "明日の会議は午後三時から始まりますので、ご準備ください。" * 60,
        "Korean": "오늘은 날씨가 좋아서 공원에서 산책을 하고 차를 마셨다. " * 60,
        "Russian": "Завтра утром мы поедем на дачу и будем копать картошку. " * 60,
        "Arabic": "سنذهب غدا إلى السوق لنشتري الخبز والفاكهة والخضار. " * 60,
        "emoji": "😀🎉🚀🌍❤️👍 " * 150,
    }


def count_tokens(url: str, text: str) -> int:
    """Return the tokens of a text as Ollama counts them, without a template."""
    options = {"num_ctx": NUM_CTX, "num_predict": 1}
    body = {"model": EMBEDDED_MODEL_NAME, "prompt": text, "raw": True, "stream": False}
    reply = httpx.post(f"{url}/api/generate", json={**body, "options": options}, timeout=600)
    tokens: int = reply.raise_for_status().json()["prompt_eval_count"]
    return tokens


def report_kinds(url: str, kinds: Mapping[str, str], report: Report) -> None:
    """Add a row for each kind, and one for the typical error (geometric)."""
    errors = []
    for kind, text in kinds.items():
        sample = text[:MOST_CHARACTERS]
        tokens, estimated = count_tokens(url, sample), estimate_tokens(sample) - _EMPTY
        ratio = estimated / tokens
        errors.append(abs(math.log(ratio)))
        report.details[kind] = {"tokens": tokens, "estimated": estimated}
        told = f"{ratio:.2f} ({estimated:,} for {tokens:,} tokens)"
        report.add_row(kind, f"{LEAST:g} to {MOST:g}", told, LEAST <= ratio <= MOST)
    typical = math.exp(sum(errors) / len(errors)) - 1
    report.add_row("typical error", "≤ 40 %", f"{typical:.0%}", typical <= 0.4)


def main() -> None:
    """Measure, print, and write the result beside this file."""
    report = Report("token_estimate", "Estimated tokens, as a share of those that Ollama counts")
    with tempfile.TemporaryDirectory() as folder, RealOllama(Path(folder)) as ollama:
        report.add_ollama(ollama.url)
        report_kinds(ollama.url, read_texts(), report)
    report.write_files(save=True)


if __name__ == "__main__":
    main()
