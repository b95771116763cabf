"""Images, as all models that see can take them, and as a page draws them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 50_000_000  # of a picture that is decoded

# What Ollama reads whichever engine runs the model; of a JPEG with several pictures, the first.
_KEPT = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg"}
_REDRAWN = ("GIF", "WEBP", "BMP", "TIFF", "AVIF")
_BEGINNING = re.compile(
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|BM.{4}\0{4}|II\*\0|MM\0\*|.{4}ftypavif",
    re.DOTALL,
)
# What an attachment may be: WebP from an import, or kept before.
_KINDS = {
    "image/png": re.compile(rb"\x89PNG"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
MEDIA_TYPES = frozenset(_KINDS)
_ORIENTATION = 0x0112  # of EXIF: 1 is upright
_QUALITY = 95
_REDUCTIONS = (1, 2, 4, 8)  # that a JPEG can be decoded by
_THUMBNAIL_SIDE = 512  # pixels
_THUMBNAIL_QUALITY = 80


class TooManyPixelsError(Exception):
    """To decode it would take too much memory."""

    def __init__(self, pixels: int) -> None:
        super().__init__(pixels)
        self.megapixels = round(pixels / 1e6)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image for a model; `thumbnail` is a small one for pages, empty where itself is small."""

    media_type: str
    data: bytes
    thumbnail: bytes = b""


def may_be_image(data: bytes) -> bool:
    """Return whether it begins as an image."""
    return bool(_BEGINNING.match(data))


def find_media_type(data: bytes) -> str | None:
    """Return the media type of an image of a kind that is kept, by its first bytes."""
    return next((name for name, start in _KINDS.items() if start.match(data)), None)


def read(data: bytes) -> Picture | None:
    """Return the image, or None for what is no image.

    PNG and JPEG stay as they are, unless they lie on their side, which a model would not see, or a
    JPEG is too large to be decoded whole. Any other is drawn anew as a JPEG, its first picture on
    white. Raises TooManyPixelsError, and what Pillow raises for a damaged file.
    """
    if not may_be_image(data):
        return None
    picture = _open(data)
    reduction = _choose_reduction(picture)
    media_type = _KEPT.get(picture.format or "")
    if media_type is None or reduction > 1 or not _is_upright(picture):
        media_type, data = "image/jpeg", _redraw_as_jpeg(picture, reduction)
        picture = _open(data)
    return Picture(media_type, data, _draw_thumbnail(picture))


def draw_thumbnail(data: bytes) -> bytes:
    """Return what a page draws of an image, empty for itself.

    Raises TooManyPixelsError, and what Pillow raises for a damaged file.
    """
    picture = _open(data)
    _choose_reduction(picture)
    return _draw_thumbnail(picture)


def _open(data: bytes) -> Image:
    # Imported late: most files are no images.
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # they are counted here
    return Image.open(io.BytesIO(data), formats=("PNG", "JPEG", *_REDRAWN))


def _choose_reduction(picture: Image) -> int:
    """Return by how much its sides are divided when it is decoded; raises TooManyPixelsError."""
    pixels = picture.width * picture.height
    for reduction in _REDUCTIONS if picture.format in ("JPEG", "MPO") else (1,):
        if pixels <= MOST_PIXELS * reduction**2:
            return reduction
    raise TooManyPixelsError(pixels)


def _is_upright(picture: Image) -> bool:
    # To look for it in a PNG would decode all of that.
    return picture.format == "PNG" or picture.getexif().get(_ORIENTATION, 1) == 1


def _redraw_as_jpeg(picture: Image, reduction: int) -> bytes:
    from PIL import Image, ImageOps

    if reduction > 1:
        picture.draft(None, (picture.width // reduction, picture.height // reduction))
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.has_transparency_data:
        upright = picture.convert("RGBA")
        page = Image.new("RGB", upright.size, "white")
        page.paste(upright, mask=upright.getchannel("A"))
    else:
        page = picture.convert("RGB")
    return _save(page, "JPEG", quality=_QUALITY)


def _draw_thumbnail(picture: Image) -> bytes:
    """Return it smaller, as a WebP; nothing where it is no larger than that. Decodes it."""
    if max(picture.size) <= _THUMBNAIL_SIDE:
        picture.load()
        return b""
    picture.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return _save(plain, "WEBP", quality=_THUMBNAIL_QUALITY, method=0)  # the quickest


def _save(picture: Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
