"""The format is documented by an example that can be imported."""

from __future__ import annotations

import re

from chatbot.transfer import importing
from tests.support.product import ROOT


def test_the_documented_example_is_read() -> None:
    page = (ROOT / "docs/conversations.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (archive,) = importing.read(example.encode()).archives
    assert [one.content for one in archive.messages] == ["Why is the sky blue?", "Light scatters."]
    assert next(iter(archive.files.values()))[0].name == "sky.png"
