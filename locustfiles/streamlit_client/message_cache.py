"""The browser's cache of big messages, which the server then repeats by their hash alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


@dataclass
class _Entry:
    message: ForwardMsg
    run: int


class MessageCache:
    """Keeps each cacheable message until `max_age` runs have passed without a use of it."""

    def __init__(self) -> None:
        self.max_age = 2
        self._entries: dict[str, _Entry] = {}
        self._run = 0

    def hashes(self) -> list[str]:
        """Return what the server may refer to."""
        return list(self._entries)

    def resolve(self, message: ForwardMsg) -> ForwardMsg:
        """Return the message itself, or the one that it refers to at this one's place."""
        if message.WhichOneof("type") == "ref_hash":
            entry = self._entries[message.ref_hash]
            entry.run = self._run
            whole = ForwardMsg()
            whole.CopyFrom(entry.message)
            whole.metadata.CopyFrom(message.metadata)
            return whole
        if message.metadata.cacheable and message.hash:
            self._entries[message.hash] = _Entry(message, self._run)
        return message

    def end_run(self, fragment_ids: Collection[str]) -> None:
        """Age the messages at the end of a run; a run of fragments ages only what these drew."""
        self._run += 1
        for key, entry in list(self._entries.items()):
            aged = not fragment_ids or entry.message.delta.fragment_id in fragment_ids
            if aged and self._run - entry.run > self.max_age:
                del self._entries[key]
