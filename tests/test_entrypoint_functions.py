"""The functions of entrypoint.sh, sourced: the CPU limit and the address of Ollama."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.product import free_port

SCRIPT = Path(__file__).parent.parent / "entrypoint.sh"
NPROC = '#!/bin/bash\nif [[ ${1:-} == --all ]]; then echo 8; else echo "${CPU_SET:-8}"; fi\n'


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Variables of a process on a host of 8 CPUs."""
    (tmp_path / "stubs").mkdir()
    (tmp_path / "stubs/nproc").write_text(NPROC)
    (tmp_path / "stubs/nproc").chmod(0o755)
    return {"PATH": f"{tmp_path}/stubs:/usr/bin:/bin"}


def shell(command: str, environ: dict[str, str]) -> str:
    """What a command prints in a shell that has the script's functions."""
    script = f'source "{SCRIPT}"; {command}'
    result = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("wanted", "host", "url"),
    [
        ("0.0.0.0:{}", "0.0.0.0:{}", "http://127.0.0.1:{}"),
        ("http://127.0.0.1:{}/", "127.0.0.1:{}", "http://127.0.0.1:{}"),
        (":{}", "127.0.0.1:{}", "http://127.0.0.1:{}"),
        ("[::1]:{}", "[::1]:{}", "http://[::1]:{}"),
    ],
)
def test_each_form_of_ollama_host_is_understood(
    wanted: str, host: str, url: str, environ: dict[str, str]
) -> None:
    port = free_port()
    environ["OLLAMA_HOST"] = wanted.format(port)
    found = shell("choose_address; echo $OLLAMA_HOST $OLLAMA_BASE_URL", environ)
    assert found == f"{host} {url}".format(port, port)


@pytest.mark.parametrize(
    ("files", "cgroups", "cpus"),
    [
        ({}, "0::/\n", 8),
        ({"cpu.max": "max 100000"}, "0::/\n", 8),
        ({"cpu.max": "400000 100000"}, "0::/\n", 4),
        ({"cpu.max": "150000 100000"}, "0::/\n", 1),
        ({"cpu.max": "50000 100000"}, "0::/\n", 1),
        ({"cpu.max": "1600000 100000"}, "0::/\n", 8),
        ({"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b\n", 3),
        ({"a/cpu.max": "300000 100000", "a/b/cpu.max": "200000 100000"}, "0::/a/b\n", 2),
        ({"cpu.max": "200000 100000"}, "0::/not/visible/here\n", 2),
        ({"cpu.max": "200000 100000"}, "0::/../other\n", 2),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu:/\n", 8),
        ({"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu:/\n", 2),
        (
            {"cpu/docker/x/cpu.cfs_quota_us": "5000", "cpu/docker/x/cpu.cfs_period_us": "1000"},
            "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n",
            5,
        ),
    ],
)
def test_the_cpu_limit_is_whole_cpus_of_the_cgroups(
    files: dict[str, str], cgroups: str, cpus: int, tmp_path: Path, environ: dict[str, str]
) -> None:
    root = tmp_path / "cgroup"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    (tmp_path / "self").write_text(cgroups)
    assert shell(f"cpu_limit {root} {tmp_path}/self", environ) == str(cpus)


def test_the_cpu_set_limits_too(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["PATH"] = "/usr/bin:/bin"  # the real nproc
    (tmp_path / "self").write_text("0::/\n")
    cpu = min(os.sched_getaffinity(0))
    command = f'taskset -cp {cpu} "$BASHPID" >/dev/null; cpu_limit {tmp_path} {tmp_path}/self'
    assert shell(command, environ) == "1"


@pytest.mark.parametrize(
    ("cpu_set", "chosen", "expected"), [("8", "", ""), ("3", "", "3"), ("3", "6", "6")]
)
def test_threads_are_set_where_the_limit_is_below_the_host_and_the_user_chose_none(
    cpu_set: str, chosen: str, expected: str, tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "self").write_text("0::/\n")
    environ |= {"CPU_SET": cpu_set, "NUM_THREAD": chosen}
    command = f'limit_threads {tmp_path} {tmp_path}/self; env | sed -n "s/^NUM_THREAD=//p"'
    assert shell(command, environ) == expected
