"""What a file's messages must be before they are taken in: one tree with a visible end."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.history import Whole
from chatbot.history.wholes import parents_first

Path = tuple[str | int, ...]  # of an element in a JSON document


class Misfit(Exception):
    """An element of the document is not what the format allows; `path` leads to it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


def checked(whole: Whole, path: Path, messages: Sequence[Path]) -> Whole:
    """The conversation with parents before children, or Misfit.

    `path` leads to the id of its last visible message, `messages` to each of its messages.
    """
    places: dict[str, Path] = {}
    for message, place in zip(whole.messages, messages, strict=True):
        if message.id in places:
            raise Misfit(place, "another message has the same id")
        places[message.id] = place
    for message in whole.messages:
        if message.parent_id is not None and message.parent_id not in places:
            raise Misfit(places[message.id], "its parent is not there")
    ordered = parents_first(whole.messages)
    for lost in places.keys() - {one.id for one in ordered}:
        raise Misfit(places[lost], "its parents form a circle")
    if ordered and whole.conversation.head_id not in places:
        raise Misfit(path, "no message has this id")
    return Whole(whole.conversation, ordered, whole.files)
