"""Attached files: checked, and read into what a model can take."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from chatbot import attachments
from chatbot.errors import BadRequest
from tests.files import docx, image, pdf

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("notes.txt", b"Plain text", "Plain text"),
        ("notes.md", "# Überschrift".encode(), "# Überschrift"),
        ("with-bom.txt", b"\xef\xbb\xbfText", "Text"),
        ("prog.py", b"print('hi')", "print('hi')"),
        ("cities.csv", b"name,people\nOslo,700000\n", "name: Oslo\npeople: 700000"),
        ("letter.pdf", pdf("Dear reader"), "Dear reader"),
        ("letter.DOCX", docx("Dear reader"), "Dear reader"),
    ],
)
def test_a_document_becomes_text_for_the_model(name: str, data: bytes, said: str) -> None:
    found = attachments.read(name, data, MEGABYTE)
    assert (found.name, found.size, found.is_image) == (name, len(data), False)
    assert found.data.decode().strip() == said
    assert found.text.startswith(f'\n\n<file name="{name}">\n')


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_is_kept_as_it_is(kind: str) -> None:
    data = image(kind)
    found = attachments.read(f"picture.{kind.lower()}", data, MEGABYTE)
    assert (found.is_image, found.media_type, found.data) == (True, f"image/{kind.lower()}", data)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("big.txt", b"x" * 1_500_000, "big.txt has 1.5 MB. At most 1 MB are taken."),
        ("fake.png", b"GIF89a", "fake.png is not a PNG image. Save it as one and try again."),
        ("tool.exe", b"MZ", "tool.exe cannot be read. Attach text, CSV, PDF, DOCX or an image."),
        (
            "broken.pdf",
            b"%PDF-1.7 nothing more",
            "broken.pdf cannot be read: it is damaged, locked or no PDF.",
        ),
        (
            "broken.docx",
            b"PK no zip",
            "broken.docx cannot be read: it is damaged, locked or no DOCX.",
        ),
        ("latin.txt", b"caf\xe9", "latin.txt cannot be read: it is damaged, locked or no TXT."),
        (
            "scan.pdf",
            pdf(""),
            "No text was found in scan.pdf. A scan needs a model that sees images.",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    name: str, data: bytes, sentence: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        attachments.read(name, data, MEGABYTE)
    assert refusal.value.sentence == sentence


def test_a_name_is_only_a_name() -> None:
    assert attachments.read('../../etc/"x".txt', b"text", MEGABYTE).name == "'x'.txt"


def test_the_samples_are_what_they_say() -> None:
    assert Image.open(io.BytesIO(image("PNG"))).format == "PNG"
    assert "word/document.xml" in zipfile.ZipFile(io.BytesIO(docx("x"))).namelist()
