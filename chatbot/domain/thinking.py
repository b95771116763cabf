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


_OPENING, _END, _MARK = _any_of(_ENDS_OF), _any_of(_ENDS), _any_of(_MARKS)
_END_OF = {opening: _any_of(ends) for opening, ends in _ENDS_OF.items()}
_LAST_CHARACTER = re.compile("[" + re.escape("".join({end[-1] for end in _ENDS})) + "]")
_HINTS = ("</", "[/", "◁/", "|>")  # one of them is in each end
_QUOTES = ("`", '"', "'")
_SENTENCE_ENDS = frozenset(".!?:;)*`…\u3002\uff01\uff1f")  # the last three are Chinese
# Of white space no more than this is waited for or looked through.
_BEFORE_MARK = re.compile(r"\s{0,1000}")
_AFTER_END = re.compile(r"[ \t\r]{0,1000}")
_SPACE = re.compile(r"\s*")


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
        text, self._held = self._held + piece, ""
        at, thoughts = 0, list[str]()
        while True:
            if self._opening:
                thought, at = self._read_thought(text, at, at_end)
                thoughts.append(thought)
                if self._opening:
                    return Part("", "".join(thoughts))
            elif not at_end and _may_become_mark(text, at):
                self._held = text[at:]
                return Part("", "".join(thoughts))
            elif mark := _MARK.match(text, _skip(_BEFORE_MARK, text, at)):
                at = mark.end()
                self._has_tags = self._is_new = True
                self._opening = mark[0] if mark[0] in _ENDS_OF else ""
            else:
                return self._begin_text(text[at:], "".join(thoughts), at_end)

    def _read_thought(self, text: str, at: int, at_end: bool) -> tuple[str, int]:
        """Return the thinking that stands at `at`, and where what follows its end tag begins."""
        at = _skip(_SPACE, text, at) if self._is_new else at
        if tag := _first_tag(_END_OF[self._opening], text, at, at_end):
            thought, after = text[at : tag.start()], tag.end()
            self._opening = ""
        else:
            after = len(text)
            held = 0 if at_end else _unfinished(text, at, _ENDS_OF[self._opening])
            thought, self._held = text[at : after - held], text[after - held :]
        if thought and self._is_new:
            thought = "\n\n" + thought if self._has_thought else thought
            self._is_new, self._has_thought = False, True
        return thought, after

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
        self._unread: list[str] = []  # the last of them, which no line has yet
        self._lines = _Lines()
        self._tail = ""  # the last of it, in which an end tag may have begun
        self._waits = False  # for what follows an end tag on its line
        self.done = False

    def next(self, piece: str, at_end: bool) -> Part:
        self._pieces.append(piece)
        self._unread.append(piece)
        recent = self._tail + piece
        self._tail = recent[-_LONGEST:]
        if not self._waits and not _LAST_CHARACTER.search(piece):
            return Part(piece)
        return self._look(recent, piece, at_end)

    def _look(self, recent: str, piece: str, at_end: bool) -> Part:
        self._waits = False
        unread, read, end = "".join(self._unread), 0, 0
        for tag in _END.finditer(recent):
            start = len(unread) - len(recent) + tag.start()
            self._lines.add(unread[read:start])
            read, end = start, tag.end()
            is_end = self._ends_thinking(recent, end, at_end)
            if is_end:
                return self._end_thinking(len(recent) - tag.start(), len(tag[0]), piece)
            if is_end is None:
                self._waits, end = True, tag.start()
                break
        self._unread = [unread[read:]]
        self._tail = recent[end if self._waits else max(end, len(recent) - _LONGEST) :]
        return Part(piece)

    def _ends_thinking(self, recent: str, end: int, at_end: bool) -> bool | None:
        """Return whether a tag ends a thinking; None while its line is incomplete."""
        after = _skip(_AFTER_END, recent, end)
        if self._lines.has_words:
            if after == len(recent) and not at_end:
                return None
            if recent[after : after + 1] not in ("", "\n") or not self._lines.ends_sentence:
                return False
        return not self._lines.fence

    def _end_thinking(self, from_end: int, tag_length: int, piece: str) -> Part:
        """Part the text at the tag that begins so many characters before its end."""
        self.done = True
        text = "".join(self._pieces)
        start = len(text) - from_end
        if _OPENING.search(text, 0, start):  # the tags are what it writes about
            return Part(piece)
        self.done = False
        return Part(text[start + tag_length :], text[:start].strip(), moves=True)


class _Lines:
    """The lines of a text up to a place in it: what matters there of the last and of its fences."""

    def __init__(self) -> None:
        self._line: list[str] = []
        self._last = ""  # character of that line
        self._last_word = ""  # its last character that is no space
        self.fence = ""  # that is open where the line begins

    def add(self, text: str) -> None:
        first, *others = text.split("\n")
        self._add_part(first)
        for part in others:
            self.fence = fence_after("".join(self._line), self.fence)
            self._line, self._last, self._last_word = [], "", ""
            self._add_part(part)

    def _add_part(self, part: str) -> None:
        self._line.append(part)
        self._last = part[-1:] or self._last
        self._last_word = part.rstrip()[-1:] or self._last_word

    @property
    def has_words(self) -> bool:
        return bool(self._last_word)

    @property
    def ends_sentence(self) -> bool:
        return not self._last.isspace() or self._last_word in _SENTENCE_ENDS


def _skip(space: re.Pattern[str], text: str, at: int) -> int:
    skipped = space.match(text, at)
    return skipped.end() if skipped else at


def _may_become_mark(text: str, at: int) -> bool:
    at = _skip(_BEFORE_MARK, text, at)
    if len(text) - at >= _LONGEST:
        return False
    start = text[at:]
    return any(mark.startswith(start) and mark != start for mark in _MARKS)


def _first_tag(tags: re.Pattern[str], text: str, at: int, at_end: bool) -> re.Match[str] | None:
    """Return the first of the tags from `at` on that stands in no quotes."""
    for tag in tags.finditer(text, at):
        before = text[max(at, tag.start() - 1) : tag.start()]
        after = text[tag.end() : tag.end() + 1]
        if before not in _QUOTES or (after != before and (after or at_end)):
            return tag
        if not after:
            return None
    return None


def _unfinished(text: str, at: int, tags: Iterable[str]) -> int:
    """Return how many of the last characters may belong to a tag, or to one in quotes."""
    tail = text[max(at, len(text) - _LONGEST - 1) :]
    for place, character in enumerate(tail):
        start = tail[place + 1 :] if character in _QUOTES else tail[place:]
        if any(tag.startswith(start) for tag in tags):
            return len(tail) - place
    return 0


def split(text: str) -> tuple[str, str]:
    """Split a whole answer into its thinking and its text."""
    begins = _MARK.match(text, _skip(_BEFORE_MARK, text, 0))
    if not begins and not any(hint in text for hint in _HINTS):
        return "", text
    splitter, thinking, rest = Splitter(), "", ""
    for part in (splitter.add(text), splitter.end()):
        thinking += part.thinking
        rest = part.text if part.moves else rest + part.text
    return thinking.strip(), rest
