"""PDF and Word documents as text."""

from __future__ import annotations

import io
from typing import Literal

import pypdf
import pytest

from chatbot import documents
from tests.files import docx, pdf, word_file

_RUN = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"


def locked(password: str, owner: str) -> bytes:
    """A PDF that wants `password` to be read."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Secret")))
    algorithm: Literal["AES-256"] = "AES-256"
    writer.encrypt(password, owner, algorithm=algorithm)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_pdf_is_read_also_where_only_printing_is_forbidden() -> None:
    assert documents.pdf_text(pdf("Dear reader")) == "Dear reader"
    assert documents.pdf_text(locked("", "owner")) == "Secret"
    with pytest.raises(documents.LockedError):
        documents.pdf_text(locked("password", "owner"))


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{_RUN.format('BOXED')}</w:txbxContent>"
    body = (
        "<w:p><w:r><mc:AlternateContent>"
        f'<mc:Choice Requires="wps"><wps:txbx>{box}</wps:txbx></mc:Choice>'
        f"<mc:Fallback><v:textbox>{box}</v:textbox></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    text = documents.word_text(word_file(_RUN.format("Before") + body + _RUN.format("After")))
    assert text.split() == ["Before", "BOXED", "After"]


def test_the_cells_of_a_row_stay_together() -> None:
    rows = [("Item", "Price"), ("Nails", "3,50")]
    cells = ["".join(f"<w:tc>{_RUN.format(cell)}</w:tc>" for cell in row) for row in rows]
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"
    text = documents.word_text(word_file(table))
    assert text.splitlines() == ["| Item | Price |", "| --- | --- |", "| Nails | 3,50 |"]


def test_what_was_deleted_is_not_read_and_what_was_inserted_is() -> None:
    body = (
        "<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>my_new *words*</w:t></w:r></w:ins></w:p>"
    )
    assert documents.word_text(word_file(body)) == "my_new *words*"


def test_the_header_is_read_once() -> None:
    assert documents.word_text(docx("Dear reader", header="ACME Ltd")) == "ACME Ltd\n\nDear reader"


def test_a_document_that_unpacks_to_a_giant_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_MOST_XML_BYTES", 100)
    with pytest.raises(ValueError, match="unpacks"):
        documents.word_text(docx("Dear reader"))
