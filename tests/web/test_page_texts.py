"""The sentences of the browser: the page's scripts and the server know the same ones."""

from __future__ import annotations

import re

from chatbot.web.page_texts import TEXTS
from tests.support.product import ROOT


def test_the_scripts_know_each_sentence_by_its_name() -> None:
    source = (ROOT / "frontend/src/texts.ts").read_text(encoding="utf-8")
    declared = source.partition("export type TextKey =")[2].partition(";")[0]
    assert re.findall(r'"(\w+)"', declared) == list(TEXTS)
