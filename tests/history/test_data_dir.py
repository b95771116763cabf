"""Each way in which a folder cannot hold the history, made real, is told with its own cure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.history.data_dir import DataDirUnusable, _host_id, check_folder
from tests.support.mounting import mounted

USER = 12345
# Python itself may lie where only root can read, so the user changes after the imports.
AS_USER = f"""
import errno, os, sys
from pathlib import Path
from chatbot.history import data_dir
os.setgroups([]), os.setgid({USER}), os.setuid({USER})
data_dir.main()
"""
# As the kernel answers on an NFS without its lock service.
WITHOUT_LOCKS = """
import errno, fcntl, sys
from chatbot.history import data_dir
def lockf(*_):
    raise OSError(getattr(errno, sys.argv[2]), "No locks available")
fcntl.lockf = lockf
data_dir.main()
"""


def sentence(
    folder: Path, program: str = "from chatbot.history import data_dir; data_dir.main()"
) -> str:
    """What `python -m chatbot.history.data_dir FOLDER` says; empty when the folder can be used."""
    command = [sys.executable, "-c", program, str(folder), "ENOLCK"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == bool(done.returncode)
    return done.stderr.strip()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of root's that everybody may enter."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    folder = Path(tempfile.mkdtemp(prefix="a place "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_can_be_used_is_made_for_the_chat_alone(tmp_path: Path) -> None:
    check_folder(tmp_path / "a b/data")
    check_folder(tmp_path / "a b/data")
    assert (tmp_path / "a b/data").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "a b/data").iterdir()) == []


@pytest.mark.parametrize("below", ["", "below/it"])
def test_a_file_in_the_way_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "data").write_text("mine")
    assert sentence(tmp_path / "data" / below) == (
        f"{tmp_path}/data is a file, but DATA_DIR needs a folder there. Correct DATA_DIR."
    )
    assert (tmp_path / "data").read_text() == "mine"


@pytest.mark.parametrize("target", ["data", "unplugged/disk"])
def test_a_link_that_leads_to_no_folder_is_named(tmp_path: Path, target: str) -> None:
    (tmp_path / "data").symlink_to(target)
    told = sentence(tmp_path / "data")
    assert told.startswith(f"{tmp_path}/data is a link to {target}, where no folder is.")
    assert not (tmp_path / "unplugged").exists()


def test_a_read_only_file_system_is_named_and_no_other_folder_while_there_is_a_history(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir()
    with mounted("-t", "tmpfs", "-o", "ro", "none", str(tmp_path)):
        told = sentence(tmp_path / "new")
        assert "mounted read-only. Mount it for writing" in told
        assert "name another folder in DATA_DIR" in told
        assert "another folder" not in sentence(tmp_path)


def test_a_folder_of_another_user_is_given_to_this_one(place: Path) -> None:
    told = sentence(place, AS_USER)
    assert told.startswith(f"User {USER} cannot write to {place}, which belongs to user 0")
    assert f": sudo chown -R {USER} '{place}' - then" in told
    subprocess.run(["chown", "-R", str(USER), place], check=True)
    assert sentence(place, AS_USER) == ""


def test_a_folder_that_cannot_be_made_is_to_be_made(place: Path) -> None:
    told = sentence(place / "chat", AS_USER)
    assert f"cannot make the folder {place}/chat: sudo install -d -o {USER}" in told
    subprocess.run(["install", "-d", "-o", str(USER), place / "chat"], check=True)
    assert sentence(place / "chat", AS_USER) == ""


def test_a_history_of_another_user_in_a_folder_of_this_one_is_given_to_it(place: Path) -> None:
    os.chown(place, USER, 0)
    (place / "chat.db").write_text("precious")
    told = sentence(place, AS_USER)
    assert told.startswith(f"User {USER} cannot write to {place}/chat.db, which belongs to user 0")
    assert f"sudo chown -R {USER} '{place}'" in told
    assert (place / "chat.db").read_text() == "precious"


@pytest.mark.parametrize("mode", [0o600, 0o500])
def test_rights_that_the_owner_took_away_are_given_back(place: Path, mode: int) -> None:
    os.chown(place, USER, 0)
    place.chmod(mode)
    assert f": chmod u+rwx '{place}' - then" in sentence(place, AS_USER)


def test_a_way_that_is_closed_is_told_with_a_copy_as_the_cure(place: Path) -> None:
    (place / "home/chat").mkdir(parents=True)
    (place / "home").chmod(0o700)
    told = sentence(place / "home/chat", AS_USER)
    assert told.startswith(f"User {USER} may not enter {place}/home, which belongs to user 0.")
    assert f"copy {place}/home/chat to a place of your own" in told


def test_in_a_container_the_cure_is_what_is_typed_on_the_host(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKED_MODELS", "/models")
    (place / "srv chat").mkdir()
    (place / "data").mkdir()
    with mounted("--bind", str(place / "srv chat"), str(place / "data")):
        told = sentence(place / "data", AS_USER)
        assert f"mounted at {place}/data: sudo chown -R {USER} '{place}/srv chat' - then" in told
        os.chown(place / "data", 1000, 1000)
        told = sentence(place / "data", AS_USER)
        assert told.endswith("start the container again, or start it with --user 1000:0.")


def test_in_a_rootless_container_the_host_knows_the_user_by_another_id(tmp_path: Path) -> None:
    (tmp_path / "map").write_text(
        "         0       1000          1\n         1     100000      65536\n"
    )
    assert _host_id(10001, tmp_path / "map") == 110000
    assert _host_id(0, tmp_path / "map") == 1000
    assert _host_id(10001, tmp_path / "none") == 10001


def test_a_file_system_without_locks_is_told_with_what_is_safe(tmp_path: Path) -> None:
    told = sentence(tmp_path, WITHOUT_LOCKS)
    assert told.startswith(f"Files in {tmp_path} cannot be locked (No locks available")
    assert "Mount it with locks, or copy the folder to a disk of this machine" in told


def test_a_folder_is_refused_with_an_error_of_the_chat(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirUnusable) as refusal:
        check_folder(tmp_path / "file")
    assert refusal.value.sentence
