"""Every user against the real chat and a real Ollama."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbot.settings import EMBEDDED_MODEL_NAME
from tests.support.load_tests import Load
from tests.support.product import RealOllama, Served


@pytest.mark.ollama
def test_people_and_programs_are_answered_by_a_real_model(
    real_ollama: RealOllama, serve: Callable[..., Served], load: Load
) -> None:
    served = serve(real_ollama.url, num_predict=8)
    hosts = ("--host", served.url, "--ollama-host", real_ollama.url, "--num-predict", 8)
    goals = ("--goal-ttft-p95", "none", "--goal-tpot-p95", "none")
    options = ("--shape", "smoke", "--length", 5, "-u", 6, "--think", 0.5, *hosts, *goals)
    done = load(*options)
    assert done.status == 0, done.output
    summary = done.summary
    assert summary["run"]["model"] == EMBEDDED_MODEL_NAME
    assert {"chat", "api", "ollama"} <= set(summary["kinds"])
    for kind, figures in summary["kinds"].items():
        assert figures["outcomes"]["failed"] == figures["lost"] == 0
        assert 0 < figures["tokens"] <= 8 * figures["finished"]
        assert kind == "chat" or figures["load"]["p50"] > 0
