"""A password in an address is never shown, and reaches the server alone."""

from __future__ import annotations

import pytest

from chatbot.urls import ServerUrl, hide_password, mask_passwords


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("http://ann:hush@gpu:11434/ollama", "http://***@gpu:11434/ollama"),
        ("ann:hush@gpu", "***@gpu"),
        ("postgresql://ann:hu/s@h@db/chat", "postgresql://***@db/chat"),
        ("postgresql://ann:hu sh@db/chat", "postgresql://***@db/chat"),
        (
            "postgresql://db/chat?user=ann&password=hush",
            "postgresql://db/chat?user=ann&password=***",
        ),
        ("host=db password=hush dbname=chat", "host=db password=*** dbname=chat"),
        ("sqlite:////srv/chat.db", "sqlite:////srv/chat.db"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert hide_password(url) == shown


def test_a_servers_address_keeps_its_password_for_requests() -> None:
    url = ServerUrl("https://ann%40home:p%2Fw@ai.example.org/ollama")
    assert url == "https://ai.example.org/ollama"
    assert url.basic_auth == ("ann@home", "p/w")
    assert "p/w" not in repr(vars(url))
    assert ServerUrl("http://gpu:11434").basic_auth is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no Ollama at http://ann:hush@gpu:11434", "no Ollama at http://***@gpu:11434"),
        ("postgresql://ann:hush@db/chat and http://x", "postgresql://***@db/chat and http://x"),
        ("host=db password=hush", "host=db password=***"),
        ("see https://ollama.com/@ann and a@b", "see https://ollama.com/@ann and a@b"),
    ],
)
def test_an_address_in_a_text_is_told_without_its_password(text: str, masked: str) -> None:
    assert mask_passwords(text) == masked
