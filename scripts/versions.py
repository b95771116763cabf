"""The versions of the chat and of Ollama: each has one source, and this writes it everywhere else.

`make version-set VERSION=0.2.0`, `make version-set OLLAMA=0.25.0`. Code reads the source instead of
repeating it; what is left are files that cannot read: manifests, Dockerfiles, documents.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.setup import go_build, sums
from scripts.setup.steps import SetupError

ROOT = Path(__file__).parents[1]
OLLAMA_RELEASES = "https://github.com/ollama/ollama/releases/download"

_NUMBER = r"\d+\.\d+\.\d+(?:-[\w.]*\w)?"


@dataclass(frozen=True)
class Product:
    """A versioned thing: `prefix` matches what stands before its number, in all its `files`."""

    prefix: str
    files: tuple[str, ...]  # the first is the source

    def read_versions(self, root: Path = ROOT) -> dict[str, set[str]]:
        """Return the version numbers of each file; an empty set where there is none."""
        pattern = re.compile(rf"(?:{self.prefix})({_NUMBER})", re.MULTILINE)
        return {name: set(pattern.findall((root / name).read_text())) for name in self.files}

    def read_version(self, root: Path = ROOT) -> str:
        """Return the version that the source says."""
        (version,) = self.read_versions(root)[self.files[0]]
        return version

    def write_version(self, version: str, root: Path = ROOT) -> None:
        """Write the version into all files. Raises ValueError when it is no version."""
        if not re.fullmatch(_NUMBER, version):
            raise ValueError(f"{version} is no version such as 1.2.3")
        for name in self.files:
            text = (root / name).read_text()
            text = re.sub(rf"({self.prefix}){_NUMBER}", rf"\g<1>{version}", text, flags=re.M)
            (root / name).write_text(text)


CHAT = Product(
    r'__version__ = "|^version = "|^ARG VERSION=|newTag: |kubernetes.io/version: '
    r"|ollama-chatbot(?:-load)?:|refs/tags/v|\?ref=v|--version ",
    (
        "chatbot/__init__.py",
        "pyproject.toml",
        "docker/Dockerfile",
        "docs/docker.md",
        "docs/kubernetes.md",
        "docs/load-testing.md",
        "docs/own-deployment.md",
        "k8s/base/kustomization.yaml",
        "k8s/components/load-test/master.yaml",
        "k8s/components/load-test/workers.yaml",
        "k8s/components/model-volume/deployment-patch.yaml",
        "k8s/overlays/example/kustomization.yaml",
        "k8s/overlays/laptop/README.md",
        "scripts/load_in_cluster.sh",
    ),
)
OLLAMA = Product(
    r"^ARG OLLAMA_VERSION=|ollama/ollama:",
    (
        "docker/Dockerfile",
        "docker/load.Dockerfile",
        "tests/cluster/stand-ins/haproxy/Dockerfile",
        "tests/cluster/stand-ins/postgres/Dockerfile",
    ),
)
OLLAMA_VERSION = OLLAMA.read_version()


def main() -> None:
    """Write the versions that are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chat", metavar="VERSION")
    parser.add_argument("--ollama", metavar="VERSION")
    options = parser.parse_args()
    try:
        if options.chat:
            CHAT.write_version(options.chat)
        if options.ollama:
            OLLAMA.write_version(options.ollama)
            _write_sums(options.ollama)
    except (ValueError, SetupError) as error:
        sys.exit(f"error: {error}")


def _write_sums(version: str) -> None:
    """Have the set-up know this Ollama; raises SetupError."""
    release = f"{OLLAMA_RELEASES}/v{version}"
    try:
        module = go_build.download_module(go_build.MODULE, f"v{version}")
        sums.write_sums(version, release, module["Sum"])
    except (OSError, KeyError) as error:
        raise SetupError(
            f"{sums.FILE.name} is still that of another Ollama ({release}: {error}): "
            "run this again where Go is installed and the release can be reached"
        ) from error


if __name__ == "__main__":
    main()
