"""The functions of entrypoint.sh, sourced: the CPU limit and the address of Ollama."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.product import free_port

SCRIPT = Path(__file__).parent.parent / "entrypoint.sh"
NPROC = '#!/bin/bash\nif [[ ${1:-} == --all ]]; then echo 8; else echo "${CPU_SET:-8}"; fi\n'


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Variables of a process on a host of 8 CPUs."""
    (tmp_path / "stubs").mkdir()
    (tmp_path / "stubs/nproc").write_text(NPROC)
    (tmp_path / "stubs/nproc").chmod(0o755)
    (tmp_path / "stubs/python").symlink_to(sys.executable)
    return {"PATH": f"{tmp_path}/stubs:/usr/bin:/bin"}


def run(command: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a command in a shell that has the script's functions."""
    script = f'source "{SCRIPT}"; {command}'
    return subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True)


def shell(command: str, environ: dict[str, str]) -> str:
    """What it prints."""
    result = run(command, environ)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def refusal(environ: dict[str, str]) -> str:
    """What it says of an address that it does not take."""
    result = run("choose_address", environ)
    assert result.returncode == 1
    return result.stderr


@pytest.mark.parametrize(
    ("wanted", "host", "url"),
    [
        ("0.0.0.0:{}", "0.0.0.0:{}", "http://127.0.0.1:{}"),
        ("http://127.0.0.1:{}/", "127.0.0.1:{}", "http://127.0.0.1:{}"),
        (":{}", "127.0.0.1:{}", "http://127.0.0.1:{}"),
        ("[::1]:{}", "[::1]:{}", "http://[::1]:{}"),
        ("localhost:{}", "localhost:{}", "http://localhost:{}"),
        ("127.0.0.2:{}", "127.0.0.2:{}", "http://127.0.0.2:{}"),
        ("[::]:{}", "[::]:{}", "http://127.0.0.1:{}"),
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
    ("wanted", "host"),
    [("[::]:11434", "0.0.0.0:11434"), ("[::1]:11434", "[::1]:11434"), ("0.0.0.0", "0.0.0.0")],
)
def test_without_ipv6_in_the_kernel_ollama_listens_for_all_of_ipv4(
    wanted: str, host: str, environ: dict[str, str]
) -> None:
    environ["OLLAMA_HOST"] = wanted
    assert shell("fit_host /nowhere; echo $OLLAMA_HOST", environ) == host
    assert shell("fit_host /dev/null; echo $OLLAMA_HOST", environ) == wanted


@pytest.mark.parametrize(
    ("wanted", "host"),
    [
        ("", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("::1", "[::1]"),
        ("::", "[::]"),
        ("[::1]", "[::1]"),
        ("http://localhost", "localhost"),
        ("127.0.0.1:", "127.0.0.1"),
    ],
)
def test_without_a_port_the_usual_one_is_the_first(
    wanted: str, host: str, environ: dict[str, str]
) -> None:
    environ["OLLAMA_HOST"] = wanted
    found = shell("choose_address; echo $OLLAMA_HOST", environ)
    name, _, port = found.rpartition(":")
    assert name == host
    assert int(port) >= 11434


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "080"])
def test_a_port_that_is_none_is_told(port: str, environ: dict[str, str]) -> None:
    environ["OLLAMA_HOST"] = f"127.0.0.1:{port}"
    assert f"OLLAMA_HOST is '127.0.0.1:{port}': its port must be a number" in refusal(environ)


@pytest.mark.parametrize(
    ("wanted", "cure"),
    [
        ("203.0.113.1:11434", "OLLAMA_BASE_URL=http://203.0.113.1:11434"),
        ("http://nowhere.invalid", "OLLAMA_BASE_URL=http://nowhere.invalid:11434"),
        ("[2001:db8::1]:80", "OLLAMA_BASE_URL=http://[2001:db8::1]:80"),
    ],
)
def test_a_host_elsewhere_is_told_with_the_variable_that_uses_it(
    wanted: str, cure: str, environ: dict[str, str]
) -> None:
    environ["OLLAMA_HOST"] = wanted
    assert refusal(environ).strip().endswith(cure)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (' "8192" ', "8192"),
        ("8192\r", "8192"),
        ('"8192"\r', "8192"),
        ("'a b'", "a b"),
        ("a 'b'", "a 'b'"),
        ('"', '"'),
        ("", "unset"),
        ('" \r', '"'),
        (" \r", "unset"),
        ('""', "unset"),
    ],
)
def test_what_an_env_file_leaves_on_a_value_is_taken_off(
    written: str, value: str, environ: dict[str, str]
) -> None:
    environ["NUM_CTX"] = written
    assert shell('trim_variables NUM_CTX PORT; echo "${NUM_CTX-unset}"', environ) == value


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a b", "{here}/a b"),
        ("~/chat", "{home}/chat"),
        ("~", "{home}"),
        ("{here}/chat", "{here}/chat"),
        ("~ann", "{here}/~ann"),
    ],
)
def test_a_data_dir_is_made_where_it_is_meant(
    written: str, expected: str, environ: dict[str, str], tmp_path: Path
) -> None:
    places = {"here": str(tmp_path / "here"), "home": str(tmp_path / "home")}
    for place in places.values():
        Path(place).mkdir()
    environ |= {"DATA_DIR": written.format(**places), "HOME": places["home"], "CDPATH": "/"}
    found = shell(f"cd {places['here']}; prepare_data_dir; echo $DATA_DIR", environ)
    assert found == expected.format(**places)
    assert Path(found).is_dir()


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
