"""The front end's packages: installed once, and again when their lock changes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scripts.setup.front_end import provide_packages
from scripts.setup.steps import SetupError


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment with an npm that writes what it was asked, and fails for a broken lock."""
    programs = tmp_path / "bin"
    programs.mkdir()
    npm = programs / "npm"
    npm.write_text(
        "#!/bin/sh\n"
        'echo "$@ $npm_config_cache" >>asked\n'
        "mkdir -p node_modules\n"
        "! grep -q broken package-lock.json\n"
    )
    npm.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    return {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A front end with a lock."""
    folder = tmp_path / "frontend"
    folder.mkdir()
    (folder / "package-lock.json").write_text("first")
    return folder


def test_packages_are_installed_once_for_each_lock(folder: Path, environ: dict[str, str]) -> None:
    for lock in ("first", "first", "second", "second"):
        (folder / "package-lock.json").write_text(lock)
        provide_packages(folder, environ)
    asked = (folder / "asked").read_text().splitlines()
    cache = f"{environ['XDG_CACHE_HOME']}/ollama-chatbot/npm"
    assert asked == [f"ci --no-audit --no-fund {cache}"] * 2


def test_what_could_not_be_installed_is_tried_again(folder: Path, environ: dict[str, str]) -> None:
    (folder / "package-lock.json").write_text("broken")
    for _ in range(2):
        with pytest.raises(SetupError, match="npm ci"):
            provide_packages(folder, environ)
    assert len((folder / "asked").read_text().splitlines()) == 2
