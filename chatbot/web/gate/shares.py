"""The rules of the shares, which chat/shares and chat/storage hold."""

from __future__ import annotations

from fractions import Fraction

from chatbot.chat.shares import (
    ANSWERS_OF_AN_ADDRESS,
    ANSWERS_OF_PROGRAMS,
    EXPORT_READS,
    FILES_MB_PER_MINUTE,
    READS_PER_MINUTE,
    SEARCHES_PER_MINUTE,
    VISITORS_OF_AN_ADDRESS,
)
from chatbot.chat.storage import (
    FILES_MB_PER_CONVERSATION,
    FREE_FLOOR_MB,
    PRESETS_PER_VISITOR,
    TEXT_MB_PER_CONVERSATION,
)
from chatbot.history.search import MOST_WORDS, TIME_LIMIT_S, WORD_CHARS
from chatbot.web.gate.rule import Rule

_WAIT = "429 with Retry-After, and a sentence that says when it is free again"
_FULL = "507 and a sentence that says what to delete or raise"

RULES = (
    Rule(
        "answers of a visitor",
        "have the model write for them alone",
        "`ANSWERS_PER_VISITOR` under way; one that nobody watches gives its place",
        _WAIT,
    ),
    Rule(
        "answers of an address",
        "be many visitors, or a program that sends no cookie",
        f"{Fraction(ANSWERS_OF_AN_ADDRESS)} of `MAX_ANSWERS` under way; "
        f"{Fraction(ANSWERS_OF_PROGRAMS)} for programs without `API_KEY`",
        _WAIT,
    ),
    Rule(
        "turns",
        "send several prompts, for which the next ones of others wait",
        "one of a visitor's prompts waits in a model's queue, the next one is sent after its first "
        "word: a free slot goes to the visitors by turns",
        "the prompt waits, as others do",
    ),
    Rule("prompts", "send one after the other", "`PROMPTS_PER_MINUTE`", _WAIT),
    Rule(
        "files to read",
        "have many files or imports read",
        f"{FILES_MB_PER_MINUTE} MB a minute",
        _WAIT,
    ),
    Rule(
        "reads",
        "load conversations, events, images and exports for ever",
        f"{READS_PER_MINUTE} a minute, an export counts as {EXPORT_READS}",
        _WAIT,
    ),
    Rule(
        "searches",
        "search for what takes the database long",
        f"{SEARCHES_PER_MINUTE} a minute; {MOST_WORDS} words of {WORD_CHARS} characters; "
        f"{TIME_LIMIT_S} s",
        _WAIT,
    ),
    Rule(
        "rates of an address",
        "be many visitors at once",
        f"those of {VISITORS_OF_AN_ADDRESS} visitors; of IPv6 a /64 is one address",
        _WAIT,
    ),
    Rule(
        "what a visitor keeps",
        "store without end",
        "`STORED_MB_PER_VISITOR`, `CONVERSATIONS_PER_VISITOR`, "
        f"{PRESETS_PER_VISITOR} presets; counted once a minute, at once for files",
        _FULL,
    ),
    Rule(
        "one conversation",
        "have much loaded whenever it is opened, and at each prompt",
        f"{TEXT_MB_PER_CONVERSATION} MB of text, {FILES_MB_PER_CONVERSATION} MB of files",
        _FULL,
    ),
    Rule(
        "the history's disk",
        "fill it with files and imports",
        f"until {FREE_FLOOR_MB} MB are free; texts are kept all the same",
        _FULL,
    ),
)
