"""A model reads documents and sees images."""

from __future__ import annotations

from chatbot.domain.attachment import Attachment


def test_a_document_is_framed_by_its_name_and_its_end() -> None:
    note = Attachment("note.txt", "text/plain", 4, b"Text")
    assert note.text == '\n\n<file name="note.txt">\nText\n</file>'


def test_an_image_is_told_from_a_document() -> None:
    assert Attachment("a.png", "image/png", 1, b"\x89").is_image
    assert not Attachment("a.txt", "text/plain", 1, b"a").is_image
