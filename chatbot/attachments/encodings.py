"""The text of a file whose encoding nobody tells."""

from __future__ import annotations

import codecs
import io
import re
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from chatbot.attachments.common_han import COMMON_HAN

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# What text has next to none of: control characters, and what an encoding has no character for.
_ODD = re.compile("[\0-\7\x0e-\x19\x1c-\x1f\x7f-\x9f\ufffd-\uffff]")
_MOST_ODD = 0.05  # of all characters
_MOST_PLAIN_BYTES = 200_000
_PRIVATE = re.compile("[\ue000-\uf8ff]")  # icons in UTF-8, misread in others
_WIDE = re.compile(r"[^\x00-\x7f]+")
_MOST_CHAOS = 0.5  # as charset-normalizer measures it
_GOOD_FOR_BAD = 4  # characters of UTF-8 for each broken one: it is UTF-8 that was cut or mixed
_SAMPLE_BYTES = 16_384
_TELLING_CHARS = 10  # beyond ASCII: of fewer, charset-normalizer's measure of chaos tells less
_LETTER = r"[^\W\d_²³¹]"
_CAPITAL = "[À-ÖØ-ÞŒŠŸŽĄĹĽŚŞŤŹŻŔĂĆČĘĚĎĐŃŇŐŘŮŰŢĞİ]"
_SIGN = (
    r"[\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7"
    r"\u02c6-\u02dd\u2020-\u2039\u203a\u2122\u2500-\u259f]"
)
_OTHER = "[\u0370-\u0e7f]"  # Greek to Thai
# A sign within a word, a capital behind a small letter, two scripts in one word.
_MISREAD = re.compile(
    f"(?<={_LETTER}){_SIGN}(?={_LETTER})|(?<=[a-z]){_CAPITAL}"
    f"|(?<=[A-Za-z\xc0-\xff]){_OTHER}|{_OTHER}(?=[A-Za-z\xc0-\xff])"
)

# Where two encodings read a file equally well, the first of these. Those of East Asia come first,
# but only where they read characters in daily use: the standards list these first, so that they
# are known by the first byte of their pair.
_DAILY = {
    "cp949": {*range(0xB0, 0xC9)},
    "gb18030": {*range(0xB0, 0xD8)},
    "euc_jp": {0xA1, 0xA4, 0xA5, *range(0xB0, 0xD0)},
    "cp932": {0x81, 0x82, 0x83, *range(0x88, 0x98)},
    "big5": {*range(0xA4, 0xC7)},
}
_HAN = re.compile("[\u3400-\u9fff]")
_TELLING_HAN = 3  # characters: of fewer, none need be among the most common ones
_LEAST_COMMON = 0.2
_SHORTEST_WORD = 1.2  # characters on average: one alone among ASCII is an accented letter, misread
_MOST_RARE = {"cp949": 0.1}  # of the characters: its daily ones are all daily in Chinese, too
_LEGACY = [
    *_DAILY, "cp1252", "cp1251", "koi8_r", "cp1250", "iso8859_2", "cp1253", "cp1254", "cp1256",
    "cp1255", "cp874", "cp866", "mac_roman", "cp850",
]  # fmt: skip


def decode(data: bytes) -> str | None:
    r"""Return the text of `data` with its line ends as "\n", or None where it is no text.

    A byte order mark decides, then UTF-8, then UTF-16, then the likeliest of the encodings that
    were in use before.
    """
    for read in (_decode_marked, _decode_utf8, _decode_utf16, _decode_legacy):
        text = read(data)
        if text is not None and _is_text(text):
            return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return None


def is_plain(data: bytes) -> bool:
    """Return whether it is a small text in UTF-8 without any odd character: no doubt is left."""
    if len(data) > _MOST_PLAIN_BYTES:
        return False
    try:
        return not _ODD.search(data.removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError:
        return False


def _is_text(text: str) -> bool:
    most = int(_MOST_ODD * len(text))
    return next(islice(_ODD.finditer(text), most, None), None) is None


def _decode_marked(data: bytes) -> str | None:
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return None


def _decode_utf8(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
    bad = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return text if good > _GOOD_FOR_BAD * bad else None


def _decode_utf16(data: bytes) -> str | None:
    """Without a mark it is known by the empty halves of its ASCII characters."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if not even and not odd:
        return None
    text = data.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
    return None if _PRIVATE.search(text) else text


def _decode_legacy(data: bytes) -> str | None:
    # Imported late: most files are UTF-8.
    from charset_normalizer import from_bytes

    if 0 in data:
        return None
    sample = _find_telling_lines(data)
    matches = from_bytes(sample, cp_isolation=_LEGACY, threshold=_MOST_CHAOS, enable_fallback=False)
    measured = {name: match for match in matches for name in match.could_be_from_charset}
    ranks = [
        rank
        for place, name in enumerate(_LEGACY)
        if (rank := _rank_encoding(sample, name, measured.get(name), place))
    ]
    for *_, encoding in sorted(ranks):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return None


def _find_telling_lines(data: bytes) -> bytes:
    """Return the first lines that are not plain ASCII, which all encodings read alike."""
    lines, size = list[bytes](), 0
    for line in io.BytesIO(data):
        if not line.isascii():
            lines.append(line)
            size += len(line)
            if size > _SAMPLE_BYTES:
                break
    return b"".join(lines)


def _rank_encoding(
    sample: bytes, encoding: str, match: CharsetMatch | None, place: int
) -> tuple[float, float, float, int, str] | None:
    """Return how unlikely the encoding is, less is likelier; None if it cannot be."""
    try:
        text = sample.decode(encoding)[:_SAMPLE_BYTES]
    except UnicodeDecodeError:
        return None
    wide = sum(map(len, _WIDE.findall(text)))
    if encoding in _DAILY:
        strange, chaos = _measure_rarity(text, encoding), 0.0
    else:
        strange = len(_MISREAD.findall(text)) / max(1, wide)
        chaos = (match.chaos if match else 1) * min(1, max(0, wide - 3) / _TELLING_CHARS)
    if chaos > _MOST_CHAOS:
        return None
    coherence = match.coherence if match else 0
    return round(strange, 1), round(chaos, 2), -round(coherence, 1), place, encoding


def _measure_rarity(text: str, encoding: str) -> float:
    """1 if many of the characters are ones that hardly anybody writes in that encoding, else 0."""
    words = _WIDE.findall(text)
    chars = [char for char in "".join(words) if char.isalpha()]
    rare = sum(not _is_daily(char.encode(encoding), encoding) for char in chars)
    common = sum(char in COMMON_HAN or not _HAN.match(char) for char in chars)
    likely = (
        rare <= _MOST_RARE.get(encoding, 0.3) * len(chars)
        and (len(chars) < _TELLING_HAN or common >= _LEAST_COMMON * len(chars))
        and len(chars) > _SHORTEST_WORD * len(words)
        and not _PRIVATE.search(text)
    )
    return 0 if likely else 1


def _is_daily(pair: bytes, encoding: str) -> bool:
    # GBK gives its later characters second bytes below those of GB 2312.
    return pair[0] in _DAILY[encoding] and not (encoding == "gb18030" and pair[1] < 0xA1)
