"""Has a file of conversations read by a process of its own, which hands them over as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from chatbot.attachments.process import Job, TooCostly
from chatbot.attachments.worker import Unreadable
from chatbot.domain.archive import ConversationArchive
from chatbot.transfer.importing import BadFile, Reading, check_size
from chatbot.transfer.losses import Loss

# Both sides of the process know a part by it: the conversations one by one, then all losses.
PART = TypeAdapter[ConversationArchive | list[Loss]](
    ConversationArchive | list[Loss],
    config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", defer_build=True),
)

JOB = Job(
    "chatbot.transfer",
    memory_bytes=1024 * 2**20,
    cpu_s=60,
    wall_s=120,
    output_bytes=200_000_000,
)


class _Archives(Sequence[ConversationArchive]):
    """Conversations that wait as JSON, in less memory; each is made when it is asked for."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, place: Any) -> Any:
        return PART.validate_json(self._parts[place])


def read(data: bytes) -> Reading:
    """Read what is sound of a file's conversations; raises BadFile when nothing is, ReadersBusy."""
    check_size(data)
    try:
        *archives, losses = JOB.run(data)
    except Unreadable as refusal:
        raise BadFile(refusal.code, **refusal.arguments) from refusal
    except TooCostly as error:
        raise BadFile("import_too_costly") from error
    left_out = PART.validate_json(losses)
    assert isinstance(left_out, list)
    return Reading(_Archives(archives), left_out)
