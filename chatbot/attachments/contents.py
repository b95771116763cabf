"""What is in a file, known by its bytes rather than by its name, as a model can take it.

It may cost seconds and much memory, or break off: reader.py has it done by a process of its own,
but for what is plain text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath

from chatbot.attachments import documents, encodings, images
from chatbot.attachments.worker import Unreadable

MOST_CHARS = 2_000_000  # of a document's text

# What to save a file as that cannot be read, by the ending of its name.
_INSTEAD = {
    "CSV": ("xls", "xlsx", "xlsm", "xlsb", "ods", "numbers"),
    "PDF": ("doc", "odt", "rtf", "ppt", "pptx", "odp", "pages", "key", "epub"),
    "JPEG": ("heic", "heif", "psd", "ico", "dng", "cr2", "nef"),
}
# Under these names text is not what it should be: an error page, or a download that broke off.
_NOT_TEXT = {"pdf", "docx", "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "avif"}
_RTF = "{\\rtf"  # text by its characters only


@dataclass(frozen=True, slots=True)
class Contents:
    """An image with what a page draws of it (empty: itself), or a document's text as UTF-8."""

    media_type: str
    data: bytes
    thumbnail: bytes = b""


def read(name: str, data: bytes) -> Contents:
    """Return what is in a file; raises Unreadable with the code of what FileRefused says."""
    with _explain_errors():
        if picture := images.read(data):
            return Contents(picture.media_type, picture.data, picture.thumbnail)
        return _keep_text(_read_document(data) or _read_text(name, data))


def read_plain(name: str, data: bytes) -> Contents | None:
    """Return what is in a file at no more cost than its size; None where that needs `read`.

    Raises Unreadable.
    """
    if images.may_be_image(data) or documents.is_pdf(data) or not encodings.is_plain(data):
        return None
    return _keep_text(_read_text(name, data))


@contextmanager
def _explain_errors() -> Iterator[None]:
    """Turn what the libraries raise into Unreadable."""
    try:
        yield
    except (Unreadable, MemoryError):
        raise
    except documents.LockedError as error:
        raise Unreadable("file_locked") from error
    except images.TooManyPixelsError as error:
        raise Unreadable("image_too_large", megapixels=error.megapixels) from error
    except Exception as error:  # each library has its own
        raise Unreadable from error


def _keep_text(text: str) -> Contents:
    if len(text) > MOST_CHARS:
        raise Unreadable("file_too_long", most=MOST_CHARS)
    return Contents("text/plain", text.replace("\0", "").encode(errors="replace"))


def _read_document(data: bytes) -> str | None:
    """Return the text of a PDF or a Word document, None for another file."""
    if documents.is_pdf(data):
        text = documents.pdf_text(data, MOST_CHARS)
    elif documents.is_word(data):
        text = documents.word_text(data)
    else:
        return None
    if not text.strip():
        raise Unreadable("file_without_text")
    return text


def _read_text(name: str, data: bytes) -> str:
    text, ending = encodings.decode(data), PurePath(name).suffix.lstrip(".").lower()
    if text is not None and not text.strip():
        raise Unreadable("file_empty")
    if text is not None and ending not in _NOT_TEXT and not text.startswith(_RTF):
        return text
    if documents.is_locked_office(data):
        raise documents.LockedError
    if ending in _NOT_TEXT:
        raise Unreadable
    for kind, endings in _INSTEAD.items():
        if ending in endings:
            raise Unreadable("file_to_convert", kind=kind)
    raise Unreadable("file_unknown")
