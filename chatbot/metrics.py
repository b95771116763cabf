"""What Prometheus can read at /metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from chatbot.chat.generation import Answer

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
_TPOT_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)

ACTIVE = Gauge("chat_answers_active", "Answers under way, waiting ones included")
WAITING = Gauge("chat_answers_waiting", "Answers without their first token yet")
ENDED = Counter("chat_answers", "Answers that ended", ["state"])
REFUSED = Counter("chat_prompts_refused", "Prompts refused before an answer began", ["code"])
TTFT = Histogram("chat_ttft_seconds", "Prompt to first token", buckets=_SECONDS)
TPOT = Histogram("chat_tpot_seconds", "Seconds per token after the first", buckets=_TPOT_SECONDS)
TOTAL = Histogram("chat_answer_seconds", "Prompt to end of answer", buckets=_SECONDS)
TOKENS = Counter("chat_tokens", "Tokens", ["direction"])
READY = Gauge("chat_ready", "1 while this process can answer")


def observe(answer: Answer) -> None:
    """Counts an answer that has ended."""
    ACTIVE.dec()
    ENDED.labels(answer.state).inc()
    assert answer.ended is not None
    if answer.state == "done":
        TOTAL.observe(answer.ended - answer.started)
    if answer.ttft is not None:
        TTFT.observe(answer.ttft)
    if answer.stats is None:
        return
    TOKENS.labels("input").inc(answer.stats.input_tokens)
    TOKENS.labels("output").inc(answer.stats.output_tokens)
    if answer.first_text and answer.stats.output_tokens > 1:
        TPOT.observe((answer.ended - answer.first_text) / (answer.stats.output_tokens - 1))


def page() -> bytes:
    """All metrics in Prometheus's text format."""
    return generate_latest(REGISTRY)
