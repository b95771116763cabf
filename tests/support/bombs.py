"""Small files that are large once they are read; each is bounded: seconds, not hours."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def wide_csv() -> bytes:
    """Return a long header above short rows: who names each cell repeats the header."""
    return ",".join(f"c{number}" for number in range(1000)).encode() + b"\n" + b"x\n" * 6000


def long_csv() -> bytes:
    """Return very short rows: what is kept for each outweighs it."""
    return b"a\n" + b"x\n" * 500_000


def quoted_csv() -> bytes:
    """Return a quote that never ends."""
    return b'a,b\n"' + b'x,""\n' * 200_000


def empty_paragraphs() -> bytes:
    """Return a Word document of empty paragraphs, packed some hundred times."""
    return _word({"word/document.xml": _body("<w:p/>" * 1_600_000)})


def nested_tables() -> bytes:
    """Return a Word document of tables within tables within tables."""
    depth = 50_000
    opening, closing = "<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"
    return _word({"word/document.xml": _body(opening * depth + closing * depth)})


def many_headers() -> bytes:
    """Return a Word document with thousands of headers, of which each is as large as a text."""
    header = f"<w:hdr {_NAMESPACE}>" + "<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 200 + "</w:hdr>"
    parts = {f"word/header{number}.xml": header for number in range(3000)}
    return _word({"word/document.xml": _body(""), **parts})


def entities() -> bytes:
    """Return a Word document whose entities multiply: a billion laughs."""
    named = ['<!ENTITY e0 "aaaaaaaaaa">']
    named += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9)]
    document = f"<!DOCTYPE w:document [{''.join(named)}]>" + _body("<w:p><w:t>&e8;</w:t></w:p>")
    return _word({"word/document.xml": document})


def many_names() -> bytes:
    """Return an archive of very many names."""
    return _word({f"word/{number}": "" for number in range(60_000)})


def shared_stream() -> bytes:
    """Return a PDF whose pages all show one and the same stream."""
    stream = zlib.compress(b"BT /F 1 Tf " + b"(a)Tj " * 20_000 + b" ET", 9)
    return _pdf(
        [
            b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(stream), stream),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ],
        pages=25,
    )


def stream_in_streams() -> bytes:
    """Return a PDF whose stream is packed many times over."""
    data, filters = bytes(40_000_000), 4
    for _ in range(filters):
        data = zlib.compress(data, 9)
    names = b"/FlateDecode" * filters
    return _pdf(
        [
            b"<</Length %d/Filter[%b]>>stream\n%b\nendstream" % (len(data), names, data),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ],
        pages=1,
    )


def page_within_itself() -> bytes:
    """Return a PDF whose tree of pages is a circle."""
    return _join_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]/Parent 2 0 R>>",
        ]
    )


def large_png() -> bytes:
    """Return a black picture of 64 megapixels."""
    side = 8000
    packer, row = zlib.compressobj(9), b"\0" + bytes(side * 3)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return _png(side, data)


def promised_png() -> bytes:
    """Return a picture whose head promises four thousand megapixels."""
    return _png(65_500, zlib.compress(bytes(1000)))


def png_with_texts() -> bytes:
    """Return a picture with very many packed texts."""
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(900_000), 9))
    packed = zlib.compress(b"\0\0\0\0")
    return (
        b"\x89PNG\r\n\x1a\n"
        + _head(1)
        + text * 500
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


def gif_of_many_pictures() -> bytes:
    """Return a GIF of very many pictures, each of 25 megapixels."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 5000, 5000, 0) + b"\x02\x02\x4c\x01\0"
    return (
        b"GIF89a" + struct.pack("<HHBBB", 5000, 5000, 0x80, 0, 0) + bytes(6) + frame * 2000 + b";"
    )


def binary_in_many_tongues() -> bytes:
    """Return bytes that are of no encoding, though nearly of each."""
    return bytes(range(0x80, 0x100)) * 30_000 + b"\n" * 30_000


def one_long_line() -> bytes:
    """Return a text of one line."""
    return b"a" * 9_000_000


def _body(xml: str) -> str:
    return f"<w:document {_NAMESPACE}><w:body>{xml}</w:body></w:document>"


def _word(parts: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return made.getvalue()


def _pdf(resources: list[bytes], pages: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (5 + number) for number in range(pages))
    page = b"<</Type/Page/Parent 2 0 R/Contents 3 0 R/Resources<</Font<</F 4 0 R>>>>>>"
    head = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%b]>>" % (pages, kids)]
    return _join_pdf([*head, *resources, *[page] * pages])


def _join_pdf(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + tail


def _png(side: int, data: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + _head(side) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _head(side: int) -> bytes:
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
