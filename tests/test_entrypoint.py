"""entrypoint.sh, with stand-ins for `ollama` and `python` on its PATH."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import free_port, wait_for

SCRIPT = Path(__file__).parent.parent / "entrypoint.sh"
# Writes what happens to it into $EVENTS; ends at TERM, once $HOLD does not exist (any more).
STUB = """#!/bin/bash
me={name}
note() {{ echo "$me $*" >>"$EVENTS"; }}
trap 'note INT' INT
stop() {{ while [[ -e $HOLD ]]; do sleep 0.05; done; echo "$me: last"; exit; }}
trap 'note TERM; stop' TERM
note "start $* $$"
echo "$me: first"
env >"$EVENTS.$me.part" && mv "$EVENTS.$me"{{.part,}}
if [[ -n ${{{name}_ends:-}} ]]; then exit "${name}_ends"; fi
while true; do sleep 1000 & wait "$!"; done
"""

# Listens on the port in its argument, leaves a process that goes on, and returns.
THIEF = """
import os, socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if child := os.fork():
    open(sys.argv[0] + ".pid", "w").write(str(child))
    os._exit(0)
os.setsid()
for descriptor in (0, 1, 2):
    os.close(descriptor)
time.sleep(60)
"""


class Entrypoint:
    """The script under way, its stand-ins' events and its output."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], environ: dict[str, str]) -> None:
        self.events_file = folder / "events"
        self.hold = folder / "hold"
        # A shell that started pytest in the background may have made it ignore INT.
        self.process = subprocess.Popen(
            ["env", "--default-signal=INT", SCRIPT, *arguments],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def events(self) -> list[str]:
        """What the stand-ins noted, without their process ids."""
        text = self.events_file.read_text() if self.events_file.exists() else ""
        return [line.rstrip("0123456789 ") for line in text.splitlines()]

    def pid(self, name: str) -> int:
        """The process id of a stand-in that has started."""
        lines = self.events_file.read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f"{name} start")).split()[-1])

    def wait_for(self, event: str) -> None:
        """Return once a stand-in noted the event."""
        wait_for(lambda: event in self.events())

    def started(self, *names: str) -> list[psutil.Process]:
        """Return all processes below the script, once the named stand-ins have started."""
        files = [self.events_file.with_name(f"events.{name}") for name in names]
        wait_for(lambda: all(file.exists() for file in files))
        return psutil.Process(self.process.pid).children(recursive=True)

    def variables(self, name: str) -> dict[str, str]:
        """The environment of a stand-in."""
        text = self.events_file.with_name(f"events.{name}").read_text()
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def end(self) -> tuple[int, str]:
        """Return the status and the output, once the script ended."""
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


Start = Callable[..., Entrypoint]


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """A folder with the stand-ins."""
    folder = tmp_path / "stubs"
    folder.mkdir()
    programs = {"ollama": STUB.format(name="ollama"), "python": STUB.format(name="chat")}
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def environ(tmp_path: Path, stubs: Path) -> dict[str, str]:
    """The variables that the script starts with."""
    return {
        "PATH": f"{stubs}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "EVENTS": str(tmp_path / "events"),
        "HOLD": str(tmp_path / "hold"),
        "OLLAMA_HOST": f"127.0.0.1:{free_port()}",
    }


