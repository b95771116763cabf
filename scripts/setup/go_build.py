"""Ollama built from its Go module, for machines that reach only package registries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.setup import sums
from scripts.setup.steps import SetupError, run_step, say

MODULE = "github.com/ollama/ollama"
# The module archive leaves out three vendored headers; these bring the same ones.
MINIAUDIO, MINIAUDIO_VERSION = "github.com/gen2brain/malgo", "v0.11.24"
HEADER_PACKAGES = ("nlohmann-json3-dev", "libstb-dev")
HEADERS = ("nlohmann/json.hpp", "stb/stb_image.h")
# Go's default is -O2 for any machine: a third of the speed.
NATIVE = "-O3 -march=native"
PORTABLE = "-O3"
# A Go build leaves out the sources for AMX, which the others refer to where the compiler has it.
LEFT_OUT = "-U__AMX_INT8__"
APT = Path(__file__).with_name("apt.sh")


def build_ollama(version: str, folder: Path) -> None:
    """Build Ollama and put it at folder/bin/ollama; takes three to five minutes on two cores.

    The program is for this processor only, unless that cannot be built: then for any of its
    architecture. `folder` must be another one for each kind of processor, since Go keeps what it
    compiled by the flags, among them this folder's name. Raises SetupError with the command that
    cures it when a tool is missing.
    """
    need_compilers(version)
    work = folder.with_name(folder.name + ".build")
    work.mkdir(parents=True, exist_ok=True)
    includes = [fetch_miniaudio(work), *provide_headers(work)]
    fetch_module(MODULE, f"v{version}")
    say(f"building Ollama {version} with Go; this takes some minutes")
    try:
        program = compile_program(version, work, includes, NATIVE)
    except SetupError as error:
        say(f"{error}; building it for any processor instead, which answers more slowly")
        program = compile_program(version, work, includes, PORTABLE)
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    program.replace(folder / "bin/ollama")
    shutil.rmtree(work)


def compile_program(
    version: str,
    work: Path,
    includes: list[Path],
    flags: str,
    toolchain: Mapping[str, str] | None = None,
) -> Path:
    """Compile and link Ollama with the compiler's `flags`; return the path of the program.

    `toolchain` holds Go's variables for another architecture, such as GOARCH and CC. Raises
    SetupError when the compiler or the linker fails.
    """
    # As the official build does; "release" keeps the list of all routes out of the log.
    ldflags = f"-s -w -X {MODULE}/version.Version={version} -X {MODULE}/server.mode=release"
    modules = subprocess.check_output(["go", "env", "GOMODCACHE"], text=True).strip()
    # Go refuses GOBIN when it compiles for another architecture.
    programs = work / "go/bin"
    shutil.rmtree(programs, ignore_errors=True)
    run_step(
        ["go", "install", "-v", "-ldflags", ldflags, f"{MODULE}@v{version}"],
        work / "build.log",
        environ={
            "GOBIN": "",
            "GOPATH": str(work / "go"),
            "GOMODCACHE": modules,
            "CGO_ENABLED": "1",
            "CGO_CPPFLAGS": " ".join(f"-I{path}" for path in includes),
            "CGO_CFLAGS": f"{flags} {LEFT_OUT}",
            "CGO_CXXFLAGS": f"{flags} {LEFT_OUT}",
            **(toolchain or {}),
        },
        progress=lambda text: f"{count_packages(text)} Go packages compiled",
    )
    return next(programs.rglob("ollama"))


def count_packages(build_output: str) -> int:
    """Count the packages in the output of `go install -v`, one a line among warnings."""
    lines = build_output.splitlines()
    return sum(" " not in line and not line.startswith("#") for line in lines if line)


def need_compilers(version: str) -> None:
    """Raise SetupError unless Go and a C++ compiler are there; install the latter as root."""
    if not shutil.which("go"):
        raise SetupError(
            f"Go 1.26 or newer (https://go.dev/dl), to build Ollama {version}, is missing"
        )
    if not shutil.which("g++") and not install_packages("g++"):
        raise SetupError("a C++ compiler is missing: sudo apt-get install g++")


def fetch_miniaudio(work: Path) -> Path:
    """Fetch miniaudio.h from its Go module; return the folder that holds miniaudio/."""
    say("fetching the headers that the module leaves out")
    source = fetch_module(MINIAUDIO, MINIAUDIO_VERSION) / "miniaudio.h"
    (work / "include/miniaudio").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, work / "include/miniaudio/miniaudio.h")
    return work / "include"


def fetch_module(module: str, version: str) -> Path:
    """Fetch a Go module; return its folder. Raises SetupError when it is not the one we know."""
    told = download_module(module, version)
    if told["Sum"] != sums.read_sums()[module]:
        raise SetupError(
            f"the Go module {module} {version} is another one than {sums.FILE.name} knows"
        )
    return Path(told["Dir"])


def download_module(module: str, version: str) -> dict[str, str]:
    """Return what Go tells of a module that it has fetched: its sum, its folder …"""
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    result = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if result.returncode:
        raise SetupError(
            f"the Go module {module} {version} cannot be fetched "
            f"({(result.stderr or result.stdout).strip().splitlines()[-1]})"
        )
    told: dict[str, str] = json.loads(result.stdout)
    return told


def provide_headers(work: Path) -> list[Path]:
    """Provide the two headers of Debian's packages; return the folders to search besides /usr."""
    unpacked = work / "debian/usr/include"
    if all(has_header(header) for header in HEADERS) or install_packages(*HEADER_PACKAGES):
        return []
    if not all((unpacked / header).exists() for header in HEADERS) and not unpack_debs(work):
        raise SetupError(
            "headers to build Ollama are missing: sudo apt-get install " + " ".join(HEADER_PACKAGES)
        )
    return [unpacked]


def has_header(header: str) -> bool:
    """Return whether the compiler finds a header by itself."""
    return any((Path(base) / header).exists() for base in ("/usr/include", "/usr/local/include"))


def unpack_debs(work: Path) -> bool:
    """Without root: fetch the packages and unpack them below `work`; whether that worked."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return False
    debs = work / "debs"
    debs.mkdir(exist_ok=True)
    try:
        run_step(["apt-get", "download", *HEADER_PACKAGES], debs / "apt.log", cwd=debs)
        for deb in debs.glob("*.deb"):
            run_step(["dpkg-deb", "-x", str(deb), str(work / "debian")], debs / "dpkg.log")
    except SetupError:
        return False
    return True


def install_packages(*names: str) -> bool:
    """Install Debian packages as root; whether that was possible."""
    return os.geteuid() == 0 and subprocess.run([APT, *names], check=False).returncode == 0
