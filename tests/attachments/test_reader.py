"""Attached files: checked, and read into what a model can take."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from chatbot.attachments import reader
from chatbot.errors import BadRequest
from tests.support.files import docx, image, pdf, word_file

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("notes.txt", b"Plain text", "Plain text"),
        ("notes.md", "# Überschrift".encode(), "# Überschrift"),
        ("with-bom.txt", b"\xef\xbb\xbfText", "Text"),
        ("prog.py", b"print('hi')", "print('hi')"),
        ("cities.csv", b"name,people\nOslo,700000\n", "name,people\nOslo,700000"),
        ("excel.csv", "Stadt;Fläche\nKöln;405,02\n".encode("cp1252"), "Stadt;Fläche\nKöln;405,02"),
        ("unicode.csv", "Stadt\tFläche\n".encode("utf-16"), "Stadt\tFläche"),
        ("header-only.csv", b"name,people\n", "name,people"),
        ("web.xls", b"name\tpeople\n", "name\tpeople"),
        ("Dockerfile", b"FROM scratch\n", "FROM scratch"),
        ("page.tsx", b"export const a = 1;\n", "export const a = 1;"),
        ("change.patch", b"--- a\n+++ b\n", "--- a\n+++ b"),
        ("kinds.jsonl", b'{"a": 1}\n{"a": 2}\n', '{"a": 1}\n{"a": 2}'),
        ("icon.svg", b"<svg/>", "<svg/>"),
        ("letter", pdf("Dear reader"), "Dear reader"),
        ("letter.pdf", pdf("Dear reader"), "Dear reader"),
        ("letter.DOCX", docx("Dear reader"), "Dear reader"),
    ],
)
def test_a_document_becomes_text_for_the_model(name: str, data: bytes, said: str) -> None:
    found = reader.read(name, data, MEGABYTE)
    assert (found.name, found.size, found.media_type) == (name, len(data), "text/plain")
    assert found.data.decode().strip() == said
    assert found.text.startswith(f'\n\n<file name="{name}">\n')


def test_a_wide_table_costs_no_more_than_it_has() -> None:
    table = ",".join(["a long name of a column"] * 10) + "\n" + "215,542,521\n" * 100
    assert reader.read("wide.csv", table.encode(), MEGABYTE).data == table.encode()


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg", "picture.pdf", "picture"])
def test_an_image_is_known_by_what_is_in_it(name: str) -> None:
    found = reader.read(name, image("PNG"), MEGABYTE)
    assert (found.name, found.media_type, found.data) == (name, "image/png", image("PNG"))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
LOCKED = OLE + "EncryptedPackage".encode("utf-16-le")
DAMAGED = "{} is damaged, or is not what its name says. Save it again and attach that."
NO_KIND = "{} cannot be read. Attach text, CSV, PDF, DOCX or an image."
INSTEAD = "{} cannot be read. Save it as {} and attach that."
NO_TEXT = "No text was found in {}. Attach a scan as images, to a model that sees them."
EMPTY = "{} is empty. Attach it with something in it."


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("big.txt", b"x" * 1_500_000, "big.txt has 1.5 MB. At most 1 MB are taken."),
        ("fake.png", b"GIF89a", DAMAGED.format("fake.png")),
        ("cut.png", image("PNG")[:60], DAMAGED.format("cut.png")),
        ("photo.jpg", b"<html>Not found</html>", DAMAGED.format("photo.jpg")),
        ("tool.exe", b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff", NO_KIND.format("tool.exe")),
        ("book.xlsx", b"PK\3\4\x14\0\0\0\x08\0", INSTEAD.format("book.xlsx", "CSV")),
        ("old.doc", OLE, INSTEAD.format("old.doc", "PDF")),
        ("letter.rtf", rb"{\rtf1\ansi Dear reader}", INSTEAD.format("letter.rtf", "PDF")),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0", INSTEAD.format("photo.heic", "JPEG")),
        ("broken.pdf", b"%PDF-1.7 nothing more", DAMAGED.format("broken.pdf")),
        ("page.pdf", b"<html>Sign in</html>", DAMAGED.format("page.pdf")),
        ("broken.docx", b"PK no zip", DAMAGED.format("broken.docx")),
        ("plan.docx", LOCKED, "plan.docx is locked with a password. Attach a copy without one."),
        ("scan.pdf", pdf(""), NO_TEXT.format("scan.pdf")),
        ("empty.docx", docx(""), NO_TEXT.format("empty.docx")),
        ("empty.csv", b"", EMPTY.format("empty.csv")),
        ("blank.txt", b"\xef\xbb\xbf \r\n", EMPTY.format("blank.txt")),
        ("empty.pdf", b"", EMPTY.format("empty.pdf")),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    name: str, data: bytes, sentence: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        reader.read(name, data, MEGABYTE)
    assert refusal.value.sentence == sentence


def _noise(side: int) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((side, side), 90).save(file, "PNG")
    return file.getvalue()


def _black(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    return file.getvalue()


def _packed(megabytes: int) -> bytes:
    return word_file("<w:p/>" * (megabytes * 1_000_000 // 6), method=zipfile.ZIP_DEFLATED)


TOO_COSTLY = "To read {} takes too much time or memory. Attach a part of it, or a smaller copy."


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("a.png", lambda: _black(8000), "a.png has 64 megapixels. Attach a smaller copy of it."),
        ("a.docx", lambda: _packed(65), TOO_COSTLY.format("a.docx")),
        (
            "a.txt",
            lambda: b"text " * 400_001,
            "a.txt has more than 2,000,000 characters of text. Attach a part of it.",
        ),
    ],
)
def test_what_is_large_once_it_is_read_is_refused(
    name: str, make: Callable[[], bytes], sentence: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        reader.read(name, make(), 10 * MEGABYTE)
    assert refusal.value.sentence == sentence


def test_what_takes_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "JOB", replace(reader.JOB, memory_bytes=64 * 2**20))
    with pytest.raises(BadRequest) as refusal:
        reader.read("a.docx", _packed(10), 10 * MEGABYTE)
    assert refusal.value.sentence == TOO_COSTLY.format("a.docx")


def test_a_large_picture_comes_with_a_small_one() -> None:
    found = reader.read("a.png", _noise(600), MEGABYTE)
    assert Image.open(io.BytesIO(found.data)).size == (600, 600)
    assert Image.open(io.BytesIO(found.thumbnail)).size == (512, 512)


def test_a_plain_text_is_read_without_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "JOB", None)
    assert reader.read("a.md", "# Überschrift\r\n".encode(), MEGABYTE).text
    with pytest.raises(AttributeError):
        reader.read("a.txt", "Fläche".encode("cp1252"), MEGABYTE)


def test_a_name_is_only_a_name() -> None:
    assert reader.read('../../etc/"x"\n.txt', b"text", MEGABYTE).name == "'x'.txt"


def test_the_samples_are_what_they_say() -> None:
    assert Image.open(io.BytesIO(image("PNG"))).format == "PNG"
    assert "word/document.xml" in zipfile.ZipFile(io.BytesIO(docx("x"))).namelist()
