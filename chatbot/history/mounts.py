"""Which file system a path lies on, as Linux tells it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Mount:
    """A mounted file system: where, of what kind, and which of its own folders shows there."""

    point: Path
    root: Path
    kind: str


def find_mount(path: Path, table: Path = _TABLE) -> Mount | None:
    """Return what is mounted at the path or nearest above it; None where there is no such table."""
    path = path.resolve()
    try:
        lines = table.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    around = (mount for mount in map(_read_line, lines) if path.is_relative_to(mount.point))
    # Of two at one point, the later one covers the other.
    return max(reversed([*around]), key=lambda mount: len(mount.point.parts), default=None)


def _read_line(line: str) -> Mount:
    """Read a line as proc(5) describes it."""
    fields, _, rest = line.partition(" - ")
    root, point = (_unescape_field(field) for field in fields.split()[3:5])
    return Mount(Path(point), Path(root), rest.split()[0])


def _unescape_field(field: str) -> str:
    r"""Undo the escapes of blanks and backslashes, such as \040."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), field)
