"""The chat's sentences: each one exists in every language, with the same fields; and numbers."""

from __future__ import annotations

import ast
from pathlib import Path

import polib
import pytest

from chatbot import errors
from chatbot.domain.parameters import parse
from chatbot.i18n.translator import FOLDER, LANGUAGES, choose_translator, load_translator
from chatbot.notices import Notice, Text, fields_of
from scripts.translations import collect_texts, update_file
from tests.support.product import ROOT

TEXTS = collect_texts()


def _translations(language: str) -> dict[Text, list[str]]:
    file = polib.pofile(str(FOLDER / f"{language}.po"))
    return {
        (entry.msgid, entry.msgid_plural) if entry.msgid_plural else entry.msgid: (
            list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        )
        for entry in file
    }


_TEXTS_OF_CALLS = {"t": 1, "t_n": 2, "translate": 1, "translate_count": 2}


def test_every_text_is_a_plain_one() -> None:
    """Else it would not be among those that are looked at here."""
    rooms = (ROOT / "chatbot" / room for room in ("page", "web"))
    for file in (file for room in rooms for file in room.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if file.name not in ("i18n.py", "page_texts.py") and isinstance(node, ast.Call):
                name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
                texts = node.args[: _TEXTS_OF_CALLS.get(name, 0)]
                assert all(isinstance(text, ast.Constant) for text in texts), (file, node.lineno)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_its_translation_and_no_translation_is_left_over(language: str) -> None:
    translations = _translations(language)
    assert translations.keys() == TEXTS.keys()
    assert [text for text, forms in translations.items() if not all(forms)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_fields_of_its_text(language: str) -> None:
    for text, forms in _translations(language).items():
        originals = [text] if isinstance(text, str) else list(text)
        allowed = [fields_of(original) for original in originals]
        assert all(fields_of(form) in allowed for form in forms), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_are_as_the_tool_writes_them(language: str, tmp_path: Path) -> None:
    """After a change of texts: `python -m scripts.translations`."""
    file = tmp_path / f"{language}.po"
    file.write_bytes((FOLDER / file.name).read_bytes())
    assert update_file(file, TEXTS) == []
    assert file.read_bytes() == (FOLDER / file.name).read_bytes()


def test_french_has_the_singular_for_none() -> None:
    french = load_translator("fr")
    counts = {count: french.translate_count(*QUEUED, count) for count in (0, 1, 2)}
    assert [count for count, text in counts.items() if "réponses" in text] == [2]


QUEUED = ("Queued, {count} answer before yours…", "Queued, {count} answers before yours…")


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [
        ("", 1, "Queued, 1 answer before yours…"),
        ("", 2, "Queued, 2 answers before yours…"),
        ("de", 1, "In der Schlange, 1 Antwort vor Ihrer…"),
        ("de", 0, "In der Schlange, 0 Antworten vor Ihrer…"),
        ("es", 1, "En cola, 1 respuesta antes que la suya…"),
        ("es", 0, "En cola, 0 respuestas antes que la suya…"),
        ("zh", 2, "排队中，前面还有 2 个回答…"),
    ],
)
def test_a_count_takes_the_form_that_its_language_has_for_it(
    language: str, count: int, shown: str
) -> None:
    assert load_translator(language).translate_count(*QUEUED, count) == shown


GERMAN = [
    (
        errors.ModelMissing(model="qwen3"),
        "Das Modell qwen3 ist nicht installiert. Laden Sie es herunter, oder wählen Sie ein "
        "anderes.",
    ),
    (
        errors.OllamaFailed(words="![](x) <b>"),
        "Ollama konnte nicht antworten. Versuchen Sie es noch einmal. Es sagt: ![](x) <b>",
    ),
    (
        errors.Busy(count=1),
        "1 Antwort ist in Arbeit, mehr nimmt dieser Chat nicht zugleich an. Versuchen Sie es in "
        "einer Minute noch einmal.",
    ),
    (
        errors.TimedOut("answer_timed_out", count=0.5),
        "Die Antwort wurde nach 0,5 Sekunde abgebrochen. Fragen Sie nach weniger auf einmal, "
        "oder erhöhen Sie ANSWER_TIMEOUT.",
    ),
    (
        errors.join_refusals([errors.SignedOut(), errors.BadRequest("prompt_empty")]),
        "Sie sind abgemeldet. Melden Sie sich wieder an, um fortzufahren.\n"
        "Der Prompt ist leer. Schreiben Sie etwas.",
    ),
    (Notice("pull_begins", {"model": "a*b"}), "a*b: fragt beim Verzeichnis an"),
]


GERMAN_TRANSLATOR = load_translator("de")


@pytest.mark.parametrize(("told", "said"), GERMAN)
def test_what_a_part_of_the_chat_tells_is_translated_and_what_it_quotes_is_not(
    told: errors.ChatError | Notice, said: str
) -> None:
    assert GERMAN_TRANSLATOR.describe(told) == said


def test_what_is_quoted_is_marked_as_the_reader_needs_it() -> None:
    notice = Notice("pull_begins", {"model": "a*b"})
    said = GERMAN_TRANSLATOR.describe(notice, lambda words: f"<{words}>")
    assert said == "<a*b>: fragt beim Verzeichnis an"


def test_what_an_error_quotes_of_another_notice_is_translated() -> None:
    with pytest.raises(errors.BadRequest) as refusal:
        parse({"top_p": 3})
    said = GERMAN_TRANSLATOR.describe(refusal.value)
    assert said == "Wortauswahl (Top-p) ist 3: Erlaubt ist eine Zahl von 0 bis 1."


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("", "4,096 1.5 8501"),
        ("de", "4.096 1,5 8501"),
        ("es", "4.096 1,5 8501"),
        ("fr", "4\N{NARROW NO-BREAK SPACE}096 1,5 8501"),
        ("zh", "4,096 1.5 8501"),
    ],
)
def test_numbers_are_written_as_the_language_does(language: str, said: str) -> None:
    text = "{tokens:,} {seconds:.1f} {port}"
    fields = {"tokens": 4096, "seconds": 1.5, "port": 8501}
    assert load_translator(language).translate(text, **fields) == said


def test_a_text_that_is_filled_in_keeps_its_commas() -> None:
    assert load_translator("de").translate("{name}", name="1,000.5 km") == "1,000.5 km"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("it,fr;q=0.8,en;q=0.7", "fr"),
        ("en;q=0.5, zh-Hans-CN", "zh"),
        ("de;q=0, es;q=0.1", "es"),
        ("*, ;q=x", "en"),
    ],
)
def test_the_language_is_the_first_supported_one_that_a_browser_asks_for(
    header: str, language: str
) -> None:
    assert choose_translator(header).language == language
