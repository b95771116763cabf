"""The official Ollama release: found, fetched, checked and unpacked."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tarfile
import threading
import time
import urllib.request
from http.client import HTTPResponse
from pathlib import Path
from typing import BinaryIO

import zstandard

from scripts.setup import sums
from scripts.setup.steps import REPORT_SECONDS, SetupError, say

CHUNK = 1 << 20
READ_TIMEOUT_S = 30


def name_archive(system: str, machine: str) -> str:
    """Return the name of the release's archive for a system, as `platform` spells both."""
    if system == "Darwin":
        return "ollama-darwin.tgz"
    arch = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    if system != "Linux" or machine.lower() not in arch:
        raise SetupError(f"Ollama has no release for {system} on {machine}")
    return f"ollama-linux-{arch[machine.lower()]}.tar.zst"


def open_file(url: str, timeout: float) -> HTTPResponse:
    """Return the reply with a file; raises SetupError after at most `timeout` seconds.

    A thread keeps to that time even where the look-up of the host's name hangs, which no socket
    option bounds.
    """
    replies: list[HTTPResponse] = []
    reason = ["no answer"]

    def open_url() -> None:
        try:
            replies.append(urllib.request.urlopen(url, timeout=READ_TIMEOUT_S))
        except (OSError, ValueError) as error:
            reason[0] = str(error)

    thread = threading.Thread(target=open_url, daemon=True)
    thread.start()
    thread.join(timeout)
    if not replies:
        raise SetupError(f"{url} cannot be reached ({reason[0]})")
    return replies[0]


def save_file(reply: HTTPResponse, target: Path, sha256: str) -> None:
    """Save a reply's file with a report every ten seconds; SetupError when its sum differs."""
    digest = hashlib.sha256()
    done, reported = 0, time.monotonic()
    total = int(reply.headers.get("Content-Length") or 0)
    with reply, target.open("wb") as file:
        while chunk := reply.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                say(f"  {done >> 20} of {total >> 20} MiB")
    if digest.hexdigest() != sha256:
        raise SetupError(f"{reply.url} is damaged, or not the file that {sums.FILE.name} knows")


def unpack_archive(archive: Path, folder: Path) -> None:
    """Unpack a .tar.zst or .tgz archive into a folder, which is made."""

    def extract_from(stream: BinaryIO, mode: str) -> None:
        with tarfile.open(fileobj=stream, mode=mode) as tar:  # type: ignore[call-overload]
            tar.extractall(folder, filter="data")

    with archive.open("rb") as file:
        if archive.suffix == ".zst":
            with zstandard.ZstdDecompressor(max_window_size=1 << 31).stream_reader(file) as plain:
                extract_from(plain, "r|")
        else:
            extract_from(file, "r|gz")


def install_release(url: str, folder: Path, timeout: float = 6) -> None:
    """Put the release at `url` into `folder`, with the program at bin/ollama.

    Raises SetupError when the release cannot be reached, has no archive for this machine, or
    another one than the set-up knows; nothing is left behind then.
    """
    name = name_archive(platform.system(), platform.machine())
    sha256 = sums.read_sums()[name]
    reply = open_file(f"{url}/{name}", timeout)
    say(f"fetching {url}/{name}")
    work = folder.with_name(folder.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        save_file(reply, work / name, sha256)
        say("unpacking it")
        unpack_archive(work / name, work / "tree")
        if not (work / "tree/bin/ollama").exists():  # macOS: all files lie in one folder
            (work / "tree").rename(work / "bin")
            (work / "tree").mkdir()
            (work / "bin").rename(work / "tree/bin")
        (work / "tree").rename(folder)
    except (OSError, tarfile.TarError, zstandard.ZstdError) as error:
        raise SetupError(f"{url}/{name} could not be installed ({error})") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