@pytest.fixture
def start(tmp_path: Path, environ: dict[str, str]) -> Iterator[Start]:
    """Start the script with arguments and further variables; ended with all below it."""
    running: list[Entrypoint] = []

    def run(*arguments: str, **variables: str) -> Entrypoint:
        running.append(Entrypoint(tmp_path, arguments, environ | variables))
        return running[-1]

    yield run
    for entry in running:
        entry.hold.unlink(missing_ok=True)
        entry.process.terminate()
        entry.end()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """The processes that still run; what waits for init to collect it does not."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def test_any_other_command_runs_untouched(start: Start) -> None:
    status, output = start("sh", "-c", 'echo "[$0] [$1]"; exit 5', "a b", "--port=1").end()
    assert (status, output) == (5, "[a b] [--port=1]\n")


def test_options_go_to_the_chat(start: Start) -> None:
    entry = start("--option", "a value")
    entry.wait_for("chat start -m chatbot --option a value")


def test_ollama_and_the_chat_start_and_find_each_other(
    start: Start, environ: dict[str, str]
) -> None:
    entry = start(OLLAMA_NUM_PARALLEL="3")
    entry.started("ollama", "chat")
    assert "ollama start serve" in entry.events()
    assert entry.variables("chat")["OLLAMA_BASE_URL"] == f"http://{environ['OLLAMA_HOST']}"
    data = f"{environ['HOME']}/.local/share/ollama-chatbot"
    assert entry.variables("chat")["DATA_DIR"] == data
    ollama = entry.variables("ollama")
    assert ollama["OLLAMA_HOST"] == environ["OLLAMA_HOST"]
    assert ollama["OLLAMA_MODELS"] == f"{data}/models"
    assert ollama["OLLAMA_KEEP_ALIVE"] == "-1"
    assert ollama["OLLAMA_NOPRUNE"] == "1"
    assert ollama["OLLAMA_NUM_PARALLEL"] == "3"


def test_a_named_server_is_used_and_none_is_started(start: Start) -> None:
    entry = start(OLLAMA_BASE_URL="http://ollama:11434")
    entry.started("chat")
    assert entry.variables("chat")["OLLAMA_BASE_URL"] == "http://ollama:11434"
    entry.process.terminate()
    assert entry.end()[0] == 143
    assert not any(event.startswith("ollama") for event in entry.events())


def test_a_taken_port_is_left_to_the_ollama_on_it(start: Start, fake: FakeOllama) -> None:
    taken = int(fake.url.rpartition(":")[2])
    entry = start(OLLAMA_HOST=f"127.0.0.1:{taken}")
    entry.started("ollama", "chat")
    port = int(entry.variables("ollama")["OLLAMA_HOST"].rpartition(":")[2])
    assert port > taken
    assert entry.variables("chat")["OLLAMA_BASE_URL"] == f"http://127.0.0.1:{port}"
    entry.process.terminate()
    assert f"OLLAMA_BASE_URL=http://127.0.0.1:{taken} make run" in entry.end()[1]


def test_a_data_folder_that_cannot_be_used_ends_with_a_sentence(
    start: Start, stubs: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (stubs / "python").unlink()
    # Not by a link, which would hide the packages of the environment.
    (stubs / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (stubs / "python").chmod(0o755)
    status, output = start(DATA_DIR=f"{tmp_path}/file/data").end()
    assert status == 1
    (line,) = output.splitlines()
    assert line.startswith(f"start  | error: {tmp_path}/file is a file, but DATA_DIR needs a")


def test_what_an_env_file_leaves_on_the_values_does_not_reach_the_programs(
    start: Start, environ: dict[str, str]
) -> None:
    entry = start(CHAT_MODEL='"tiny:1b"\r', DATA_DIR=f" '{environ['HOME']}/a b' ", NUM_THREAD=" ")
    entry.started("ollama", "chat")
    assert entry.variables("chat")["CHAT_MODEL"] == "tiny:1b"
    assert entry.variables("chat")["DATA_DIR"] == f"{environ['HOME']}/a b"
    assert entry.variables("ollama")["OLLAMA_MODELS"] == f"{environ['HOME']}/a b/models"


def test_an_ollama_that_loses_its_port_to_another_program_gets_the_next_one(
    start: Start, environ: dict[str, str], stubs: Path
) -> None:
    # As a second start at the same moment does: the port is free, and taken when Ollama listens.
    wanted = environ["OLLAMA_HOST"]
    (stubs / "thief").write_text(THIEF)
    steal = f"{sys.executable} {stubs}/thief {wanted.rpartition(':')[2]}; exit 1"
    usual = (stubs / "ollama").read_text().partition("\n")[2]
    (stubs / "ollama").write_text(
        f"#!/bin/bash\nif [[ $OLLAMA_HOST == {wanted} ]]; then {steal}; fi\n{usual}"
    )
    entry = start()
    entry.started("ollama")
    assert entry.variables("ollama")["OLLAMA_HOST"] != wanted
    entry.wait_for("chat start -m chatbot")
    os.kill(int((stubs / "thief.pid").read_text()), signal.SIGKILL)


def test_a_missing_ollama_ends_with_a_sentence(start: Start, stubs: Path) -> None:
    (stubs / "ollama").unlink()
    status, output = start().end()
    assert status == 1
    assert "ollama is not on PATH: install it" in output


@pytest.mark.parametrize(
    ("name", "status"), [("TERM", 143), ("INT", 130), ("HUP", 129)], ids=["TERM", "INT", "HUP"]
)
def test_a_signal_stops_the_chat_and_then_ollama(start: Start, name: str, status: int) -> None:
    entry = start()
    below = entry.started("ollama", "chat")
    entry.hold.touch()
    entry.process.send_signal(getattr(signal, f"SIG{name}"))
    entry.wait_for("chat TERM")
    assert "ollama TERM" not in entry.events(), "Ollama is needed while answers finish"
    entry.hold.unlink()
    assert entry.end()[0] == status
    assert entry.events()[-2:] == ["chat TERM", "ollama TERM"]
    wait_for(lambda: not alive(below))


def test_ctrl_c_on_a_terminal_reaches_the_script_only(start: Start) -> None:
    entry = start()
    entry.started("ollama", "chat")
    os.killpg(entry.process.pid, signal.SIGINT)
    status, output = entry.end()
    assert status == 130
    assert not any(event.endswith("INT") for event in entry.events())
    assert "chat   | chat: last\n" in output, "the last lines are not lost"
    assert "ollama | ollama: last\n" in output


def test_a_second_signal_ends_at_once(start: Start) -> None:
    entry = start()
    below = entry.started("ollama", "chat")
    entry.hold.touch()
    entry.process.terminate()
    entry.wait_for("chat TERM")
    entry.process.send_signal(signal.SIGINT)
    assert entry.end()[0] == 130
    wait_for(lambda: not alive(below))


@pytest.mark.parametrize(("dying", "other"), [("chat", "ollama"), ("ollama", "chat")])
def test_when_one_dies_the_other_is_stopped_and_its_status_stays(
    start: Start, dying: str, other: str
) -> None:
    entry = start()
    below = entry.started("ollama", "chat")
    os.kill(entry.pid(dying), signal.SIGKILL)
    assert entry.end()[0] == 137
    assert entry.events()[-1] == f"{other} TERM"
    wait_for(lambda: not alive(below))


@pytest.mark.parametrize(
    ("ends", "status", "expected"),
    [("chat", "3", 3), ("ollama", "4", 4), ("chat", "0", 0), ("ollama", "0", 1)],
)
def test_one_that_ends_at_once_gives_its_status(
    start: Start, ends: str, status: str, expected: int
) -> None:
    entry = start(**{f"{ends}_ends": status})
    assert entry.end()[0] == expected


def test_each_line_says_whose_it_is(start: Start) -> None:
    entry = start()
    entry.started("ollama", "chat")
    entry.process.terminate()
    lines = entry.end()[1].splitlines()
    assert {"ollama | ollama: first", "chat   | chat: first", "start  | TERM: stopping"} <= {*lines}


def test_ollama_finishes_what_others_have_asked_for(start: Start, environ: dict[str, str]) -> None:
    entry = start(DRAIN_TIMEOUT="20.5")
    entry.started("ollama", "chat")
    with _asking(environ["OLLAMA_HOST"]):
        entry.process.terminate()
        wait_for(lambda: not psutil.pid_exists(entry.pid("chat")))
        assert "ollama TERM" not in entry.events()
    assert entry.end()[0] == 143
    assert entry.events()[-1] == "ollama TERM"


def test_what_others_have_asked_for_is_cut_after_the_drain_time(
    start: Start, environ: dict[str, str]
) -> None:
    entry = start(DRAIN_TIMEOUT="0.5")
    entry.started("ollama", "chat")
    with _asking(environ["OLLAMA_HOST"]):
        entry.process.terminate()
        assert entry.end()[0] == 143


@contextlib.contextmanager
def _asking(address: str) -> Iterator[None]:
    """A connection to the address, as a request under way has it."""
    host, port = address.split(":")
    with (
        socket.create_server((host, int(port))) as server,
        socket.create_connection((host, int(port))),
    ):
        connection, _ = server.accept()
        with connection:
            yield
