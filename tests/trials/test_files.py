"""A file that is small and costs much to read costs nobody but who sent it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import bombs
from tests.support.product import Served
from tests.support.stranger import Stranger

pytestmark = pytest.mark.trials

Enter = Callable[[Served], Stranger]
Withstand = Callable[[Callable[[Stranger], object]], None]

ATTACHED = {
    "a.csv": (bombs.wide_csv, bombs.long_csv, bombs.quoted_csv),
    "a.docx": (
        bombs.empty_paragraphs,
        bombs.nested_tables,
        bombs.many_headers,
        bombs.entities,
        bombs.many_names,
    ),
    "a.pdf": (bombs.shared_stream, bombs.stream_in_streams, bombs.page_within_itself),
    "a.png": (bombs.large_png, bombs.promised_png, bombs.png_with_texts),
    "a.gif": (bombs.gif_of_many_pictures,),
    "a.txt": (bombs.binary_in_many_tongues, bombs.one_long_line),
}


@pytest.mark.parametrize(
    ("name", "make"),
    [(name, make) for name, makers in ATTACHED.items() for make in makers],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_costs_nobody_else_anything(
    withstand: Withstand, name: str, make: Callable[[], bytes]
) -> None:
    data = make()
    assert len(data) < 10_000_000
    withstand(lambda tab: tab.attach(name, data))


def answer(text: str, **more: Any) -> dict[str, Any]:
    """Return a conversation of another program with this answer."""
    return {"messages": [{"role": "user", "content": "q"}, {"role": "ai", "content": text} | more]}


IMPORTS: dict[str, Callable[[], bytes]] = {
    "thinking without an end": lambda: dump([answer("<think>" * 9000)]),
    "ends without a thinking": lambda: dump([answer("a.\n</think>\n" * 9000)]),
    "quoted ends": lambda: dump([answer("<think>" + "`</think>`" * 50_000)]),
    "details": lambda: dump([answer('<details type="reasoning">' * 20_000)]),
    "details without a close": lambda: dump([answer('<details type="reasoning" ' * 20_000)]),
    "backticks": lambda: dump([answer("`" * 200_000)]),
    "backticks of many lengths": lambda: dump([answer(" ".join("`" * n for n in range(900)))]),
    "fences": lambda: dump([answer("```\n" * 100_000)]),
    "emphasis": lambda: dump([answer("*a_" * 100_000)]),
    "brackets": lambda: dump([answer("[" * 100_000 + "](" * 100_000)]),
    "quotes in quotes": lambda: dump([answer(">" * 50_000)]),
    "lists in lists": lambda: dump([answer("\n".join("  " * n + "- a" for n in range(1500)))]),
    "a wide table": lambda: dump([answer("|a" * 5000 + "|\n" + "|-" * 5000 + "|\n" + "|b" * 9000)]),
    "formulas": lambda: dump([answer("$a" * 100_000 + "\n$$\n" * 10_000)]),
    "braces in a formula": lambda: dump([answer("$$" + "{" * 20_000 + "$$")]),
    "entities": lambda: dump([answer("&lt" * 200_000)]),
    "errors": lambda: dump([{"messages": [0] * 10}] * 100_000),
    "errors in messages": lambda: dump([{"messages": [{"role": "user", "content": 0}] * 200_000}]),
    "lists within lists": lambda: b"[" * 5_000_000,
    "objects within objects": lambda: b'{"messages":' * 500_000,
    "parts within parts": lambda: dump([answer("")])[:-1] + b'{"content":[' * 100_000,
    "a number of many digits": lambda: (
        b'[{"messages": [], "updated_at": ' + b"9" * 2_000_000 + b"}]"
    ),
    "a circle": lambda: own([{"id": "a", "parent_id": "a"}] * 50_000),
    "one id": lambda: own([{"id": "a", "parent_id": None}] * 50_000),
    "a long chain": lambda: own(
        [{"id": f"{n}", "parent_id": f"{n - 1}" if n else None} for n in range(50_000)]
    ),
    "many versions": lambda: own(
        [{"id": f"{n}", "parent_id": "0" if n else None} for n in range(50_000)]
    ),
    "many conversations": lambda: dump([answer("a")] * 30_000),
    "many lines": lambda: b"{}\n" * 2_000_000,
}


@pytest.mark.parametrize("make", IMPORTS.values(), ids=IMPORTS)
def test_an_import_costs_nobody_else_anything(
    withstand: Withstand, make: Callable[[], bytes]
) -> None:
    data = make()

    def bring_in(tab: Stranger) -> None:
        tab.bring_in(data)
        assert not tab.session.transcript.failure
        assert "Something went wrong" not in tab.alerts()
        tab.connect()  # what was taken in is drawn again

    withstand(bring_in)


SHOWN: dict[str, dict[str, Any]] = {
    "a summary that is a text": {"parameters": {"summary": "x"}},
    "a summary of nothing": {"summary": {"text": "s", "until": "none"}},
    "stop words that are none": {"parameters": {"stop": [{}, 1]}},
    "a picture that is none": {
        "files": [
            {"name": "a.webp", "media_type": "image/webp", "size": 10, "data": "UklGRgAAAAA="}
        ]
    },
    "a file of no type": {"files": [{"name": "a\0\n", "media_type": "", "size": 0, "data": ""}]},
    "a page as a picture": {
        "files": [{"name": "a.png", "media_type": "image/svg+xml", "size": 4, "data": "PHN2Zz4="}]
    },
    "a time before all times": {"created_at": -1e300},
    "half a character": {"title": "\ud83d", "system_prompt": "\ud83d"},
    "an endless title": {"title": "a" * 500_000},
    "a name of a model that is none": {"model": "\x1b[2J\n" * 100},
    "an error of its own": {"error_code": "busy", "error_arguments": {"count": "x"}},
}


@pytest.mark.parametrize("what", SHOWN.values(), ids=SHOWN)
def test_what_is_taken_in_can_be_opened(served: Served, enter: Enter, what: dict[str, Any]) -> None:
    tab = enter(served)
    tab.bring_in(own([{"id": "a", "parent_id": None}], **what))
    for _ in range(2):
        assert "Something went wrong" not in tab.alerts()
        assert not tab.session.transcript.failure
        tab.connect()
    assert tab.ask("Hello").text


def dump(document: object) -> bytes:
    """Return a file of JSON."""
    return json.dumps(document).encode()


def own(
    messages: list[dict[str, Any]], files: list[dict[str, Any]] | None = None, **more: Any
) -> bytes:
    """Return a file of the chat's own with a conversation of these messages."""
    whole = [
        {"role": "user", "content": "q", "attachments": files or [], **message}
        for message in messages
    ]
    conversation = {"title": "t", "messages": whole, **more}
    return dump(
        {"format": "ollama-chatbot conversations", "version": 1, "conversations": [conversation]}
    )
