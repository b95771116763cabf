"""The title of a conversation, made from its first prompt."""

from __future__ import annotations

import re

from chatbot.domain.conversation import title_from

_READ = 2000  # characters of the prompt; a title needs no more
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(^ {0,3}\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_FENCE_LINE = re.compile(r"^ {0,3}(```|~~~).*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(r"^\s*(?:#{1,6}|>|[-*+]|\d{1,3}[.)])\s+|[`*]+|(?<!\w)_+|_+(?!\w)", re.MULTILINE)
# What begins many prompts and says nothing of their subject.
_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|guten tag|hola|buenos días|bonjour|salut)"
    r"(?: there)?+(?:\s*[,.!]\s*|\s+(?=(?:can|could|would|will|please)\b))"
    r"|(?:你好|您好)[，。！\s]*",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"(?:(?:can|could|would|will) you|(?:kannst|könntest) du(?: mir)?|(?:puedes|podrías)"
    r"|(?:peux|pourrais)-tu|(?:pouvez|pourriez)-vous)(?: please| bitte)? (?=\w)"
    r"|(?:please|bitte|por favor|s'il (?:te|vous) pla[iî]t)[\s,]+(?=\w)|请问?[，\s]*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r".{6,}?(?:[.!?](?=\s|$)|[。！？])")


def title_of(prompt: str) -> str:
    """Make one short line of a prompt: its first sentence, without Markdown, code and greeting.

    >>> title_of("Hi! Could you please explain **binary search**? I have a test tomorrow.")
    'Explain binary search'
    """
    text = _MARKS.sub("", _LINK.sub(r"\1", _prose(prompt[:_READ])))
    line = " ".join(text.split())
    line = _GREETING.sub("", line, count=1) if _GREETING.match(line) else line
    sentence = _SENTENCE.match(line)
    title = _subject(sentence[0] if sentence else line).rstrip(" .:。：,;")
    return title_from(title or prompt[:_READ])


def _prose(prompt: str) -> str:
    """What stands outside of code, or the code when there is nothing else."""
    outside = _FENCE.sub("\n", prompt)
    return outside if outside.strip() else _FENCE_LINE.sub("", prompt)


def _subject(sentence: str) -> str:
    request = _REQUEST.match(sentence)
    if request is None:
        return sentence
    rest = sentence[request.end() :].rstrip("?？ ")
    return rest[:1].upper() + rest[1:]
