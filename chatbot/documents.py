"""The text of PDF and Word documents. Their libraries are imported late: most files are neither."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of Office's locked and old files
_LOCKED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MOST_XML_BYTES = 64_000_000  # unpacked


class LockedError(Exception):
    """The document needs a password."""


def is_pdf(data: bytes) -> bool:
    """Whether it begins as a PDF; some have a line of something else before."""
    return b"%PDF-" in data[:1024]


def is_word(data: bytes) -> bool:
    """Whether it is a Word document of the kind that is called DOCX."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.startswith("word/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def is_locked_office(data: bytes) -> bool:
    """Whether it is a document of Office's with a password."""
    return data.startswith(_OLE) and _LOCKED_OFFICE in data


def pdf_text(data: bytes) -> str:
    """The text of all pages; raises LockedError, and what pypdf raises for a damaged file."""
    from langchain_community.document_loaders.parsers.pdf import PyPDFParser
    from langchain_core.document_loaders import Blob
    from pypdf.errors import FileNotDecryptedError

    try:
        pages = PyPDFParser().parse(Blob.from_data(data))
    except FileNotDecryptedError as error:
        raise LockedError from error
    return "\n\n".join(page.page_content for page in pages)


def word_text(data: bytes) -> str:
    """The text as Markdown, with what stands in the headers and footers around it.

    Raises what mammoth raises for a damaged file.
    """
    import mammoth
    from markdownify import markdownify

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = (part.file_size for part in archive.infolist() if part.filename.endswith(".xml"))
        if sum(xml) > _MOST_XML_BYTES:
            raise ValueError("it unpacks to more than a document has")
        margins = [_margin(archive, place) for place in ("header", "footer")]
    page = mammoth.convert_to_html(io.BytesIO(data), convert_image=lambda _: []).value
    body = markdownify(
        page,
        heading_style="ATX",
        table_infer_header=True,
        escape_asterisks=False,
        escape_underscores=False,
    )
    return "\n\n".join(filter(None, (margins[0], body.strip(), margins[1])))


def _margin(archive: zipfile.ZipFile, place: str) -> str:
    """The lines of all headers or footers, each once: a first page may have its own."""
    parts = [name for name in archive.namelist() if re.fullmatch(rf"word/{place}\d*\.xml", name)]
    paragraphs = (
        paragraph
        for name in sorted(parts)
        for paragraph in ElementTree.fromstring(archive.read(name)).iter(f"{_WORD}p")
    )
    lines = ("".join(text.text or "" for text in one.iter(f"{_WORD}t")) for one in paragraphs)
    return "\n".join(dict.fromkeys(filter(None, lines)))
