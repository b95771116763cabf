"""The page's texts: in the browser's language, and what they quote is no Markdown."""

from __future__ import annotations

import pytest

from chatbot import errors
from chatbot.page import i18n


def test_what_is_told_is_in_the_browsers_language_and_what_it_quotes_is_no_markdown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n, "_language", lambda: "de")
    assert i18n.describe(errors.OllamaFailed(words="![](x) <b>")) == (
        r"Ollama konnte nicht antworten. Versuchen Sie es noch einmal. Es sagt: \!\[\]\(x\) \<b\>"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Plain words, 天空 and ä", "Plain words\\, 天空 and ä"),
        ("**a** :red[b] $c$", "\\*\\*a\\*\\* \\:red\\[b\\] \\$c\\$"),
        ("<b> `x` [l](u)", "\\<b\\> \\`x\\` \\[l\\]\\(u\\)"),
        (
            "https://a.b www.c.d e@f.g",
            "https\\:\u2060\\/\\/a\\.b www\u2060\\.c\\.d e\u2060\\@f\\.g",
        ),
    ],
)
def test_literal_text_has_no_markdown(text: str, shown: str) -> None:
    assert i18n.escape_line(text) == shown
