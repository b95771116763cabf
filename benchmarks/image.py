"""What `docker run` costs: seconds to the first word, megabytes, and tokens under a CPU limit.

    python -m benchmarks.image [--quick] [--only start,size,memory,threads,rebuild]

Needs a Docker Engine; builds the image first. Prints a table with the goal beside each figure; a
whole run writes it to image.json and image.md here.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from benchmarks.lib.report import Report
from locustfiles.streamlit_client.user import StreamlitUser
from scripts.versions import OLLAMA_VERSION
from tests.support.containers import IMAGE, Container, run_docker
from tests.support.product import ROOT, wait_for

PARTS = ("start", "size", "memory", "threads", "rebuild")
BASE = f"ollama/ollama:{OLLAMA_VERSION}"
MODEL = "smollm2:135m-instruct-q4_1"
MB = 1_000_000
PROMPT = "Tell a long story about the sea and the people who live beside it."


def main() -> None:
    """Measure the chosen parts and write the report."""
    parser = argparse.ArgumentParser(description="Measure the image on a Docker Engine.")
    parser.add_argument("--quick", action="store_true", help="once each, nothing is written")
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}; nothing is written")
    arguments = parser.parse_args()
    parts = arguments.only.split(",") if arguments.only else PARTS
    build_image()
    report = Report(
        "image",
        "The image on a Docker Engine",
        ollama=run_docker("run", "--rm", IMAGE, "ollama", "--version").split()[-1],
    )
    for part in parts:
        MEASURES[part](report, 1 if arguments.quick else 5)
    report.write_files(save=not arguments.quick and not arguments.only)


def build_image() -> float:
    """Build the image with the cache of earlier builds; returns the seconds that it took."""
    started = time.monotonic()
    dockerfile = str(ROOT / "docker" / "Dockerfile")
    run_docker("build", "--network", "host", "--file", dockerfile, "--tag", IMAGE, str(ROOT))
    return time.monotonic() - started


@contextmanager
def run_container(*options: str) -> Iterator[Container]:
    """Run a container of the image, removed at the end of the block."""
    container = Container(*options)
    try:
        yield container
    finally:
        container.remove()


def report_start(report: Report, times: int) -> None:
    """`docker run` to a page, and to the first word of the first answer at the page."""
    pages, words = zip(*(_first_word() for _ in range(times)), strict=True)
    page, word = statistics.median(pages), statistics.median(words)
    report.add_row(
        "docker run to a page that shows something, median", "≤ 2 s", f"{page:.2f} s", page <= 2
    )
    report.add_row(
        "docker run to the first word of the first answer, median",
        "≤ 4 s",
        f"{word:.2f} s",
        word <= 4,
    )
    report.details["start"] = {"page_s": pages, "first_word_s": words}


def _first_word() -> tuple[float, float]:
    started = time.monotonic()
    with run_container() as container:
        wait_for(lambda: _is_served(container.url), 60)
        page = time.monotonic() - started
        wait_for(lambda: (found := container.readyz()) and found.status_code == 200, 60)
        with StreamlitUser(container.url) as user:
            asking = user.begin(PROMPT)
            asking.wait_for_text(60)
            return page, time.monotonic() - started


def _is_served(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def report_size(report: Report, times: int) -> None:
    """Report what the image adds to its base, and which layers hold it."""
    added = (_image_bytes(IMAGE) - _image_bytes(BASE)) / MB
    report.add_row(
        "added to the base image, the model included", "≤ 600 MB", f"{added:.0f} MB", added <= 600
    )
    layers = run_docker(
        "history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", IMAGE
    )
    large = [line.split(maxsplit=1) for line in layers.splitlines() if int(line.split()[0]) > MB]
    report.details["layers_mb"] = [
        [round(int(n) / MB), text[:90]] for n, text, *_ in ((*one, BASE) for one in large)
    ]
    for count, text in report.details["layers_mb"]:
        report.add_row(f"of it: `{text.removeprefix('/bin/sh -c ')[:60]}`", "", f"{count} MB")


def _image_bytes(name: str) -> int:
    return int(run_docker("image", "inspect", "--format", "{{.Size}}", name))


def report_memory(report: Report, times: int) -> None:
    """Resident memory of the chat process, idle after one answer."""
    with run_container() as container:
        container.wait_ready()
        with StreamlitUser(container.url) as user:
            user.ask(PROMPT)
            script = (
                "for p in /proc/[0-9]*; do grep -q chatbot $p/cmdline && grep VmRSS $p/status; done"
            )
            lines = container.exec("bash", "-c", script, check=False).splitlines()
    used = max(int(line.split()[1]) for line in lines if "VmRSS" in line) / 1024
    report.add_row(
        "resident memory of the chat, idle after one answer",
        "≤ 200 MB",
        f"{used:.0f} MB",
        used <= 200,
    )


def report_threads(report: Report, times: int) -> None:
    """Report tokens per second under `--cpus 1`: the chat's threads against Ollama's choice."""
    with run_container("--cpus", "1") as container:
        container.wait_ready()
        pairs = [
            (_measure_speed(container, 1), _measure_speed(container, None))
            for _ in range(max(times, 3))
        ]
    ours, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = ours / plain
    result = f"{ratio:.2f} ({ours:.1f} to {plain:.1f} tokens/s)"
    report.add_row(
        "--cpus 1: tokens/s to those of a plain ollama serve", "≥ 1.15", result, ratio >= 1.15
    )
    report.details["threads"] = pairs


def _measure_speed(container: Container, num_thread: int | None) -> float:
    """Return the tokens per second of one answer of 96 tokens, as Ollama counts them."""
    options = {"num_predict": 96, "seed": 1, "num_ctx": 4096}
    if num_thread:
        options["num_thread"] = num_thread
    body = {
        "model": MODEL,
        "prompt": f"{time.monotonic()} {PROMPT}",
        "stream": False,
        "options": options,
    }
    code = (
        "import sys, urllib.request as u; print(u.urlopen('http://127.0.0.1:11434/api/generate', "
        "sys.argv[1].encode()).read().decode())"
    )
    # Once to load the model with these options, once to be measured.
    container.exec(
        "python", "-c", code, json.dumps({**body, "options": {**options, "num_predict": 1}})
    )
    told = json.loads(container.exec("python", "-c", code, json.dumps(body)))
    return float(told["eval_count"] / told["eval_duration"] * 1e9)


def report_rebuild(report: Report, times: int) -> None:
    """Report the seconds of a build after a change in chatbot/, and the new layers' bytes."""
    before = set(_list_layers())
    changed = ROOT / "chatbot" / "_changed.py"
    changed.write_text(f'"""A change, made {time.monotonic()}."""\n')
    try:
        took = build_image()
        new = [layer for layer in _list_layers() if layer not in before]
    finally:
        changed.unlink()
        build_image()
    report.add_row(
        "build after a change in chatbot/",
        "≤ 10 s",
        f"{took:.1f} s, {len(new)} new layers",
        took <= 10,
    )


def _list_layers() -> list[str]:
    told = subprocess.check_output(
        ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", IMAGE]
    )
    layers: list[str] = json.loads(told)
    return layers


MEASURES: dict[str, Callable[[Report, int], None]] = {
    "start": report_start,
    "size": report_size,
    "memory": report_memory,
    "threads": report_threads,
    "rebuild": report_rebuild,
}

if __name__ == "__main__":
    main()
