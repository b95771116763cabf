"""Files that a person attaches: checked, and read into what a model can take."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from chatbot.errors import BadRequest

if TYPE_CHECKING:
    from langchain_core.document_loaders import BaseLoader

IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
TEXTS = [
    "txt",
    "md",
    "csv",
    "json",
    "yaml",
    "yml",
    "toml",
    "xml",
    "html",
    "css",
    "ini",
    "log",
    "sql",
]
CODE = [
    "sh",
    "py",
    "js",
    "ts",
    "java",
    "c",
    "h",
    "cpp",
    "cs",
    "go",
    "rs",
    "rb",
    "php",
    "swift",
    "kt",
]
DOCUMENTS = [*TEXTS, *CODE, "pdf", "docx"]
KINDS = [*DOCUMENTS, *IMAGES]  # file name endings, without the dot

_SIGNATURES = {
    "image/png": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": lambda data: data.startswith(b"\xff\xd8\xff"),
    "image/webp": lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the model gets it: `data` is an image's bytes, or a document's text as UTF-8."""

    name: str
    media_type: str
    size: int  # bytes of the file
    data: bytes

    @property
    def is_image(self) -> bool:
        """Whether the model has to see it rather than read it."""
        return self.media_type.startswith("image/")

    @property
    def text(self) -> str:
        """What a document says, framed so that the model knows where it ends."""
        return f'\n\n<file name="{self.name}">\n{self.data.decode()}\n</file>'


def read(name: str, data: bytes, max_bytes: int) -> Attachment:
    """Checks a file and reads it, in up to seconds; raises BadRequest with the reason."""
    name = PurePath(name).name.replace('"', "'")
    ending = PurePath(name).suffix.lstrip(".").lower()
    if len(data) > max_bytes:
        raise BadRequest(
            f"{name} has {_megabytes(data)}. At most {max_bytes / 1e6:.0f} MB are taken."
        )
    if media_type := IMAGES.get(ending):
        if not _SIGNATURES[media_type](data):
            raise BadRequest(
                f"{name} is not a {ending.upper()} image. Save it as one and try again."
            )
        return Attachment(name, media_type, len(data), data)
    if ending not in DOCUMENTS:
        raise BadRequest(f"{name} cannot be read. Attach text, CSV, PDF, DOCX or an image.")
    text = _text(name, ending, data)
    if not text.strip():
        raise BadRequest(f"No text was found in {name}. A scan needs a model that sees images.")
    return Attachment(name, f"text/{ending}", len(data), text.encode(errors="replace"))


def _text(name: str, ending: str, data: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"file.{ending}"
        file.write_bytes(data)
        try:
            pages = _loader(ending)(str(file)).load()
        except Exception as error:  # each loader raises what its parser raises
            raise BadRequest(
                f"{name} cannot be read: it is damaged, locked or no {ending.upper()}."
            ) from error
    return "\n\n".join(page.page_content for page in pages)


def _loader(ending: str) -> Callable[[str], BaseLoader]:
    # Imported late: a loader takes a second and most conversations have no file.
    from langchain_community import document_loaders as loaders

    if ending == "pdf":
        return loaders.PyPDFLoader
    if ending == "docx":
        return loaders.Docx2txtLoader
    if ending == "csv":
        return lambda file: loaders.CSVLoader(file, encoding="utf-8-sig")
    return lambda file: loaders.TextLoader(file, encoding="utf-8-sig")


def _megabytes(data: bytes) -> str:
    return f"{len(data) / 1e6:.1f} MB"
