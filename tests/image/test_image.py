"""What someone who types `docker build` and `docker run` gets, on a real Docker Engine."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from scripts.versions import OLLAMA_VERSION
from tests.support.containers import HARDENED, IMAGE, Container, run_docker
from tests.support.product import ROOT, fetch, free_port, wait_for

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

Run = Callable[..., Container]
MODEL = "smollm2:135m-instruct-q4_1"

# Ends the processes whose command line begins with $0.
KILL = """for process in /proc/[0-9]*; do
  if tr '\\0' ' ' <$process/cmdline | grep -q "^$0"; then kill -9 ${process#/proc/}; fi
done"""


def test_a_plain_run_answers_offline(run: Run) -> None:
    container = run()
    container.wait_ready()
    with StreamlitUser(container.url) as user:
        assert user.ask("What is the capital of France?").text


def test_it_runs_hardened_as_any_user_and_keeps_its_history_in_the_volume(
    run: Run, volume: str
) -> None:
    data = ("--volume", f"{volume}:/data")
    container = run(*HARDENED, *data)
    container.wait_ready()
    with StreamlitUser(container.url) as user:
        user.ask("Remember me")
        assert "end with this container" not in user.text()
    container.remove()
    again = run(*HARDENED, *data)
    again.wait_ready()
    with StreamlitUser(again.url) as back:
        back.close()
        back.cookies = user.cookies
        back.connect()
        assert "Remember me" in back.conversations()


def test_without_a_volume_it_answers_and_says_what_ends_with_it(run: Run) -> None:
    container = run(*HARDENED)
    container.wait_ready()
    with StreamlitUser(container.url) as user:
        assert user.ask("Hello").text
        assert "end with this container" in user.text()


def test_a_fresh_volume_links_the_baked_model_and_copies_nothing(run: Run, volume: str) -> None:
    container = run("--volume", f"{volume}:/data")
    container.wait_ready()
    assert MODEL in container.exec("ollama", "list")
    assert int(container.exec("du", "-sk", "/data/models").split()[0]) < 1000


def reachable(folder: Path) -> None:
    """Lets other users enter the folders above one."""
    for parent in folder.parents:
        if parent.stat().st_uid == os.getuid() and parent != Path("/tmp"):
            parent.chmod(0o755)


def test_an_empty_bind_mount_has_the_baked_model_too(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o777)
    reachable(folder)
    container = run("--volume", f"{folder}:/data")
    container.wait_ready()
    assert MODEL in container.exec("ollama", "list")


def test_a_history_of_roots_is_kept_by_the_cure_that_is_told(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "my chat"
    folder.mkdir()
    reachable(folder)
    data = ("--volume", f"{folder}:/data")
    as_root = run(
        "--user", "0", "--env", "NUM_PREDICT=10", *data
    )  # as an image that ran as root left it
    as_root.wait_ready()
    with StreamlitUser(as_root.url) as user:
        user.ask("Remember me")
    as_root.remove()
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "0:0", folder], check=True)
    refused = run(*data)
    assert refused.wait_ended() == 1
    cure = f"sudo chown -R 10001 '{folder}'"
    assert cure in refused.log
    assert "Traceback" not in refused.log
    if os.geteuid() != 0:
        pytest.skip("only root can follow the cure")
    subprocess.run(["bash", "-c", cure.removeprefix("sudo ")], check=True)
    again = run(*data)
    again.wait_ready()
    with StreamlitUser(again.url) as back:
        back.close()
        back.cookies = user.cookies
        back.connect()
        assert "Remember me" in back.conversations()


def test_a_models_folder_of_roots_is_told_too(run: Run, volume: str) -> None:
    data = ("--volume", f"{volume}:/data")
    run_docker("run", "--rm", "--user", "0", *data, IMAGE, "mkdir", "/data/models")
    refused = run(*data)
    assert refused.wait_ended() == 1
    assert "User 10001 cannot write to /data/models, which belongs to user 0" in refused.log


def test_an_env_file_with_quotes_and_line_ends_of_windows_is_taken(
    run: Run, tmp_path: Path
) -> None:
    lines = [f'CHAT_MODEL="{MODEL}"', "NUM_CTX='2048'", "PULL_MODELS=no ", 'LOG_FORMAT="json"', ""]
    (tmp_path / "chat.env").write_text("\r\n".join(lines), newline="")
    container = run("--env-file", str(tmp_path / "chat.env"))
    container.wait_ready()
    assert container.log.startswith("{")


def test_a_users_model_stays_and_an_older_images_one_goes(run: Run, volume: str) -> None:
    data = ("--volume", f"{volume}:/data")
    first = run(*data)
    first.wait_ready()
    first.exec("ollama", "cp", MODEL, "mine")
    # As an older image would have left it: a link to a blob that this image has not.
    blob = "sha256-" + "0" * 64
    manifest = "/data/models/manifests/registry.ollama.ai/library/old/latest"
    layers = json.dumps({"layers": [{"digest": blob.replace("-", ":")}]})
    script = (
        f"ln -s /models/blobs/{blob} /data/models/blobs/{blob} && "
        f"mkdir -p $(dirname {manifest}) && echo '{layers}' > {manifest}"
    )
    first.exec("bash", "-c", script)
    first.remove()
    second = run(*data)
    second.wait_ready()
    listed = second.exec("ollama", "list")
    assert "mine" in listed and "old" not in listed
    assert blob not in second.exec("ls", "/data/models/blobs")


def test_a_memory_limit_below_the_models_need_is_told_without_a_restart_loop(run: Run) -> None:
    container = run("--memory", "260m", "--memory-swap", "260m", "--env", "NUM_CTX=32768")
    told = wait_for(lambda: _says(container, "memory"), 90)
    assert "smaller model" in told
    assert "smaller model" in container.log
    assert container.state["Running"]


def test_stop_lets_the_answers_end_those_too_that_come_late(run: Run) -> None:
    container = run("--env", "NUM_PREDICT=40", "--env", "DRAIN_TIMEOUT=25")
    container.wait_ready()
    with StreamlitUser(container.url) as user, StreamlitUser(container.url) as late:
        asking = user.begin("Write a long story")
        asking.wait_for_text(30)
        run_docker("kill", "--signal", "TERM", container.id)
        wait_for(lambda: (found := container.readyz()) and found.status_code == 503)
        wait_for(lambda: late.session.closed)  # it would go to another replica
        late.connect()
        assert late.ask("Too late?").text
        assert asking.result(30).text
        assert container.wait_ended() in (0, 143)


def test_stop_cuts_and_keeps_an_answer_that_takes_too_long(run: Run, volume: str) -> None:
    container = run("--volume", f"{volume}:/data", "--env", "DRAIN_TIMEOUT=0.1")
    container.wait_ready()
    with StreamlitUser(container.url) as user:
        user.begin("Write a long story").wait_for_text(30)
        run_docker("stop", container.id)
    assert container.state["ExitCode"] in (0, 143)
    code = (
        "import sqlite3; print(sqlite3.connect('/data/chat.db').execute("
        "\"SELECT state, content FROM messages WHERE role = 'assistant'\").fetchall())"
    )
    kept = run_docker("run", "--rm", "-v", f"{volume}:/data", IMAGE, "python", "-c", code)
    assert kept.startswith("[('interrupted', '") and not kept.endswith("'')]")


@pytest.mark.parametrize("name", ["ollama serve", "python -m chatbot"])
def test_the_death_of_either_program_ends_the_container(run: Run, name: str) -> None:
    container = run()
    container.wait_ready()
    container.exec("bash", "-c", KILL, name, check=False)
    assert container.wait_ended() not in (0, 143)


def test_no_process_is_left_as_a_zombie(run: Run) -> None:
    container = run()
    container.wait_ready()
    states = container.exec("bash", "-c", "cat /proc/[0-9]*/stat 2>/dev/null | cut -d ' ' -f 3")
    assert "Z" not in states.split()


@pytest.mark.parametrize(
    ("command", "expected"),
    [(("bash", "-c", "echo hello"), "hello"), (("ollama", "--version"), OLLAMA_VERSION)],
)
def test_another_command_runs_untouched(
    image: str, command: tuple[str, ...], expected: str
) -> None:
    assert expected in run_docker("run", "--rm", image, *command)


def test_the_health_check_follows_readiness(run: Run) -> None:
    container = run()
    container.wait_ready()
    wait_for(lambda: container.state["Health"]["Status"] == "healthy", 30)


def test_logs_are_json_lines_on_demand(run: Run) -> None:
    container = run("--env", "LOG_FORMAT=json")
    container.wait_ready()
    lines = [json.loads(line) for line in container.log.splitlines()]
    assert {"start", "ollama", "chat"} <= {line["source"] for line in lines}


def test_one_cpu_of_a_bigger_host_means_one_thread(run: Run) -> None:
    container = run("--cpus", "1")
    container.wait_ready()
    assert "NUM_THREAD=1" in container.log


def test_ollama_listens_on_loopback_only(run: Run) -> None:
    container = run()
    container.wait_ready()
    sockets = container.exec("bash", "-c", "cat /proc/net/tcp").splitlines()[1:]
    listening = {line.split()[1] for line in sockets if line.split()[3] == "0A"}
    assert "0100007F:2CAA" in listening and "00000000:2CAA" not in listening


def test_nothing_of_the_build_is_left(image: str) -> None:
    script = "command -v pip gcc curl || ls /opt/venv/bin | grep pip || echo clean"
    assert run_docker("run", "--rm", image, "bash", "-c", script) == "clean"
    user = run_docker("inspect", "--format", "{{.Config.User}}", image)
    assert user == "10001:0"


def test_a_model_that_is_baked_again_makes_the_same_layer(image: str) -> None:
    # Named twice, it is baked anew and is the same.
    again = f"{IMAGE}-again"
    options = ("--network", "host", "--build-arg", f"MODEL={MODEL} {MODEL}", "--tag", again)
    run_docker("build", *options, "--file", str(ROOT / "docker" / "Dockerfile"), str(ROOT))
    first, second = (
        json.loads(run_docker("inspect", "--format", "{{json .RootFS.Layers}}", name))
        for name in (image, again)
    )
    run_docker("rmi", again)
    # After the model's come those of the entry point, the code and its bytecode.
    assert first[:-3] == second[:-3]


def test_the_page_answers_while_the_model_is_still_loaded(run: Run) -> None:
    container = run()
    wait_for(lambda: _page(container.url), 30)
    assert container.readyz() is not None


def _says(container: Container, word: str) -> str:
    """What /readyz says, if the word is in it."""
    found = container.readyz()
    return found.text if found is not None and word in found.text else ""


def _page(url: str) -> bool:
    found = fetch(url)
    return found is not None and found.is_success


def test_the_compose_file_is_valid_and_its_default_answers(image: str, tmp_path: Path) -> None:
    compose = _compose()
    for profile in ("", "gpu", "external", "postgres"):
        assert "services" in _output(
            *compose, *(("--profile", profile) if profile else ()), "config"
        )
    port, name = free_port(), f"chat{secrets.token_hex(3)}"
    up = (*compose, "--project-name", name)
    run_docker("tag", image, "ollama-chatbot")
    try:
        _output(*up, "up", "--detach", "--no-build", env={"PORT": str(port)})
        wait_for(lambda: _page(f"http://127.0.0.1:{port}/readyz"), 60)
    finally:
        _output(*up, "down", "--volumes")


def _compose() -> tuple[str, ...]:
    """The compose program that is here, with the project's file."""
    file = ("--file", str(ROOT / "docker" / "compose.yaml"))
    if "version" in run_docker("compose", "version", check=False):
        return ("docker", "compose", *file)
    if program := shutil.which("docker-compose"):
        return (program, *file)
    pytest.skip("no docker compose: apt-get install docker-compose, then run the tests again")


def _output(*command: str, env: dict[str, str] | None = None) -> str:
    """What a command prints; fails when it does."""
    return subprocess.check_output(command, text=True, env={**os.environ, **(env or {})})
