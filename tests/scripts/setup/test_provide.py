"""The set-up's Ollama: the official release, else a build from its Go module."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from scripts.setup import go_build, provide, release, sums
from scripts.setup.steps import SetupError
from scripts.versions import OLLAMA_VERSION
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import free_port

ROOT = Path(__file__).parents[3]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a log."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder with the known sums, and the address at which a web server shows it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sums, "FILE", folder / "known.sums")
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def put_release(folder: Path, *, sha256: str | None = None) -> None:
    """Make a release with an archive for this machine, whose program prints its name."""
    program = b"#!/bin/sh\necho stand-in\n"
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        entry = tarfile.TarInfo("bin/ollama")
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    archive = zstandard.compress(plain.getvalue())
    name = release.name_archive("Linux", platform.machine())
    (folder / name).write_bytes(archive)
    digest = sha256 or hashlib.sha256(archive).hexdigest()
    (folder / "known.sums").write_text(f"# Of a stand-in.\n{digest}  {name}\n")


# Ollama's release


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("Linux", "x86_64", "ollama-linux-amd64.tar.zst"),
        ("Linux", "aarch64", "ollama-linux-arm64.tar.zst"),
        ("Darwin", "arm64", "ollama-darwin.tgz"),
    ],
)
def test_each_system_has_its_archive(system: str, machine: str, name: str) -> None:
    assert release.name_archive(system, machine) == name


def test_a_system_without_a_release_is_named() -> None:
    with pytest.raises(SetupError, match="no release for Linux on riscv64"):
        release.name_archive("Linux", "riscv64")


def test_the_release_is_installed(site: tuple[Path, str], tmp_path: Path) -> None:
    put_release(site[0])
    release.install_release(site[1], tmp_path / "ollama-1")
    assert subprocess.check_output([tmp_path / "ollama-1/bin/ollama"]) == b"stand-in\n"
    assert sorted(path.name for path in tmp_path.glob("ollama-1*")) == ["ollama-1"]


def test_a_damaged_release_is_not_installed(site: tuple[Path, str], tmp_path: Path) -> None:
    put_release(site[0], sha256="0" * 64)
    with pytest.raises(SetupError, match="is damaged, or not the file"):
        release.install_release(site[1], tmp_path / "ollama-1")
    assert list(tmp_path.glob("ollama-1*")) == []


def test_a_release_without_this_system_is_not_installed(
    site: tuple[Path, str], tmp_path: Path
) -> None:
    put_release(site[0])
    next(site[0].glob("ollama-*")).unlink()
    with pytest.raises(SetupError, match=r"cannot be reached .*File not found"):
        release.install_release(site[1], tmp_path / "ollama-1")


def test_a_release_that_cannot_be_reached_is_given_up() -> None:
    with pytest.raises(SetupError, match="cannot be reached"):
        release.open_file(f"http://127.0.0.1:{free_port()}", 5)


def test_a_release_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SetupError, match="cannot be reached"):
            release.open_file(url, 0.1)


def test_the_sums_of_another_version_are_those_that_its_release_tells(
    site: tuple[Path, str],
) -> None:
    head = "# What Ollama 1 is made of: how it came here.\n# Both kinds.\n"
    sums.FILE.write_text(f"{head}aa  x.tgz\nh1:a=  of/ollama/ollama\nh1:m=  of/gen2brain/malgo\n")
    (site[0] / "sha256sum.txt").write_text("bb  ./x.tgz\ncc  ./other.zip\n")
    sums.write_sums("2", site[1], "h1:b=")
    assert sums.FILE.read_text().startswith(head.replace("Ollama 1", "Ollama 2"))
    assert sums.read_sums() == {
        "x.tgz": "bb",
        "of/ollama/ollama": "h1:b=",
        "of/gen2brain/malgo": "h1:m=",
    }


# Ollama, from wherever it can be had


def test_a_named_server_needs_no_ollama_here(fake: FakeOllama) -> None:
    assert provide.provide_ollama({"OLLAMA_BASE_URL": fake.url, "PATH": ""}) == {}


def test_a_named_server_that_does_not_answer_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert provide.provide_ollama({"OLLAMA_BASE_URL": url, "PATH": ""}) == {}
    assert f"OLLAMA_BASE_URL={url} does not answer yet" in capsys.readouterr().err


def test_an_ollama_on_path_is_used(tmp_path: Path) -> None:
    (tmp_path / "ollama").write_text("")
    (tmp_path / "ollama").chmod(0o755)
    assert provide.provide_ollama({"PATH": str(tmp_path)}) == {}


def test_ollama_is_fetched_once(site: tuple[Path, str], tmp_path: Path) -> None:
    put_release(site[0])
    environ = {"PATH": "/empty", "XDG_CACHE_HOME": str(tmp_path), "OLLAMA_RELEASE_URL": site[1]}
    path = provide.provide_ollama(environ)["PATH"]
    assert path == f"{tmp_path}/ollama-chatbot/ollama-{OLLAMA_VERSION}-release/bin:/empty"
    assert shutil.which("ollama", path=path)
    environ["OLLAMA_RELEASE_URL"] = f"http://127.0.0.1:{free_port()}"
    assert provide.provide_ollama(environ)["PATH"] == path


def test_an_unreachable_release_is_built_and_the_lines_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built: list[Path] = []
    url = f"http://127.0.0.1:{free_port()}"
    released, own = tmp_path / "released", tmp_path / "own"
    folder = provide.fetch_ollama(released, own, url, lambda version, where: built.append(where))
    assert built == [own] == [folder]
    assert "cannot be reached" in capsys.readouterr().err


def test_a_build_for_another_processor_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"PATH": "/empty", "XDG_CACHE_HOME": str(tmp_path)}
    environ["OLLAMA_RELEASE_URL"] = f"http://127.0.0.1:{free_port()}"
    builds: list[Path] = []

    def build(version: str, folder: Path) -> None:
        builds.append(folder)
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/ollama").touch()

    def path_on(processor: str) -> str:
        monkeypatch.setattr(provide, "name_processor", lambda: processor)
        return provide.provide_ollama(environ, build)["PATH"]

    first = path_on("avx512")
    assert path_on("avx512") == first
    assert path_on("avx2") != first
    assert [folder.name for folder in builds] == [
        f"ollama-{OLLAMA_VERSION}-avx512",
        f"ollama-{OLLAMA_VERSION}-avx2",
    ]


def test_where_nothing_can_be_built_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/empty")
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SetupError, match=r"Go 1.26 .* is missing.*OLLAMA_BASE_URL=") as raised:
        provide.fetch_ollama(tmp_path / "released", tmp_path / "own", url)
    assert "\n" not in str(raised.value)


# A `go` that fails like a linker does while the compiler is told of this processor.
GO = """#!/bin/sh
case "$1" in
  env) echo "$GOPATH" ;;
  mod) printf '{"Dir": "%s", "Sum": "%s"}' "$MODULE" "$SUM" ;;
  install)
    case "$CGO_CFLAGS" in *native*) echo "undefined reference" >&2; exit 1 ;; esac
    mkdir -p "$GOPATH/bin" && echo "$CGO_CFLAGS" >"$GOPATH/bin/ollama" ;;
