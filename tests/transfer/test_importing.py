"""Files are told apart and read whole, or refused with the line."""

from __future__ import annotations

import json

import pytest

from chatbot import transfer
from chatbot.transfer import losses
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
    (one,) = transfer.read(text.encode()).archives
    assert one.conversation.title == "Cut \ufffd"
    assert one.messages[0].content == "\\ud83d 😀 \ufffd\ufffd"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"]
)
def test_any_unicode_is_read(encoding: str) -> None:
    text = json.dumps(open_webui_export(), ensure_ascii=False).replace("Animals", "Ünïcode 😀")
    (one,) = transfer.read(text.encode(encoding)).archives
    assert one.conversation.title == "Ünïcode 😀"


def test_damaged_characters_are_replaced_and_named() -> None:
    text = json.dumps(open_webui_export(), indent=1).replace("Animals", "Caf\xe9")
    reading = transfer.read(text.encode("latin-1"))
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
        assert transfer.read(text.replace(name, deep).encode()).archives


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert f"at most {transfer.MOST_BYTES // 1_000_000} MB" in read_refusal(
        b" " * (transfer.MOST_BYTES + 1)
    )
