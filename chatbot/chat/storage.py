"""How much each visitor may keep, and what the disk must have free for more than texts."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from chatbot.chat.conversation_content import ConversationContent, Draft
from chatbot.chat.shares import Asker, log_refusal
from chatbot.domain.archive import ConversationArchive
from chatbot.errors import ChatError
from chatbot.history import History
from chatbot.settings import Settings

FILES_MB_PER_CONVERSATION = 100  # a model may be sent all of them at each prompt
TEXT_MB_PER_CONVERSATION = 10  # the page loads all of it
FREE_FLOOR_MB = 200  # of the history's disk
PRESETS_PER_VISITOR = 200

_MB = 1_000_000  # bytes
_COUNT_EVERY_S = 60.0  # where nothing but a text is added
_MOST_USERS = 10_000  # whose counts are remembered


class StorageExceeded(ChatError):
    """A visitor keeps as much as they may, or the disk has no room for more than texts."""

    status = 507
    may_pass = False
    texts: ClassVar = {
        "storage_used_up": (
            "Your conversations would take {megabytes:,} MB, and one visitor may keep {most:,} MB. "
            "Delete some, wait five minutes, and try again; or have STORED_MB_PER_VISITOR raised."
        ),
        "too_many_conversations": (
            "You would have {conversations:,} conversations, and one visitor may keep {most:,}. "
            "Delete some, or have CONVERSATIONS_PER_VISITOR raised."
        ),
        "conversation_too_long": (
            "A conversation may have {most:,} MB of text, and this one would have "
            "{megabytes:,.1f} MB. Begin a new one, or shorten it."
        ),
        "too_many_files_in_conversation": (
            "This conversation would have {megabytes:,} MB of files, and one may have {most:,} MB. "
            "Send them in a new conversation."
        ),
        "too_many_presets": "You have {most} presets, as many as are kept. Delete one first.",
        "disk_nearly_full": (
            "The chat's disk is nearly full, so that it takes nothing but texts for now. "
            "Send it without files, and tell whoever runs the chat."
        ),
    }


@dataclass
class _Kept:
    """What a user keeps: as it was counted, and what has been let in since."""

    counted_at: float  # time.monotonic() in seconds
    conversations: int
    size: int  # bytes


class Storage:
    """What visitors keep, measured in the history; of any thread."""

    def __init__(self, settings: Settings, history: History) -> None:
        self._settings = settings
        self._history = history
        self._kept: dict[str, _Kept] = {}

    def check_prompt(
        self, user_id: str, conversation_id: str | None, above: ConversationContent, draft: Draft
    ) -> None:
        """Raise StorageExceeded when a prompt cannot be kept below these messages."""
        _check_length(user_id, above.text_chars + len(draft.prompt))
        if size := draft.file_bytes:
            self._check_files(user_id, conversation_id, size)
        self.check_room(user_id, size, int(conversation_id is None))

    def check_archives(self, user_id: str, archives: Sequence[ConversationArchive]) -> None:
        """Raise StorageExceeded when conversations from a file cannot be kept."""
        _check_length(user_id, max((archive.text_chars for archive in archives), default=0))
        self.check_room(user_id, sum(archive.size for archive in archives), len(archives))

    def check_room(self, user_id: str, size: int = 0, conversations: int = 0) -> None:
        """Raise StorageExceeded when a user may not keep so much more.

        `size` is in bytes, of files; 0 is a text alone, for which a count of late will do.
        """
        if size and self._is_disk_nearly_full(size):
            raise log_refusal(Asker(user_id), StorageExceeded("disk_nearly_full"))
        kept = self._count(user_id, 0 if size else _COUNT_EVERY_S)
        if self._find_excess(kept, size, conversations):
            kept = self._count(user_id, 0)  # they may have deleted some
        if error := self._find_excess(kept, size, conversations):
            raise log_refusal(Asker(user_id), error)
        kept.size += size
        kept.conversations += conversations

    def check_presets(self, user_id: str, name: str) -> None:
        """Raise StorageExceeded when a user has as many presets as are kept, and none of a name."""
        presets = self._history.list_presets(user_id)
        if len(presets) >= PRESETS_PER_VISITOR and name not in [one.name for one in presets]:
            raise StorageExceeded("too_many_presets", most=PRESETS_PER_VISITOR)

    def _check_files(self, user_id: str, conversation_id: str | None, size: int) -> None:
        before = self._history.measure_files(conversation_id) if conversation_id else 0
        if before + size > FILES_MB_PER_CONVERSATION * _MB:
            megabytes = {
                "megabytes": math.ceil((before + size) / _MB),
                "most": FILES_MB_PER_CONVERSATION,
            }
            error = StorageExceeded("too_many_files_in_conversation", **megabytes)
            raise log_refusal(Asker(user_id), error)

    def _is_disk_nearly_full(self, size: int) -> bool:
        free = self._history.find_free_bytes()
        return free is not None and free < FREE_FLOOR_MB * _MB + size

    def _find_excess(self, kept: _Kept, size: int, conversations: int) -> StorageExceeded | None:
        """Return the error when so much more is too much."""
        settings = self._settings
        most_bytes = settings.stored_mb_per_visitor * _MB
        count = kept.conversations + conversations
        if kept.size + size > most_bytes:
            megabytes = math.ceil((kept.size + size) / _MB)
            most = settings.stored_mb_per_visitor
            return StorageExceeded("storage_used_up", megabytes=megabytes, most=most)
        if conversations and count > settings.conversations_per_visitor:
            most = settings.conversations_per_visitor
            return StorageExceeded("too_many_conversations", conversations=count, most=most)
        return None

    def _count(self, user_id: str, most_age_s: float) -> _Kept:
        """Return what a user keeps, as counted at most so long ago."""
        now, kept = time.monotonic(), self._kept.get(user_id)
        if kept is not None and now - kept.counted_at < most_age_s:
            return kept
        usage = self._history.measure_usage(user_id)
        kept = _Kept(now, usage.conversations, usage.size)
        if len(self._kept) >= _MOST_USERS:
            self._kept.clear()
        self._kept[user_id] = kept
        return kept


def _check_length(user_id: str, characters: int) -> None:
    if characters > TEXT_MB_PER_CONVERSATION * _MB:
        megabytes = {"megabytes": characters / _MB, "most": TEXT_MB_PER_CONVERSATION}
        raise log_refusal(Asker(user_id), StorageExceeded("conversation_too_long", **megabytes))
