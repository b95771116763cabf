"""Whole load tests, against the product as a process with a fake Ollama behind it."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from locustfiles.run.person import Person, read_prompts
from tests.support.fake_ollama.server import BUSY, FakeOllama, cut, error_line, stall
from tests.support.load_tests import Load, build_command
from tests.support.product import ROOT, Served, fetch, free_port, wait_for

# No goal for latencies: what they are on a busy machine says nothing.
NO_HURRY = ("--goal-ttft-p95", "none", "--goal-tpot-p95", "none")
DRAIN = 2  # after the two stages of a smoke test
BRIEFLY = ("--shape", "smoke", "--length", 2.5, "--think", 0.3, *NO_HURRY)


def _adds_up(figures: dict[str, int]) -> bool:
    return figures["requests"] == figures["finished"] + figures["lost"]


@pytest.mark.configured(served_by=True)
def test_all_users_are_answered_and_the_report_can_be_looked_at(
    served: Served, fake: FakeOllama, load: Load, chromium: Browser
) -> None:
    fake.set(tokens=12, tokens_per_second=60, first_token_delay=0.02)
    done = load(*BRIEFLY, "-u", 6, "--host", served.url, "--ollama-host", fake.url)
    assert done.status == 0, done.output
    summary = done.summary
    assert set(summary["kinds"]) == {"chat", "api", "api stream", "ollama"}
    for figures in (summary["answers"], *summary["kinds"].values()):
        assert _adds_up(figures)
        assert figures["lost"] == figures["outcomes"]["failed"] == 0
    for record in done.records:
        if record.outcome == "done" and record.kind != "page":
            assert record.tokens == 12
            assert record.queue_s is not None
            assert record.stage in (1, DRAIN)  # asked before the user was told of its end
        assert record.replica or record.kind == "ollama"
    assert "PASSED" in done.output
    assert len(done.output.splitlines()) < 20
    _look_at(chromium, done.folder / "report.html")


def _look_at(chromium: Browser, report: Path) -> None:
    """Nothing is missing or fetched, and the plots have the colours of the page."""
    asked: list[str] = []
    colours = []

    def on_request(request: Request) -> None:
        asked.append(request.url)

    for scheme in ("light", "dark"):
        page = chromium.new_page(color_scheme=scheme)
        page.on("request", on_request)
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(report.as_uri())
        terms = page.locator("dl.six dt").all_inner_texts()
        assert terms == [
            *("Total requests", "Throughput", "Average"),
            *("Median", "95th percentile", "Error rate"),
        ]
        assert page.get_by_role("img").count() >= 2
        text = page.get_by_role("img").first.get_by_text("Users").first
        colours.append(text.evaluate("node => getComputedStyle(node).fill"))
        page.close()
    assert colours == ["rgb(27, 29, 35)", "rgb(232, 234, 239)"]
    assert asked == [report.as_uri()] * 2


def test_cut_streams_errors_and_503s_are_failures_and_no_latencies(
    fake: FakeOllama, load: Load
) -> None:
    fake.set(tokens=5)
    for fault, times in ((BUSY, 3), (cut(2), 2), (error_line(1), 1)):
        fake.fail(fault, times)
    done = load(
        *BRIEFLY, "-u", 3, "--ollama-host", fake.url, "--model", fake.models[0], "OllamaUser"
    )
    answers = done.summary["answers"]
    assert answers["outcomes"]["failed"] == 6
    assert answers["total"]["count"] == answers["outcomes"]["done"] > 0
    assert Counter(r.status for r in done.records if r.error) == {503: 3, 200: 3}
    assert done.status == 1
    assert "FAILED" in done.output


def test_the_prompts_are_those_of_the_seed_and_the_goals_decide(
    fake: FakeOllama, load: Load
) -> None:
    fake.set(first_token_delay=0.05)
    options = (*BRIEFLY, "-u", 1, "--seed", 7, "--ollama-host", fake.url)
    done = load(*options, "--model", fake.models[0], "--goal-ttft-p95", 20, "OllamaUser")
    assert done.status == 1
    sent = [body["messages"][0]["content"] for body in fake.bodies()]
    person = Person("OllamaUser-1", 7, 0.3, read_prompts())
    assert sent == [person.plan_exchange().prompt.text for _ in sent]
    assert len(sent) > 3


def test_answers_without_an_end_are_lost_and_counted(fake: FakeOllama, load: Load) -> None:
    fake.fail(stall(2), 2)
    options = (*BRIEFLY, "-u", 4, "--drain", 1, "--ollama-host", fake.url)
    done = load(*options, "--model", fake.models[0], "OllamaUser")
    answers = done.summary["answers"]
    assert answers["lost"] == 2
    assert _adds_up(answers)
    assert [r.outcome for r in done.records].count("lost") == 2


def test_a_broken_goal_ends_the_test_early_if_that_was_asked_for(
    fake: FakeOllama, load: Load
) -> None:
    fake.fail(BUSY, 100)
    options = (*BRIEFLY, "--length", 60, "-u", 5, "--abort", "--ollama-host", fake.url)
    done = load(*options, "--model", fake.models[0], "OllamaUser")
    assert done.status == 1
    assert "errors" in done.summary["run"]["gave_up"]


def test_several_processes_make_one_report(served: Served, fake: FakeOllama, load: Load) -> None:
    fake.set(tokens=5)
    done = load(*BRIEFLY, "-u", 4, "--processes", 2, "--host", served.url, "ChatUser")
    assert done.status == 0, done.output
    answers = done.summary["answers"]
    assert _adds_up(answers)
    assert answers["lost"] == 0
    assert answers["requests"] == len(fake.bodies())
    assert {int(r.user.rpartition("-")[2]) > 100_000 for r in done.records} == {True, False}


def test_a_sweep_ends_at_the_first_step_that_breaks_a_goal(fake: FakeOllama, load: Load) -> None:
    fake.set(slots=1, tokens=10, tokens_per_second=50)
    options = ("--shape", "sweep", "--length", 2, "--think", 0.1, "--goal-ttft-p95", 150)
    done = load(*options, "--ollama-host", fake.url, "--model", fake.models[0], "OllamaUser")
    found = done.summary["capacity"]
    broken = [step["users"] for step in found["steps"] if step["broken"]]
    assert found["people"] == broken[0] // 2
    assert broken[0] in (1, 2, 4)
    assert found["sentence"] in done.output


def test_locusts_page_shows_what_people_feel(fake: FakeOllama, tmp_path: Path) -> None:
    fake.set(tokens=5)
    port = free_port()
    options = ("--autostart", "--web-port", port, "--web-host", "127.0.0.1", *BRIEFLY, "OllamaUser")
    target = ("--ollama-host", fake.url, "--model", fake.models[0])
    started = build_command(tmp_path / "reports", *options, *target)
    with subprocess.Popen(started, cwd=ROOT, stdout=subprocess.DEVNULL) as locust:

        def answers() -> list[dict[str, object]]:
            found = fetch(f"http://127.0.0.1:{port}/stats/requests")
            tables = found.json().get("extended_stats") if found and found.is_success else None
            return tables[0]["data"] if tables else []

        (row,) = wait_for(answers, every=0.1)
        locust.terminate()
    assert row["name"] == "ollama"
    assert {"ttft_p50", "ttft_p95", "tokens_now", "tokens"} <= set(row)
    assert list(tmp_path.glob("reports/*/report.html"))
