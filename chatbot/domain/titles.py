"""The title of a conversation, made from its first prompt."""

from __future__ import annotations

import re

TITLE_LENGTH = 60  # characters

_READ = 2000  # characters of the prompt; a title needs no more
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(^ {0,3}\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_FENCE_LINE = re.compile(r"^ {0,3}(```|~~~).*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(
    r"^[^\S\n]*(?:#{1,6}|>|[-*+]|\d{1,3}[.)])\s+|[`*]+|(?<!\w)_+|_+(?!\w)", re.MULTILINE
)
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


def shorten_title(text: str) -> str:
    r"""Cut a text to one line of at most TITLE_LENGTH characters that ends with a whole word.

    >>> shorten_title("Why is the sky blue?\n\nExplain it to a child, please, in three lines.")
    'Why is the sky blue? Explain it to a child, please, in…'
    """
    # A word and its space take two characters or more, so no later word can be in the title.
    line = " ".join(text.split(maxsplit=TITLE_LENGTH // 2)[: TITLE_LENGTH // 2 + 1])
    if len(line) <= TITLE_LENGTH:
        return line or "Untitled"
    whole_words = line[:TITLE_LENGTH].rpartition(" ")[0]
    return (whole_words or line[: TITLE_LENGTH - 1]) + "…"


def make_title(prompt: str) -> str:
    """Make one short line of a prompt: its first sentence, without Markdown, code and greeting.

    >>> make_title("Hi! Could you please explain **binary search**? I have a test tomorrow.")
    'Explain binary search'
    """
    text = _MARKS.sub("", _LINK.sub(r"\1", _find_prose(prompt[:_READ])))
    line = " ".join(text.split())
    line = _GREETING.sub("", line, count=1) if _GREETING.match(line) else line
    sentence = _SENTENCE.match(line)
    title = _find_subject(sentence[0] if sentence else line).rstrip(" .:。：,;")
    return shorten_title(title or prompt[:_READ])


def _find_prose(prompt: str) -> str:
    """Return what stands outside of code, or the code when there is nothing else."""
    outside = _FENCE.sub("\n", prompt)
    return outside if outside.strip() else _FENCE_LINE.sub("", prompt)


def _find_subject(sentence: str) -> str:
    request = _REQUEST.match(sentence)
    if request is None:
        return sentence
    rest = sentence[request.end() :].rstrip("?？ ")
    return rest[:1].upper() + rest[1:]
