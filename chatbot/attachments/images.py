"""Images, as all models that see can take them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MEDIA_TYPES = {"image/png", "image/jpeg", "image/webp"}  # WebP from an import, or kept before

# What Ollama reads whichever engine runs the model; of a JPEG with several pictures, the first.
_KEPT = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg"}
_REDRAWN = ("GIF", "WEBP", "BMP", "TIFF", "AVIF")
_BEGINNING = re.compile(
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|BM.{4}\0{4}|II\*\0|MM\0\*|.{4}ftypavif",
    re.DOTALL,
)
_ORIENTATION = 0x0112  # of EXIF: 1 is upright
MOST_PIXELS = 50_000_000
_QUALITY = 95


class TooManyPixelsError(Exception):
    """To draw it anew would take too much memory; its argument is how many megapixels it has."""


def media_type_and_data(data: bytes) -> tuple[str, bytes] | None:
    """Return the image and its media type, or None for what is no image.

    PNG and JPEG stay as they are, unless they lie on their side, which a model would not see. Any
    other is drawn anew as a JPEG, its first picture on white. Raises TooManyPixelsError, and what
    Pillow raises for a damaged file.
    """
    if not _BEGINNING.match(data):
        return None
    # Imported late: most files are no images.
    from PIL import Image

    picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", *_REDRAWN))
    media_type = _KEPT.get(picture.format or "")
    if media_type and _is_upright(picture):
        _check_intact(picture)
        return media_type, data
    return "image/jpeg", _redraw_as_jpeg(picture)


def _is_upright(picture: Image) -> bool:
    # To look for it in a PNG would decode all of that.
    return picture.format == "PNG" or picture.getexif().get(_ORIENTATION, 1) == 1


def _check_intact(picture: Image) -> None:
    """Raise what Pillow raises if the file is cut off, without decoding all of it."""
    if picture.format == "PNG":
        picture.verify()
    else:
        picture.draft("L", (1, 1))
        picture.load()


def _redraw_as_jpeg(picture: Image) -> bytes:
    from PIL import Image, ImageOps

    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise TooManyPixelsError(round(pixels / 1e6))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    page = Image.new("RGB", upright.size, "white")
    page.paste(upright, mask=upright.getchannel("A"))
    file = io.BytesIO()
    page.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
