"""What Prometheus can read at /metrics."""

from __future__ import annotations

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

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
SLOTS = Gauge("chat_slots", "Answers that one Ollama writes at once")


def render_metrics() -> bytes:
    """Return all metrics in Prometheus's text format."""
    return generate_latest(REGISTRY)
