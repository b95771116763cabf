"""The page's texts: each one exists in every language, with the same fields."""

from __future__ import annotations

import ast
from pathlib import Path

import polib
import pytest

from chatbot import errors
from chatbot.domain.parameters import parse
from chatbot.notices import Notice, Text, fields_of
from chatbot.page import i18n
from scripts.translations import collect_texts, update_file

TEXTS = collect_texts()


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser asks for German."""
    monkeypatch.setattr(i18n, "_language", lambda: "de")


def _translations(language: str) -> dict[Text, list[str]]:
    file = polib.pofile(str(i18n.FOLDER / f"{language}.po"))
    return {
        (entry.msgid, entry.msgid_plural) if entry.msgid_plural else entry.msgid: (
            list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        )
        for entry in file
    }


def test_every_text_of_the_page_is_a_plain_one() -> None:
    """Else it would not be among those that are looked at here."""
    for file in i18n.FOLDER.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if file.name != "i18n.py" and isinstance(node, ast.Call):
                name = getattr(node.func, "id", "")
                texts = node.args[: {"t": 1, "t_n": 2}.get(name, 0)]
                assert all(isinstance(text, ast.Constant) for text in texts), (file, node.lineno)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_text_has_its_translation_and_no_translation_is_left_over(language: str) -> None:
    translations = _translations(language)
    assert translations.keys() == TEXTS.keys()
    assert [text for text, forms in translations.items() if not all(forms)] == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_translation_has_the_fields_of_its_text(language: str) -> None:
    for text, forms in _translations(language).items():
        originals = [text] if isinstance(text, str) else list(text)
        allowed = [fields_of(original) for original in originals]
        assert all(fields_of(form) in allowed for form in forms), text


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_files_are_as_the_tool_writes_them(language: str, tmp_path: Path) -> None:
    """After a change of texts: `python -m scripts.translations`."""
    file = tmp_path / f"{language}.po"
    file.write_bytes((i18n.FOLDER / file.name).read_bytes())
    assert update_file(file, TEXTS) == []
    assert file.read_bytes() == (i18n.FOLDER / file.name).read_bytes()


def test_french_has_the_singular_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_language", lambda: "fr")
    counts = {count: i18n.t_n(*QUEUED, count) for count in (0, 1, 2)}
    assert [count for count, text in counts.items() if "réponses" in text] == [2]


QUEUED = ("Queued, {count} answer before yours…", "Queued, {count} answers before yours…")


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [
        ("", 1, "Queued, 1 answer before yours…"),
        ("", 2, "Queued, 2 answers before yours…"),
        ("de", 1, "In der Schlange, 1 Antwort vor deiner…"),
        ("de", 0, "In der Schlange, 0 Antworten vor deiner…"),
        ("es", 1, "En cola, 1 respuesta antes que la tuya…"),
        ("es", 0, "En cola, 0 respuestas antes que la tuya…"),
        ("zh", 2, "排队中，前面还有 2 个回答…"),
    ],
)
def test_a_count_takes_the_form_that_its_language_has_for_it(
    language: str, count: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "_language", lambda: language)
    assert i18n.t_n(*QUEUED, count) == shown


GERMAN = [
    (
        errors.ModelMissing(model="qwen3"),
        "Das Modell qwen3 ist nicht installiert. Laden Sie es herunter, oder wählen Sie ein "
        "anderes.",
    ),
    (
        errors.OllamaFailed(words="![](x) <b>"),
        "Ollama konnte nicht antworten. Versuchen Sie es noch einmal. Es sagt: "
        r"\!\[\]\(x\) \<b\>",
    ),
    (
        errors.Busy(count=1),
        "1 Antwort ist in Arbeit, mehr nimmt dieser Chat nicht zugleich an. Versuchen Sie es in "
        "einer Minute noch einmal.",
    ),
    (
        errors.TimedOut("answer_timed_out", count=0.5),
        "Die Antwort wurde nach 0.5 Sekunde abgebrochen. Fragen Sie nach weniger auf einmal, "
        "oder erhöhen Sie ANSWER_TIMEOUT.",
    ),
    (
        errors.join_refusals([errors.SignedOut(), errors.BadRequest("prompt_empty")]),
        "Sie sind abgemeldet. Melden Sie sich wieder an, um fortzufahren.\n"
        "Der Prompt ist leer. Schreiben Sie etwas.",
    ),
    (Notice("pull_begins", {"model": "a*b"}), r"a\*b: fragt beim Verzeichnis an"),
]


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(("told", "shown"), GERMAN)
def test_what_a_part_below_the_page_tells_is_translated_and_what_it_quotes_is_not(
    told: errors.ChatError | Notice, shown: str
) -> None:
    assert i18n.describe(told) == shown


@pytest.mark.usefixtures("german")
def test_what_an_error_quotes_of_another_notice_is_translated() -> None:
    with pytest.raises(errors.BadRequest) as refusal:
        parse({"top_p": 3})
    assert i18n.describe(refusal.value) == r"top\_p ist 3: Erlaubt ist eine Zahl von 0 bis 1."
