"""Each version number stands at its places only, and is the same at all of them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from chatbot import __version__
from scripts.setup import sums
from scripts.versions import CHAT, OLLAMA, OLLAMA_VERSION, ROOT, Product

PRODUCTS = pytest.mark.parametrize("product", [CHAT, OLLAMA], ids=["chat", "ollama"])
# Documents of what was measured or done with the version of then.
HISTORY = {"CHANGELOG.md", *(f"requirements{part}.txt" for part in ("", "-dev", "-load"))}
FOLDERS = (".github", "benchmarks", "chatbot", "docker", "docs", "k8s", "locustfiles", "scripts")
KINDS = {".py", ".md", ".yaml", ".toml", ".sh", ".env", ".txt", ""}


def is_text_of_the_project(path: Path) -> bool:
    is_result = path.parent.name == "benchmarks" and path.suffix == ".md"
    return path.is_file() and path.suffix in KINDS and path.name not in HISTORY and not is_result


def find_mentions(version: str) -> set[str]:
    """Return the files of the project, apart from its tests, in which a number stands."""
    number = re.compile(rf"(?<![\d.]){re.escape(version)}(?![\d.]*\d)")
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")] + [*ROOT.iterdir()]
    texts = {path: path.read_text() for path in found if is_text_of_the_project(path)}
    return {str(path.relative_to(ROOT)) for path, text in texts.items() if number.search(text)}


@PRODUCTS
def test_a_version_is_the_same_at_all_its_places(product: Product) -> None:
    version = product.read_version()
    assert product.read_versions() == {name: {version} for name in product.files}


@PRODUCTS
def test_a_version_stands_nowhere_else(product: Product) -> None:
    known = {name for one in (CHAT, OLLAMA) for name in one.files}
    assert find_mentions(product.read_version()) <= known


def test_the_code_says_the_versions_that_are_written() -> None:
    assert (CHAT.read_version(), OLLAMA.read_version()) == (__version__, OLLAMA_VERSION)


@PRODUCTS
def test_a_new_version_is_written_at_all_places_and_changes_nothing_else(
    product: Product, tmp_path: Path
) -> None:
    old, new = product.read_version(), "12.34.56-rc.1"
    before = {name: (ROOT / name).read_text() for name in product.files}
    for name in product.files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    product.write_version(new, tmp_path)
    assert product.read_versions(tmp_path) == {name: {new} for name in product.files}
    after = {name: (tmp_path / name).read_text() for name in product.files}
    assert {name: text.replace(new, old) for name, text in after.items()} == before


@pytest.mark.parametrize("version", ["", "1.2", "v1.2.3", "1.2.3 4", "1.2.3-"])
def test_what_is_no_version_is_refused_before_anything_is_written(
    version: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="is no version such as"):
        CHAT.write_version(version, tmp_path)


def test_the_sums_are_those_of_the_version_that_is_written() -> None:
    assert sums.FILE.read_text().startswith(f"# What Ollama {OLLAMA_VERSION} is made of")
