"""Text whose encoding nobody tells, read as the person reads it who wrote it."""

from __future__ import annotations

import random

import pytest

from chatbot.attachments.encodings import decode

GERMAN = "Stadt;Fläche;Größe\nKöln;405,02;groß\nZürich;87,93;groß\nMálaga;398;groß\n"
CHINESE = "产品;价格\n苹果;3,50\n香蕉;2,10\n"


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (GERMAN, "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 cp1252 cp850 mac_roman"),
        (CHINESE, "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be gb18030 gbk"),
        ("你好，世界\n", "gb18030 utf-16 utf-16-le"),
        ("第一章：开始\n“你好，”他说。\n", "gb18030"),
        ("# 配置\nport = 80\n", "gb18030"),
        ("姓名,城市\n張三,臺北\n李四,高雄\n", "big5"),
        ("名前,都市\n田中,東京\nこんにちは、世界。\n", "cp932 euc_jp"),
        ("テスト,データ\nカタカナ,ﾃｽﾄ\n", "cp932"),
        ("안녕하세요\n", "cp949"),
        ("Привет\n", "cp1251 koi8_r"),
        ("Имя;Город\nИван;Москва\nПривет, как дела?\n", "cp1251 koi8_r cp866 utf-16-be"),
        ("Imię;Miasto\nŁukasz;Łódź\nZażółć gęślą jaźń\n", "cp1250 iso8859_2"),
        ("Gdańsk;Kraków;Wrocław\n", "cp1250 iso8859_2"),
        ("Όνομα;Πόλη\nΓιώργος;Αθήνα\n", "cp1253"),
        ("İsim;Şehir\nIşık;İzmir\nÇağrı;Eskişehir\n", "cp1254"),
        ("السلام عليكم ورحمة الله وبركاته\n", "cp1256"),
        ("ประเทศไทยเป็นประเทศที่สวยงาม\n", "cp874"),
        ("МОСКВА. ПРИВЕТ ВСЕМ\n", "cp1251"),
        ("我爱你\n", "gb18030"),
        ("café", "latin-1"),
        ("ÄÖÜ\n", "latin-1"),
        ("£5\n", "latin-1"),
        ("price;1 €\n", "cp1252"),
        ("“Smart quotes” – and dashes… it’s 5 €\n", "cp1252"),
        ("Namn;Ort\nÅke;Malmö\nÖrjan;Västerås\n", "latin-1 cp850 mac_roman"),
        ("¿Qué pasó mañana? El niño comió.\n", "latin-1"),
        ("x = 1\n" * 50 + "# naïve\n" + "y = 2\n" * 50, "latin-1"),
    ],
)
def test_text_is_read_whatever_its_encoding(text: str, encodings: str) -> None:
    for encoding in encodings.split():
        assert decode(text.encode(encoding)) == text, encoding


def test_line_ends_of_any_system_become_those_of_one() -> None:
    assert decode(b"a\r\nb\rc\n") == "a\nb\nc\n"
    assert decode('a,"two\r\nlines"\r\n'.encode("utf-16")) == 'a,"two\nlines"\n'


def test_utf8_that_was_cut_or_mixed_stays_utf8() -> None:
    assert decode("Füße, Höhe, Größe, Öl".encode()[:-1] + b"\xc3") == "Füße, Höhe, Größe, Ö\ufffd"


def test_signs_of_a_terminal_and_icons_are_text() -> None:
    for text in ("\x1b[31mred\x1b[0m\n", "content: '\ue0b0'", "page\fpage\n"):
        assert decode(text.encode()) == text


def test_a_few_empty_bytes_in_a_log_are_left_out() -> None:
    assert decode(b"line of a log\n" * 20 + b"\0\0") == "line of a log\n" * 20


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0",
        b"\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0",
        b"PK\3\4\x14\0\0\0\x08\0" + random.Random(1).randbytes(300),
        random.Random(2).randbytes(5000),
        bytes(range(256)) * 4,
        b"\0" * 100,
    ],
)
def test_what_is_no_text_is_told_from_it(data: bytes) -> None:
    assert decode(data) is None


def test_a_large_file_of_one_line_is_read_in_the_same_way() -> None:
    text = "你好世界" * 50_000
    assert decode(text.encode("gb18030")) == text
