"""Images as models can take them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from chatbot.attachments import images
from chatbot.attachments.images import Picture
from chatbot.domain.attachment import THUMBNAIL_TYPE
from tests.support.files import image


def read(data: bytes) -> Picture:
    """The image as models take it."""
    picture = images.read(data)
    assert picture is not None
    return picture


def opened(data: bytes) -> Image.Image:
    """The image as it is after reading, in RGB."""
    picture = read(data)
    drawn = Image.open(io.BytesIO(picture.data))
    assert drawn.get_format_mimetype() == picture.media_type
    return drawn.convert("RGB")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_every_model_reads_stays_as_it_is(kind: str) -> None:
    assert read(image(kind)) == Picture(f"image/{kind.lower()}", image(kind))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_any_other_becomes_a_jpeg(kind: str) -> None:
    picture = opened(image(kind))
    assert picture.size == (32, 24)
    assert picture.getpixel((9, 9)) == pytest.approx((90, 120, 220), abs=12)


def test_what_one_sees_through_is_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "WEBP")
    assert opened(file.getvalue()).getpixel((4, 4)) == (255, 255, 255)


def test_a_photo_that_lies_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(image("JPEG", exif=exif)).size == (24, 32)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_file_that_was_cut_is_seen(kind: str) -> None:
    whole = image(kind)
    with pytest.raises((OSError, SyntaxError)):
        images.read(whole[: len(whole) // 2])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_a_large_image_has_a_small_one_for_pages(mode: str) -> None:
    file = io.BytesIO()
    kind = {"CMYK": "JPEG", "F": "TIFF"}.get(mode, "PNG")
    Image.new(mode, (1200, 900)).save(file, kind)
    picture = read(file.getvalue())
    small = Image.open(io.BytesIO(picture.thumbnail))
    assert small.size == (512, 384)
    assert small.get_format_mimetype() == THUMBNAIL_TYPE
    assert (small.mode == "RGBA") == (mode in ("LA", "RGBA"))
    assert len(picture.thumbnail) < 20_000


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_giant_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 700)
    with pytest.raises(images.TooManyPixelsError):
        images.read(image(kind))


def test_a_giant_photo_is_decoded_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 700)
    assert opened(image("JPEG")).size == (16, 12)
    monkeypatch.setattr(images, "MOST_PIXELS", 10)
    with pytest.raises(images.TooManyPixelsError):
        images.read(image("JPEG"))


def test_text_is_no_image() -> None:
    for data in (b"", b"BM starts a sentence, too.", b"P1\n1 1\n0", b"#define x_width 1"):
        assert images.read(data) is None
