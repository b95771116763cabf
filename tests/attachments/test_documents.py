"""PDF and Word documents as text."""

from __future__ import annotations

import io
import re
from typing import Literal

import pypdf
import pytest

from chatbot.attachments import documents
from chatbot.attachments.worker import Unreadable
from tests.support.files import docx, pdf, word_file

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
    assert documents.pdf_text(pdf("Dear reader"), 1000) == "Dear reader"
    assert documents.pdf_text(locked("", "owner"), 1000) == "Secret"
    with pytest.raises(documents.LockedError):
        documents.pdf_text(locked("password", "owner"), 1000)


def test_no_more_pages_are_read_than_it_takes() -> None:
    writer = pypdf.PdfWriter()
    for text in ("First", "Second", "Third"):
        writer.append(io.BytesIO(pdf(text)))
    file = io.BytesIO()
    writer.write(file)
    assert documents.pdf_text(file.getvalue(), 8) == "First\n\nSecond"


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
    only_new = re.sub("<mc:Fallback>.*</mc:Fallback>", "", body)
    assert documents.word_text(word_file(only_new)) == "BOXED"
    only_old = f"<w:p><w:r><w:pict><v:textbox>{box}</v:textbox></w:pict></w:r></w:p>"
    assert documents.word_text(word_file(only_old)) == "BOXED"


def test_the_cells_of_a_row_stay_together() -> None:
    rows = [("Item", "Price"), ("Nails", "3,50")]
    cells = ["".join(f"<w:tc>{_RUN.format(cell)}</w:tc>" for cell in row) for row in rows]
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"
    text = documents.word_text(word_file(table))
    assert text.splitlines() == ["| Item | Price |", "| Nails | 3,50 |"]


def test_what_was_deleted_is_not_read_and_what_was_inserted_is() -> None:
    body = (
        "<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>my_new *words*</w:t></w:r></w:ins></w:p>"
    )
    assert documents.word_text(word_file(body)) == "my_new *words*"


def test_a_cell_in_a_form_and_of_two_paragraphs_stays_in_its_row() -> None:
    form = f"<w:sdt><w:sdtContent><w:tc>{_RUN.format('Nails')}</w:tc></w:sdtContent></w:sdt>"
    cell = f"<w:tc>{_RUN.format('3,50')}{_RUN.format('each')}</w:tc>"
    table = f"<w:tbl><w:tr>{form}{cell}</w:tr></w:tbl>"
    assert documents.word_text(word_file(table)) == "| Nails | 3,50 each |"


def test_tabs_line_breaks_links_and_items_are_read() -> None:
    body = (
        "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t>"
        "<w:br/></w:r><w:hyperlink><w:r><w:t>c &lt;d&gt;</w:t></w:r></w:hyperlink></w:p>"
        "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>item</w:t></w:r></w:p>"
    )
    assert documents.word_text(word_file(body)) == "a\tb\nc <d>\n\n- item"


def test_the_header_is_read_once() -> None:
    assert documents.word_text(docx("Dear reader", header="ACME Ltd")) == "ACME Ltd\n\nDear reader"


def test_a_document_that_unpacks_to_a_giant_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_XML_BYTES", 100)
    with pytest.raises(Unreadable, match="file_too_costly"):
        documents.word_text(docx("Dear reader"))
