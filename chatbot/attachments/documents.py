"""The text of PDF and Word documents.

Word's are read here: the libraries for them leave text boxes or insertions out, or take many
times as long.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from chatbot.attachments.worker import Unreadable

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of Office's locked and old files
_LOCKED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_PARTS = (
    r"word/header\d*\.xml",
    r"word/document\d*\.xml",
    r"word/(foot|end)notes\.xml",
    r"word/footer\d*\.xml",
)
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_UNSEEN = {"del", "moveFrom", "instrText", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr"}
MOST_XML_BYTES = 64_000_000  # unpacked


class LockedError(Exception):
    """The document needs a password."""


def is_pdf(data: bytes) -> bool:
    """Return whether it begins as a PDF; some have a line of something else before."""
    return b"%PDF-" in data[:1024]


def is_word(data: bytes) -> bool:
    """Return whether it is a Word document of the kind that is called DOCX."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.startswith("word/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def is_locked_office(data: bytes) -> bool:
    """Return whether it is a document of Office's with a password."""
    return data.startswith(_OLE) and _LOCKED_OFFICE in data


def pdf_text(data: bytes, most_chars: int) -> str:
    """Return the text of the pages, as many as it takes for more than `most_chars`.

    Raises LockedError, and what pypdf raises for a damaged file.
    """
    # Imported late: that takes a second, and most files are no PDF.
    from langchain_community.document_loaders.parsers.pdf import PyPDFParser
    from langchain_core.document_loaders import Blob
    from pypdf.errors import FileNotDecryptedError

    texts, chars = list[str](), 0
    try:
        for page in PyPDFParser().lazy_parse(Blob.from_data(data)):
            texts.append(page.page_content.strip())
            chars += len(texts[-1])
            if chars > most_chars:
                break
    except FileNotDecryptedError as error:
        raise LockedError from error
    return "\n\n".join(texts)


def word_text(data: bytes) -> str:
    """Return the text with the cells of a table's row on one line; what was deleted is left out.

    Raises Unreadable for one that unpacks to too much, and what zipfile and ElementTree raise.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(archive.namelist())
        parts = [name for part in _PARTS for name in names if re.fullmatch(part, name)]
        if sum(archive.getinfo(name).file_size for name in parts) > MOST_XML_BYTES:
            raise Unreadable("file_too_costly")
        roots = [ElementTree.fromstring(archive.read(name)) for name in parts]
    texts = ("\n\n".join(_read_blocks(root)) for root in roots)
    return "\n\n".join(dict.fromkeys(filter(None, texts)))  # each page may have the same header


def _find_kind(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _read_blocks(element: ElementTree.Element) -> Iterator[str]:
    """Yield the text of each paragraph and each table under an element."""
    for child in element:
        match _find_kind(child):
            case "p":
                yield from _read_paragraph(child)
            case "tbl":
                yield "\n".join(map(_read_row, _find_inside(child, "tr")))
            case kind if kind not in _UNSEEN:
                yield from _read_blocks(child)


def _read_paragraph(element: ElementTree.Element) -> Iterator[str]:
    """Yield the text of a paragraph, then what stands in its text boxes."""
    pieces, boxes = list[str](), list[ElementTree.Element]()
    _gather_text(element, pieces, boxes)
    text = "".join(pieces).strip()
    if text:
        is_item = element.find("{*}pPr/{*}numPr") is not None
        yield f"- {text}" if is_item else text
    for box in boxes:
        yield from _read_blocks(box)


def _gather_text(
    elements: Iterable[ElementTree.Element], pieces: list[str], boxes: list[ElementTree.Element]
) -> None:
    for element in elements:
        match _find_kind(element):
            case "t":
                pieces.append(element.text or "")
            case "txbxContent":
                boxes.append(element)
            case "AlternateContent":  # the same, said for several versions of Word
                _gather_text(element[:1], pieces, boxes)
            case kind if kind in _SIGNS:
                pieces.append(_SIGNS[kind])
            case kind if kind not in _UNSEEN:
                _gather_text(element, pieces, boxes)


def _find_inside(element: ElementTree.Element, kind: str) -> Iterator[ElementTree.Element]:
    """Yield the parts of this kind, also those in a wrapper such as a form's control."""
    for child in element:
        if _find_kind(child) == kind:
            yield child
        elif _find_kind(child) not in _UNSEEN:
            yield from _find_inside(child, kind)


def _read_row(element: ElementTree.Element) -> str:
    cells = (
        " ".join(_read_blocks(cell)).replace("\n", " ") for cell in _find_inside(element, "tc")
    )
    return f"| {' | '.join(cells)} |"
