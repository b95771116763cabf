"""A file that a user attached to a prompt."""

from __future__ import annotations

from dataclasses import dataclass

THUMBNAIL_TYPE = "image/webp"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of a stored prompt, told without its bytes."""

    id: str
    name: str
    media_type: str
    size: int  # bytes of the file

    @property
    def is_image(self) -> bool:
        """Whether the model has to see it rather than read it."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the model gets it: `data` is an image's bytes, or a document's text as UTF-8.

    `thumbnail` is what pages draw of an image, of THUMBNAIL_TYPE; empty: the image itself.
    """

    name: str
    media_type: str
    size: int  # bytes of the file
    data: bytes
    thumbnail: bytes = b""

    @property
    def is_image(self) -> bool:
        """Whether the model has to see it rather than read it."""
        return self.media_type.startswith("image/")

    @property
    def text(self) -> str:
        """What a document says, framed so that the model knows where it ends."""
        return f'\n\n<file name="{self.name}">\n{self.data.decode()}\n</file>'
