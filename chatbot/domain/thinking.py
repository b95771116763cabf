"""Thinking that a model writes into its text between tags, cut out of it.

Tags count where models write them: an opening one begins the answer, and an end without a
beginning (the chat template wrote that) begins or ends its line. In code and prose they are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from chatbot.domain.fences import fence_after

_NAMES = ("think", "thinking", "thought", "reason", "reasoning", "seed:think")
_CASES = (str.lower, str.capitalize, str.upper)
_ENDS_OF: dict[str, tuple[str, ...]] = {
    f"<{case(name)}>": tuple(f"</{other(name)}>" for other in _CASES)
    for name in _NAMES
    for case in _CASES
} | {
    "[THINK]": ("[/THINK]",),
    "◁think▷": ("◁/think▷",),
    "<|begin_of_thought|>": ("<|end_of_thought|>",),
    "<|START_THINKING|>": ("<|END_THINKING|>",),
    "<|channel>thought": ("<channel|>",),
    "<|channel|>analysis<|message|>": (
        "<|end|>",
        "<|start|>assistant",
        "<|channel|>final<|message|>",
    ),
}
_ENDS = list(dict.fromkeys(end for ends in _ENDS_OF.values() for end in ends))
# What may stand before an answer and is no part of it: an end that is written twice as well.
_MARKS = (*_ENDS_OF, *_ENDS, "<|START_RESPONSE|>")
_LONGEST = max(map(len, _MARKS))


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, texts)))


_OPENING, _END = _any_of(_ENDS_OF), _any_of(_ENDS)
_END_OF = {opening: _any_of(ends) for opening, ends in _ENDS_OF.items()}
_LAST_CHARACTER = re.compile("[" + re.escape("".join({end[-1] for end in _ENDS})) + "]")
_HINTS = ("</", "[/", "◁/", "|>")  # one of them is in each end
_QUOTES = ("`", '"', "'")
_SENTENCE_ENDS = tuple(".!?:;)*`…\u3002\uff01\uff1f")  # the last three are Chinese


class Part(NamedTuple):
    """What comes next of an answer.

    `moves`: all text before was thinking, and stands in this part's `thinking`.
    """

    text: str = ""
    thinking: str = ""
    moves: bool = False


class Splitter:
    """Splits one answer as it comes. How it is cut into pieces makes no difference.

    `is_past_thinking`: what comes goes on with a text.
    """

    def __init__(self, *, is_past_thinking: bool = False) -> None:
        self._held = ""  # the beginning of what may be a tag
        self._opening = ""  # the tag of the thinking that is under way
        self._is_new = False  # that thinking has had no word yet
        self._has_tags = self._has_thought = False
        self._text: _Text | None = None
        self._done = is_past_thinking  # the rest is text

    def add(self, piece: str) -> Part:
        """Take the next piece and return what it brings."""
        return self._next(piece, at_end=False)

    def end(self) -> Part:
        """Return what was held back."""
        return self._next("", at_end=True)

    def _next(self, piece: str, at_end: bool) -> Part:
        if self._done:
            return Part(piece)
        if self._text is None:
            return self._cut(piece, at_end)
        return self._watched(self._text, piece, at_end)

    def _watched(self, text: _Text, piece: str, at_end: bool) -> Part:
        part = text.next(piece, at_end)
        self._done = text.done
        if not part.moves:
            return part
        self._text, self._has_tags, self._has_thought = None, True, bool(part.thinking)
        after = self._cut(part.text, at_end)
        return Part(after.text, part.thinking + after.thinking, moves=True)

    def _cut(self, piece: str, at_end: bool) -> Part:
        """Cut tags and thinking from the beginning of an answer."""
        rest, self._held = self._held + piece, ""
        thinking = ""
        while True:
            if self._opening:
                thought, rest = self._thought(rest, at_end)
                thinking += thought
                if self._opening:
                    return Part("", thinking)
            elif not at_end and _may_become_mark(rest):
                self._held = rest
                return Part("", thinking)
            elif mark := _mark(rest):
                rest = rest.lstrip()[len(mark) :]
                self._has_tags = self._is_new = True
                self._opening = mark if mark in _ENDS_OF else ""
            else:
                return self._begin_text(rest, thinking, at_end)

    def _thought(self, text: str, at_end: bool) -> tuple[str, str]:
        """Return the thinking at the beginning of `text`, and what follows its end tag."""
        text = text.lstrip() if self._is_new else text
        tag = _first_tag(_END_OF[self._opening], text, at_end)
        if tag:
            thought, rest = text[: tag.start()], text[tag.end() :]
            self._opening = ""
        else:
            held = 0 if at_end else _unfinished(text, _ENDS_OF[self._opening])
            thought, rest = text[: len(text) - held], ""
            self._held = text[len(text) - held :]
        if thought and self._is_new:
            thought = "\n\n" + thought if self._has_thought else thought
            self._is_new, self._has_thought = False, True
        return thought, rest

    def _begin_text(self, text: str, thinking: str, at_end: bool) -> Part:
        if self._has_tags:
            self._done = True
            return Part(text.lstrip(), thinking)
        self._text = _Text()
        return self._watched(self._text, text, at_end)


class _Text:
    """The text of an answer that began without a tag, watched for an end without a beginning."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._tail = ""  # the last of it, in which an end tag may have begun
        self._waits = False  # for what follows an end tag on its line
        self._fence, self._fenced = "", 0  # the fence that is open at that place
        self.done = False

    def next(self, piece: str, at_end: bool) -> Part:
        self._pieces.append(piece)
        self._length += len(piece)
        recent = self._tail + piece
        self._tail = recent[-_LONGEST:]
        if not self._waits and not _LAST_CHARACTER.search(piece):
            return Part(piece)
        return self._look(recent, piece, at_end)

    def _look(self, recent: str, piece: str, at_end: bool) -> Part:
        self._waits = False
        for tag in _END.finditer(recent):
            text = "".join(self._pieces)
            self._pieces = [text]
            start = len(text) - len(recent) + tag.start()
            end = start + len(tag[0])
            is_end = self._ends_thinking(text, start, end, at_end)
            if is_end is None:
                self._waits, self._tail = True, recent[tag.start() :]
                break
            self._tail = recent[tag.end() :][-_LONGEST:]
            if is_end:
                self.done = bool(_OPENING.search(text, 0, start))
                if not self.done:  # else the tags are what it writes about
                    return Part(text[end:], text[:start].strip(), moves=True)
        return Part(piece)

    def _ends_thinking(self, text: str, start: int, end: int, at_end: bool) -> bool | None:
        """Return whether the tag at `start` ends a thinking; None while its line is incomplete."""
        line = text.rfind("\n", 0, start) + 1
        before, after = text[line:start], text[end:].lstrip(" \t\r")
        if before.strip():
            if not after and not at_end:
                return None
            if after[:1] not in ("", "\n") or not _ends_sentence(before):
                return False
        for passed in text[self._fenced : line].split("\n")[:-1]:
            self._fence = fence_after(passed, self._fence)
        self._fenced = line
        return not self._fence


