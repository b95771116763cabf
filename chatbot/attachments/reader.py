"""Files that a person attaches: known by what is in them, and read into what a model can take."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import ClassVar

from chatbot.attachments import contents
from chatbot.attachments.contents import Contents
from chatbot.attachments.process import Job, TooCostly
from chatbot.attachments.worker import Unreadable
from chatbot.domain.attachment import Attachment
from chatbot.errors import BadRequest

JOB = Job(
    "chatbot.attachments",
    memory_bytes=512 * 2**20,
    cpu_s=30,
    wall_s=60,
    output_bytes=64_000_000,
)


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
        "file_too_long": ("{name} has more than {most:,} characters of text. Attach a part of it."),
        "file_too_costly": (
            "To read {name} takes too much time or memory. Attach a part of it, or a smaller copy."
        ),
        "image_too_large": "{name} has {megapixels} megapixels. Attach a smaller copy of it.",
    }


def read(name: str, data: bytes, max_bytes: int) -> Attachment:
    """Check a file and read it, in up to a minute.

    Raises FileRefused with the reason, and ReadersBusy.
    """
    name = re.sub(r"[\x00-\x1f\x7f]", "", PurePath(name).name).replace('"', "'")
    if len(data) > max_bytes:
        megabytes = {"megabytes": len(data) / 1e6, "most": max_bytes / 1e6}
        raise FileRefused("file_too_large", name=name, **megabytes)
    try:
        made = contents.read_plain(name, data) or _read_apart(name, data)
    except Unreadable as refusal:
        raise FileRefused(refusal.code, name=name, **refusal.arguments) from refusal
    except TooCostly as error:
        raise FileRefused("file_too_costly", name=name) from error
    return Attachment(name, made.media_type, len(data), made.data, made.thumbnail)


def _read_apart(name: str, data: bytes) -> Contents:
    media_type, kept, thumbnail = JOB.run(data, name=name)
    return Contents(media_type.decode(), kept or data, thumbnail)
