"""`python -m scripts.translations`: brings the .po files up to date with the code.

A new text is added without a translation, and a text that the code has no more is removed. Says
what is left to translate.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

import chatbot
from chatbot.errors import kinds
from chatbot.i18n.translator import FOLDER, LANGUAGES
from chatbot.notices import Text, texts
from chatbot.web import page_texts

_SCRIPTS = (".__main__", ".page.main")  # which do their work when they are imported
# Their errors end the start: who reads them has a terminal and no page.
_BEFORE_THE_PAGE = (
    "chatbot.web.server",
    "chatbot.web.index_page",
    "chatbot.history.data_dir",
    "chatbot.identity.visitor_cookie",
)


def collect_texts() -> dict[Text, str]:
    """Return each text that can be shown, with the codes of the notices that say it."""
    found: dict[Text, str] = dict.fromkeys([*_texts_in_calls(), *page_texts.list_texts()], "")
    for code, text in _notice_texts().items():
        found[text] = " ".join(filter(None, (found.get(text), code)))
    return found


def _texts_in_calls() -> Iterator[Text]:
    """Yield the text of each call that translates one: `t("…")`, `words.translate("…")`."""
    for file in sorted(Path(chatbot.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    ast.Name("t") | ast.Attribute(attr="translate"), [ast.Constant(str(text)), *_]
                ):
                    yield text
                case ast.Call(
                    ast.Name("t_n") | ast.Attribute(attr="translate_count"),
                    [ast.Constant(str(one)), ast.Constant(str(many)), *_],
                ):
                    yield one, many


def _notice_texts() -> dict[str, Text]:
    """Return the texts of all notices by code, from all modules of the chat."""
    for module in pkgutil.walk_packages(chatbot.__path__, "chatbot."):
        if not module.name.endswith(_SCRIPTS) and ".migrations." not in module.name:
            importlib.import_module(module.name)
    return {code: text for code, text in sorted(texts.items()) if not _is_before_the_page(code)}


def _is_before_the_page(code: str) -> bool:
    return code in kinds and kinds[code].__module__ in _BEFORE_THE_PAGE


def update_file(file: Path, found: dict[Text, str]) -> list[str]:
    """Write the texts into a language's file; return those that lack their translation."""
    old = polib.pofile(str(file))
    known = {_text_of(entry): entry for entry in old}
    new = polib.POFile(wrapwidth=98)
    new.metadata = old.metadata
    for text, codes in found.items():
        entry = known.get(text) or _new_entry(text, int(old.metadata["Plural-Forms"][9]))
        entry.comment = codes
        new.append(entry)
    new.sort(key=lambda entry: entry.msgid)  # so that a text that moves in the code stays here
    new.save(str(file))
    return [entry.msgid for entry in new if not entry.translated()]


def _text_of(entry: polib.POEntry) -> Text:
    return (entry.msgid, entry.msgid_plural) if entry.msgid_plural else entry.msgid


def _new_entry(text: Text, forms: int) -> polib.POEntry:
    if isinstance(text, str):
        return polib.POEntry(msgid=text)
    plurals = dict.fromkeys(range(forms), "")
    return polib.POEntry(msgid=text[0], msgid_plural=text[1], msgstr_plural=plurals)


def main() -> None:
    """Update all languages' files."""
    found = collect_texts()
    for language in LANGUAGES:
        for text in update_file(FOLDER / f"{language}.po", found):
            sys.stdout.write(f"{language}: {text}\n")


if __name__ == "__main__":
    main()