def _may_become_mark(text: str) -> bool:
    start = text.lstrip()
    return any(mark.startswith(start) and mark != start for mark in _MARKS)


def _mark(text: str) -> str | None:
    start = text.lstrip()[:_LONGEST]
    if not start.startswith(_MARKS):  # most texts
        return None
    return next(mark for mark in _MARKS if start.startswith(mark))


def _ends_sentence(line: str) -> bool:
    return not line[-1].isspace() or line.rstrip().endswith(_SENTENCE_ENDS)


def _first_tag(tags: re.Pattern[str], text: str, at_end: bool) -> re.Match[str] | None:
    """Return the first of the tags in `text` that stands in no quotes."""
    for tag in tags.finditer(text):
        before, after = text[: tag.start()][-1:], text[tag.end() : tag.end() + 1]
        if before not in _QUOTES or (after != before and (after or at_end)):
            return tag
        if not after:
            return None
    return None


def _unfinished(text: str, tags: Iterable[str]) -> int:
    """Return how many of the last characters may belong to a tag, or to one in quotes."""
    tail = text[-_LONGEST - 1 :]
    for at, character in enumerate(tail):
        start = tail[at + 1 :] if character in _QUOTES else tail[at:]
        if any(tag.startswith(start) for tag in tags):
            return len(tail) - at
    return 0


def split(text: str) -> tuple[str, str]:
    """Split a whole answer into its thinking and its text."""
    if not _mark(text) and not any(hint in text for hint in _HINTS):
        return "", text
    splitter, thinking, rest = Splitter(), "", ""
    for part in (splitter.add(text), splitter.end()):
        thinking += part.thinking
        rest = part.text if part.moves else rest + part.text
    return thinking.strip(), rest
