"""Readers of files take any bytes: what they return can be kept, or they say why they do not."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot import transfer
from chatbot.attachments import encodings, reader
from chatbot.errors import ChatError
from chatbot.history import History
from chatbot.transfer.losses import Loss
from tests.support import files
from tests.support.exports import (
    hollama_export,
    open_webui_export,
    own_export,
    to_json,
    to_markdown,
)
from tests.support.inputs import damaged, fewer, texts, values

_MOST_BYTES = 1_000_000
_DOCUMENTS = (
    files.docx("One line", header="Another"),
    files.pdf("One line"),
    *(files.image(kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")),
    "Größe;Preis\n1;2,50 €\n".encode("cp1252"),
    "\ufeffa,b\n1,2\n".encode("utf-16"),
    "日本語の文章です。".encode("shift_jis"),
)
_EXPORTS = tuple(
    json.dumps(document).encode()
    for document in (own_export(), open_webui_export(), hollama_export())
)


@given(st.binary() | damaged(*_DOCUMENTS) | texts.map(str.encode))
def test_bytes_are_text_or_none(data: bytes) -> None:
    text = encodings.decode(data)
    assert text is None or ("\r" not in text and "\0" not in text)


@fewer(by=4)
@given(texts, damaged(*_DOCUMENTS))
def test_a_file_is_read_or_refused_in_words(name: str, data: bytes) -> None:
    try:
        read = reader.read(name, data, _MOST_BYTES)
    except ChatError as refusal:
        assert refusal.sentence
    else:
        assert read.is_image or read.text
        assert "/" not in read.name and "\n" not in read.name and '"' not in read.name


@given(
    st.binary()
    | damaged(*_EXPORTS)
    | values.map(lambda value: json.dumps([value]).encode())
    | texts.map(lambda text: f'{{"messages": [{text}'.encode())
)
def test_what_an_import_takes_in_has_messages(data: bytes) -> None:
    try:
        reading = transfer.read(data)
    except ChatError as refusal:
        assert refusal.sentence
        return
    assert all(archive.messages for archive in reading.archives)
    assert all(isinstance(loss, Loss) for loss in reading.losses)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """An open history in SQLite."""
    return History(f"sqlite:///{tmp_path_factory.mktemp('history')}/chat.db")


@settings(fewer(by=4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged(*_EXPORTS))
def test_what_an_import_takes_in_is_kept_and_exported_again(history: History, data: bytes) -> None:
    try:
        archives = transfer.read(data).archives
    except ChatError:
        return
    user_id = secrets.token_hex(8)
    history.import_archives(user_id, archives)
    kept = list(history.export_archives(user_id))
    assert len(kept) == len(archives)
    again = transfer.read(to_json(kept)).archives
    assert [one.conversation.title for one in again] == [one.conversation.title for one in kept]
    assert to_markdown(kept)
