"""The sums by which the set-up knows Ollama: what it fetches is what somebody has looked at."""

from __future__ import annotations

import urllib.request
from pathlib import Path

FILE = Path(__file__).with_name("ollama.sums")


def read_sums() -> dict[str, str]:
    """Return the sums by name: SHA-256 of the release's archives, Go's own of the modules."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    words = (line.split() for line in lines if not line.startswith("#"))
    return {name: value for value, name in words}


def write_sums(version: str, release: str, module_sum: str) -> None:
    """Write the sums of another version: those that the release at an address tells, and Go's.

    Raises OSError when the address does not answer, and KeyError when it lacks an archive.
    """
    with urllib.request.urlopen(f"{release}/sha256sum.txt", timeout=30) as reply:
        lines = (line.split() for line in reply.read().decode().splitlines())
    told = {words[1].removeprefix("./"): words[0] for words in lines if len(words) == 2}
    sums = read_sums()
    for name in sums:
        if name.endswith("ollama/ollama"):
            sums[name] = module_sum
        elif "/" not in name:
            sums[name] = told[name]
    first, second, *_ = FILE.read_text(encoding="utf-8").splitlines()
    head = f"# What Ollama {version} is made of: {first.partition(': ')[2]}\n{second}\n"
    FILE.write_text(head + "".join(f"{value}  {name}\n" for name, value in sums.items()))
