"""Runs a command with Ollama on its PATH and the embedded model in EMBEDDED_MODEL.

`python -m scripts.setup.provide [--optional] COMMAND…`; what is missing is fetched first. With
--optional the command runs without what cannot be had.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.setup import go_build, model_file, release
from scripts.setup.processor import name_processor
from scripts.setup.steps import SetupError, cache_folder, say
from scripts.versions import OLLAMA_RELEASES, OLLAMA_VERSION

RELEASE = f"{OLLAMA_RELEASES}/v{OLLAMA_VERSION}"

Build = Callable[[str, Path], None]
"""Puts the Ollama of a version into a folder."""


def main(arguments: list[str]) -> int:
    """Set the environment up, then become the command; returns 1 when something is missing."""
    optional = arguments[0] == "--optional"
    command = arguments[optional:]
    environ = dict(os.environ)
    for step in (provide_ollama, provide_embedded_model):
        try:
            environ |= _run_step(step, environ)
        except SetupError as error:
            say(f"{'skipped' if optional else 'error'}: {error}")
            if not optional:
                return 1
    programs = Path(sys.executable).parent
    environ["PATH"] = f"{programs}{os.pathsep}{environ['PATH']}"
    os.execvpe(command[0], command, environ)


def _run_step(
    step: Callable[[Mapping[str, str]], dict[str, str]], environ: Mapping[str, str]
) -> dict[str, str]:
    try:
        return step(environ)
    except OSError as error:
        folder = cache_folder(environ)
        raise SetupError(
            f"{folder} cannot hold what is fetched ({error.strerror}): make it writable, or name "
            "another place, such as XDG_CACHE_HOME=/tmp/cache make run"
        ) from error


def provide_ollama(
    environ: Mapping[str, str], build: Build = go_build.build_ollama
) -> dict[str, str]:
    """Return the variables that lead to an Ollama: none for a named server or one on PATH."""
    server = environ.get("OLLAMA_BASE_URL")
    if server:
        if model_file.list_models(server) is None:
            say(f"OLLAMA_BASE_URL={server} does not answer yet: start it, or unset the variable")
        return {}
    if shutil.which("ollama", path=environ["PATH"]):
        return {}
    cache = cache_folder(environ)
    released, built = (
        cache / f"ollama-{OLLAMA_VERSION}-{kind}" for kind in ("release", name_processor())
    )
    folder = next((f for f in (released, built) if (f / "bin/ollama").exists()), None)
    if folder is None:
        url = environ.get("OLLAMA_RELEASE_URL") or RELEASE
        folder = fetch_ollama(released, built, url, build)
    return {"PATH": f"{folder / 'bin'}{os.pathsep}{environ['PATH']}"}


def fetch_ollama(
    released: Path, built: Path, url: str, build: Build = go_build.build_ollama
) -> Path:
    """Return the folder that Ollama was put into.

    That is `released` for the official release, which runs on any processor, else `built` for a
    build from its Go module, which is for this kind of processor only.
    """
    say(f"Ollama {OLLAMA_VERSION} is not installed: getting it into {released.parent}")
    folder = released
    try:
        release.install_release(url, released)
    except SetupError as error:
        say(f"{error}; building it instead")
        folder = built
        try:
            build(OLLAMA_VERSION, built)
        except SetupError as failure:
            raise SetupError(
                f"{failure}; cure that and run make again, or install Ollama "
                "(https://ollama.com/download), or name a server: OLLAMA_BASE_URL=http://… make run"
            ) from failure
    say(f"Ollama {OLLAMA_VERSION} is there")
    return folder


def provide_embedded_model(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variable that names the embedded model's file, when the chat will need it."""
    if not model_file.is_wanted(environ):
        return {}
    return {"EMBEDDED_MODEL": str(model_file.provide_model(cache_folder(environ)))}


if __name__ == "__main__":
    # Ends like Ctrl-C does: with what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
