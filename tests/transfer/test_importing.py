"""Files are told apart and read whole, or refused with the line."""

from __future__ import annotations

import json

import pytest

from chatbot.transfer import importing, losses
from tests.support.exports import (
    hollama_export,
    open_webui_export,
    own_export,
    read_refusal,
)


@pytest.mark.parametrize(
    "document", [[], {"format": "ollama-chatbot conversations", "version": 1, "conversations": []}]
)
def test_a_file_without_conversations_says_so(document: object) -> None:
    assert read_refusal(json.dumps(document).encode()) == "The file has no conversation in it."


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "not JSON"),
        (b'{\n"a": 1,\n}', 2, "not JSON"),
        (b'{"a": 1e999}', 1, "not JSON"),
        (b"[" * 100_000, 1, "not JSON"),
        (b'{"some": "thing"}', 1, "neither this chat nor Open WebUI nor Hollama"),
        (b'[{"mapping": {}}]', 1, "neither this chat nor Open WebUI nor Hollama"),
        (b'"text"', 1, "neither this chat nor Open WebUI nor Hollama"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_line(data: bytes, line: int, reason: str) -> None:
    sentence = read_refusal(data)
    assert sentence.startswith(f"Nothing was imported. Line {line}: ")
    assert reason in sentence


def test_nothing_is_imported_when_nothing_is_sound() -> None:
    assert read_refusal(b'[{"chat": 5}]') == (
        "Nothing was imported. No conversation in the file has a message that can be read."
    )


def test_half_a_character_becomes_the_replacement_character() -> None:
    text = json.dumps(open_webui_export()).replace("Animals", r"Cut \ud83d")
    text = text.replace("What is it?", r"\\ud83d \ud83d\ude00 \udE00\ud83d")
    (one,) = importing.read(text.encode()).archives
    assert one.conversation.title == "Cut \ufffd"
    assert one.messages[0].content == "\\ud83d 😀 \ufffd\ufffd"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"]
)
def test_any_unicode_is_read(encoding: str) -> None:
    text = json.dumps(open_webui_export(), ensure_ascii=False).replace("Animals", "Ünïcode 😀")
    (one,) = importing.read(text.encode(encoding)).archives
    assert one.conversation.title == "Ünïcode 😀"


def test_damaged_characters_are_replaced_and_named() -> None:
    text = json.dumps(open_webui_export(), indent=1).replace("Animals", "Caf\xe9")
    reading = importing.read(text.encode("latin-1"))
    assert reading.archives[0].conversation.title == "Caf\ufffd"
    assert [(loss.what, loss.line) for loss in reading.losses][:1] == [(losses.CHARACTERS, 5)]


def test_nesting_does_no_harm() -> None:
    deep = "[" * 1000 + "]" * 1000
    for text, name in (
        (json.dumps(open_webui_export()), '"Be brief."'),
        (json.dumps(open_webui_export()), '"A dog"'),
        (json.dumps(hollama_export()), '"<CONTEXT>"'),
        (json.dumps(own_export()), "0.5"),
        (json.dumps(own_export()), '"A dog"'),
    ):
        assert importing.read(text.replace(name, deep).encode()).archives


def test_an_import_ends_where_more_is_damaged_than_anybody_would_read() -> None:
    (line,) = map(json.dumps, open_webui_export())
    many = importing.MOST_LOSSES + 1
    for text in (line + "\n{" * many, f"[{line}{',5' * many}]"):
        assert "More than 1,000 parts" in read_refusal(text.encode())


def test_an_import_of_more_messages_than_anybody_has_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importing, "MOST_MESSAGES", 2)
    assert "more than 2 messages" in read_refusal(json.dumps(open_webui_export()).encode())


def test_a_conversation_that_is_too_long_to_be_opened_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importing, "MOST_CONVERSATION_CHARS", 10_000)
    (long,), (short,) = open_webui_export(), hollama_export()
    long["chat"]["history"]["messages"]["a"]["content"] = "x" * 10_001
    reading = importing.read(json.dumps([long, short]).encode())
    assert [one.conversation.title for one in reading.archives] == ["Say: what is it"]
    assert (losses.LENGTH, "Animals") in [(loss.what, loss.title) for loss in reading.losses]
