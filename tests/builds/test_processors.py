"""Ollama compiles and links for other processors than this one (`make test-builds`)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.setup import go_build
from scripts.setup.steps import cache_folder
from scripts.versions import OLLAMA_VERSION

pytestmark = [pytest.mark.builds, pytest.mark.timeout(3600)]

INTEL_AND_AMD = [
    "-march=x86-64",
    "-march=haswell",
    "-march=znver4",
    "-march=skylake-avx512",
    "-march=sapphirerapids",
    "-march=graniterapids",
]
ARM = ["-march=armv8-a", "-mcpu=neoverse-n1", "-mcpu=neoverse-v1", "-march=armv9-a+i8mm+bf16+sve2"]
# The first compiler that knows a processor compiles for it: Debian's own, then a newer one.
COMPILERS = {
    "amd64": [("x86_64-linux-gnu-gcc", "x86_64-linux-gnu-g++"), ("clang-16", "clang++-16")],
    "arm64": [("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++")],
}
PACKAGES = {
    "x86_64-linux-gnu-gcc": "g++-x86-64-linux-gnu",
    "clang-16": "clang-16",
    "aarch64-linux-gnu-gcc": "g++-aarch64-linux-gnu",
}


@pytest.fixture(scope="session")
def work() -> Path:
    """A folder that stays: Go compiles again only what has changed since."""
    folder = cache_folder(os.environ) / "link-check"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def includes(work: Path) -> list[Path]:
    """Where the headers lie that the module leaves out."""
    go_build.need_compilers(OLLAMA_VERSION)
    return [go_build.fetch_miniaudio(work), *go_build.provide_headers(work)]


def compilers_for(architecture: str, target: str) -> tuple[str, str]:
    """Return the C and the C++ compiler, installed where they can be; skips when there is none."""
    for c, cpp in COMPILERS[architecture]:
        if (shutil.which(c) or go_build.install_packages(PACKAGES[c])) and knows(c, target):
            return c, cpp
    pytest.skip(f"no compiler here knows {target}: {', '.join(PACKAGES.values())}")


def knows(compiler: str, target: str) -> bool:
    """Whether the compiler takes the name of the processor."""
    command = [compiler, target, "-E", "-x", "c", os.devnull]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("architecture", "target"),
    [("amd64", target) for target in INTEL_AND_AMD] + [("arm64", target) for target in ARM],
)
def test_it_links(architecture: str, target: str, work: Path, includes: list[Path]) -> None:
    c, cpp = compilers_for(architecture, target)
    toolchain = {"GOOS": "linux", "GOARCH": architecture, "CC": c, "CXX": cpp}
    # The least optimization: what the optimizer would throw away has to link as well.
    program = go_build.compile_program(OLLAMA_VERSION, work, includes, f"-O1 {target}", toolchain)
    assert program.stat().st_size > 10_000_000
