"""The official Ollama release: found, fetched, checked and unpacked."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tarfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import BinaryIO

import zstandard

from scripts.setup.steps import REPORT_SECONDS, SetupError, say

CHUNK = 1 << 20


def name_archive(system: str, machine: str) -> str:
    """Return the name of the release's archive for a system, as `platform` spells both."""
    if system == "Darwin":
        return "ollama-darwin.tgz"
    arch = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    if system != "Linux" or machine.lower() not in arch:
        raise SetupError(f"Ollama has no release for {system} on {machine}")
    return f"ollama-linux-{arch[machine.lower()]}.tar.zst"


def fetch_checksums(url: str, timeout: float) -> dict[str, str]:
    """Return the release's SHA-256 sums by file name.

    Raises SetupError after at most `timeout` seconds. A thread keeps to that time even where
    the look-up of the host's name hangs, which no socket option bounds.
    """
    found: list[str] = []
    reason = ["no answer"]

    def fetch_sums() -> None:
        try:
            with urllib.request.urlopen(f"{url}/sha256sum.txt", timeout=timeout) as reply:
                found.append(reply.read().decode())
        except (OSError, ValueError) as error:
            reason[0] = str(error)

    thread = threading.Thread(target=fetch_sums, daemon=True)
    thread.start()
    thread.join(timeout)
    if not found:
        raise SetupError(f"{url} cannot be reached ({reason[0]})")
    lines = (line.split() for line in found[0].splitlines())
    return {words[1].removeprefix("./"): words[0] for words in lines if len(words) == 2}


def download_file(url: str, target: Path, sha256: str) -> None:
    """Fetch a file with a report every ten seconds; SetupError when its sum differs."""
    digest = hashlib.sha256()
    done, reported = 0, time.monotonic()
    with urllib.request.urlopen(url, timeout=30) as reply, target.open("wb") as file:
        total = int(reply.headers.get("Content-Length") or 0)
        while chunk := reply.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                say(f"  {done >> 20} of {total >> 20} MiB")
    if digest.hexdigest() != sha256:
        raise SetupError(f"{url} is damaged: its SHA-256 is not the release's")


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

    Raises SetupError when the release cannot be reached, has no archive for this machine, or is
    damaged; nothing is left behind then.
    """
    name = name_archive(platform.system(), platform.machine())
    sums = fetch_checksums(url, timeout)
    if name not in sums:
        raise SetupError(f"{url} has no {name}")
    say(f"fetching {url}/{name}")
    work = folder.with_name(folder.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        download_file(f"{url}/{name}", work / name, sums[name])
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