esac
"""


@pytest.fixture
def compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The fake `go`, whose modules all have the sum that is known."""
    (tmp_path / "miniaudio.h").touch()
    for name, text in (("go", GO), ("g++", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MODULE", str(tmp_path))
    monkeypatch.setenv("SUM", "h1:known=")
    monkeypatch.setattr(go_build, "has_header", lambda header: True)
    known = dict.fromkeys((go_build.MODULE, go_build.MINIAUDIO), "h1:known=")
    monkeypatch.setattr(sums, "read_sums", lambda: known)
    yield


def test_what_does_not_link_for_this_processor_is_built_for_any_and_that_is_said(
    tmp_path: Path, compilers: None, capsys: pytest.CaptureFixture[str]
) -> None:
    go_build.build_ollama("1", tmp_path / "ollama-1")
    assert "native" not in (tmp_path / "ollama-1/bin/ollama").read_text()
    assert "building it for any processor instead" in capsys.readouterr().err


def test_a_module_that_is_not_the_one_we_know_is_not_built(
    tmp_path: Path, compilers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUM", "h1:another=")
    with pytest.raises(SetupError, match="is another one than"):
        go_build.build_ollama("1", tmp_path / "ollama-1")
    assert not (tmp_path / "ollama-1").exists()


def test_go_packages_are_counted_among_the_compilers_warnings() -> None:
    output = "internal/abi\n# github.com/x/y\na.c:3: warning: z\ngithub.com/x/y\n\n      |  ^\n"
    assert go_build.count_packages(output) == 2


def test_missing_headers_name_the_command_that_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go_build, "has_header", lambda header: False)
    monkeypatch.setattr(go_build, "install_packages", lambda *names: False)
    monkeypatch.setenv("PATH", "/empty")
    with pytest.raises(SetupError, match="sudo apt-get install nlohmann-json3-dev libstb-dev"):
        go_build.provide_headers(tmp_path)


def test_provide_stops_with_the_sentence_unless_the_parts_are_optional(
    tmp_path: Path,
) -> None:
    environ = {**os.environ, "CHAT_MODEL": "other", "OLLAMA_RELEASE_URL": "http://127.0.0.1:9"}
    environ |= {"PATH": "/empty", "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "scripts.setup.provide"]
    results = [
        subprocess.run(
            [*command, *rest, "/bin/echo", "ran"],
            env=environ,
            cwd=ROOT,
            text=True,
            capture_output=True,
        )
        for rest in ([], ["--optional"])
    ]
    assert [(result.returncode, result.stdout) for result in results] == [(1, ""), (0, "ran\n")]
    assert "error: Go 1.26" in results[0].stderr.splitlines()[-1]
    assert "skipped: Go 1.26" in results[1].stderr.splitlines()[-1]


def test_a_cache_folder_that_cannot_be_made_names_another(tmp_path: Path) -> None:
    (tmp_path / "ollama").touch(0o755)
    environ = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "ollama")}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.setup.provide", "/bin/echo"],
        env={name: value for name, value in environ.items() if name != "EMBEDDED_MODEL"},
        cwd=ROOT,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "XDG_CACHE_HOME=/tmp/cache make run" in done.stderr.splitlines()[-1]
