"""How much memory the container leaves: Ollama counts the host's, and would be killed for it."""

from __future__ import annotations

from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60  # version 1 says "no limit" with a number near 2**63
_FILES = (  # limit, usage, statistics: version 2, version 1
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)


def available_bytes(cgroup: Path = _CGROUP) -> int | None:
    """Return the bytes that are left under the container's limit; None when there is none."""
    for limit, usage, stat in _FILES:
        allowed, used = _read_number(cgroup / limit), _read_number(cgroup / usage)
        if allowed is not None and used is not None and allowed < _UNLIMITED:
            return allowed - used + _reclaimable_bytes(cgroup / stat)
    return None


def _read_number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _reclaimable_bytes(file: Path) -> int:
    """Return the bytes of the file cache, which the kernel gives back when they are wanted."""
    try:
        counts = dict(line.split() for line in file.read_text().splitlines())
    except (OSError, ValueError):
        return 0
    return int(counts.get("total_inactive_file", counts.get("inactive_file", 0)))
