"""docker/bake-models, run as the image's build runs it, beside Ollamas of other people."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.settings import EMBEDDED_MODEL_NAME
from scripts.setup import model_file
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import ROOT, NoOllama, embedded_model, ollama_binary, usual_port

SCRIPT = ROOT / "docker/bake-models"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The variables of a build, with the real Ollama and the embedded model already fetched."""
    try:
        binary, model = ollama_binary(), embedded_model()
    except NoOllama as missing:
        pytest.skip(str(missing))
    cached = tmp_path / "cache/ollama-chatbot/models" / model_file.FILE
    cached.parent.mkdir(parents=True)
    shutil.copyfile(model, cached)
    return {
        **os.environ,
        "PATH": f"{Path(binary).parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "OLLAMA_MODELS": str(tmp_path / "models"),
    }


@pytest.fixture
def other() -> Iterator[FakeOllama]:
    """Somebody's Ollama on the usual port, or on another where that one is taken already."""
    with FakeOllama(usual_port()) as server:
        yield server


def bake(
    environ: dict[str, str], model: str = EMBEDDED_MODEL_NAME
) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPT), model]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)


def test_the_model_is_baked_beside_another_ollama_that_is_not_asked(
    environ: dict[str, str], other: FakeOllama, tmp_path: Path
) -> None:
    done = bake(environ | {"OLLAMA_HOST": other.url})
    assert done.returncode == 0, done.stderr
    assert other.requests == []
    assert (tmp_path / "models/default").read_text() == f"{EMBEDDED_MODEL_NAME}\n"
    assert list((tmp_path / "models/manifests").rglob("135m-instruct-q4_1"))


def test_another_name_of_the_embedded_model_is_not_pulled(
    environ: dict[str, str], tmp_path: Path
) -> None:
    done = bake(environ, f"library/{EMBEDDED_MODEL_NAME}")
    assert done.returncode == 0, done.stderr
    assert "pulling" not in done.stdout + done.stderr
    assert list((tmp_path / "models/manifests").rglob("135m-instruct-q4_1"))


def test_a_server_that_ends_stops_the_build_with_its_last_words(
    environ: dict[str, str], other: FakeOllama, tmp_path: Path
) -> None:
    stub = tmp_path / "stubs/ollama"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\necho "no room to start: $1"; exit 3\n')
    stub.chmod(0o755)
    done = bake(environ | {"PATH": f"{stub.parent}:{os.environ['PATH']}"})
    assert done.returncode == 1
    assert "no room to start: serve\nbake-models: its Ollama has ended" in done.stderr
    assert other.requests == []
    assert not (tmp_path / "models/default").exists()
