"""Images as models can take them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from chatbot.attachments import images
from tests.support.files import image


def opened(data: bytes) -> Image.Image:
    """The image as it is after reading, in RGB."""
    found = images.media_type_and_data(data)
    assert found is not None
    picture = Image.open(io.BytesIO(found[1]))
    assert picture.get_format_mimetype() == found[0]
    return picture.convert("RGB")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_every_model_reads_stays_as_it_is(kind: str) -> None:
    assert images.media_type_and_data(image(kind)) == (f"image/{kind.lower()}", image(kind))


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
        images.media_type_and_data(whole[: len(whole) // 2])


def test_a_giant_is_not_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 700)
    with pytest.raises(images.TooManyPixelsError):
        images.media_type_and_data(image("GIF"))


def test_text_is_no_image() -> None:
    for data in (b"", b"BM starts a sentence, too.", b"P1\n1 1\n0", b"#define x_width 1"):
        assert images.media_type_and_data(data) is None
