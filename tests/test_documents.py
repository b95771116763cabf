"""The documents lead where they say: their links, and the glossary's places in the code."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from tests.support.product import ROOT

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in chain(*(ROOT.glob(pattern) for pattern in ("*.md", "docs/*.md", "k8s/**/*.md")))
)
PLACES = sorted(
    set(re.findall(r"`([\w/*]+/[\w/*.]*|[\w*]+\.py)`", (ROOT / "docs/glossary.md").read_text()))
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_links_of_a_document_lead_to_files_that_are_there(document: str) -> None:
    folder = (ROOT / document).parent
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / document).read_text())
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("place", PLACES)
def test_the_glossary_names_places_that_are_there(place: str) -> None:
    assert any([*ROOT.glob(place), *(ROOT / "chatbot").rglob(place)])
