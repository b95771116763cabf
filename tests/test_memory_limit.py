"""What is left under a container's memory limit, from the files of both cgroup versions."""

from __future__ import annotations

from pathlib import Path

from chatbot.memory_limit import available_bytes


def _write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"memory.{name}").write_text(text)
    return folder


def test_the_limit_less_what_is_used_and_cannot_be_given_back_is_available(tmp_path: Path) -> None:
    _write(tmp_path, max="1000\n", current="600\n", stat="anon 300\ninactive_file 50\n")
    assert available_bytes(tmp_path) == 450


def test_the_first_version_of_cgroups_is_read_too(tmp_path: Path) -> None:
    _write(
        tmp_path / "memory",
        limit_in_bytes="1000\n",
        usage_in_bytes="600\n",
        stat="total_inactive_file 100\n",
    )
    assert available_bytes(tmp_path) == 500


def test_without_a_limit_nothing_is_known(tmp_path: Path) -> None:
    assert available_bytes(tmp_path) is None
    assert available_bytes(_write(tmp_path, max="max\n", current="600\n")) is None
    _write(tmp_path / "memory", limit_in_bytes="9223372036854771712\n", usage_in_bytes="6\n")
    assert available_bytes(tmp_path) is None
