"""Files that a person attaches: known by what is in them, and read into what a model can take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import ClassVar

from chatbot.attachments import documents, encodings, images
from chatbot.domain.attachment import Attachment
from chatbot.errors import BadRequest

# What to save a file as that cannot be read, by the ending of its name.
_INSTEAD = {
    "CSV": ("xls", "xlsx", "xlsm", "xlsb", "ods", "numbers"),
    "PDF": ("doc", "odt", "rtf", "ppt", "pptx", "odp", "pages", "key", "epub"),
    "JPEG": ("heic", "heif", "psd", "ico", "dng", "cr2", "nef"),
}
# Under these names text is not what it should be: an error page, or a download that broke off.
_NOT_TEXT = {"pdf", "docx", "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "avif"}
_RTF = "{\\rtf"  # text by its characters only


class FileRefused(BadRequest):
    """A file is not one that a model can take."""

    texts: ClassVar = {
        "file_damaged": (
            "{name} is damaged, or is not what its name says. Save it again and attach that."
        ),
        "file_too_large": "{name} has {megabytes:.1f} MB. At most {most:.0f} MB are taken.",
        "file_locked": "{name} is locked with a password. Attach a copy without one.",
        "file_empty": "{name} is empty. Attach it with something in it.",
        "file_without_text": (
            "No text was found in {name}. Attach a scan as images, to a model that sees them."
        ),
        "file_to_convert": "{name} cannot be read. Save it as {kind} and attach that.",
        "file_unknown": "{name} cannot be read. Attach text, CSV, PDF, DOCX or an image.",
        "image_too_large": "{name} has {megapixels} megapixels. Attach a smaller copy of it.",
    }


def read(name: str, data: bytes, max_bytes: int) -> Attachment:
    """Check a file and read it, in up to seconds; raises FileRefused with the reason."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", PurePath(name).name).replace('"', "'")
    if len(data) > max_bytes:
        megabytes = {"megabytes": len(data) / 1e6, "most": max_bytes / 1e6}
        raise FileRefused("file_too_large", name=name, **megabytes)
    with _explain_errors(name):
        if image := images.media_type_and_data(data):
            media_type, seen = image
            return Attachment(name, media_type, len(data), seen)
        text = _read_text(name, data).replace("\0", "")
    return Attachment(name, "text/plain", len(data), text.encode(errors="replace"))


@contextmanager
def _explain_errors(name: str) -> Iterator[None]:
    """Turn what the libraries raise into FileRefused."""
    try:
        yield
    except FileRefused:
        raise
    except documents.LockedError as error:
        raise FileRefused("file_locked", name=name) from error
    except images.TooManyPixelsError as error:
        raise FileRefused("image_too_large", name=name, megapixels=int(str(error))) from error
    except Exception as error:  # each library has its own
        raise FileRefused(name=name) from error


def _read_text(name: str, data: bytes) -> str:
    if documents.is_pdf(data):
        text = documents.pdf_text(data)
    elif documents.is_word(data):
        text = documents.word_text(data)
    else:
        return _plain_text(name, data)
    if not text.strip():
        raise FileRefused("file_without_text", name=name)
    return text


def _plain_text(name: str, data: bytes) -> str:
    text, ending = encodings.decode(data), PurePath(name).suffix.lstrip(".").lower()
    if text is not None and not text.strip():
        raise FileRefused("file_empty", name=name)
    if text is not None and ending not in _NOT_TEXT and not text.startswith(_RTF):
        return text
    if documents.is_locked_office(data):
        raise documents.LockedError
    if ending in _NOT_TEXT:
        raise FileRefused(name=name)
    for kind, endings in _INSTEAD.items():
        if ending in endings:
            raise FileRefused("file_to_convert", name=name, kind=kind)
    raise FileRefused("file_unknown", name=name)
