"""The messages of a conversation, as the chat's API tells them to the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class TranscriptMessage:
    """A prompt or an answer; `state` is "writing" while more comes.

    `code` and `error` say what went wrong: what programs know it by, and the page's sentence. A
    token is 0 where it is not known.
    """

    id: str
    role: str
    content: str
    thinking: str
    state: str
    code: str
    error: str
    input_tokens: int
    output_tokens: int
    queued_s: float
    read_s: float  # what Ollama took to read what it did not know
    is_cut: bool  # the answer was as long as an answer may be
    versions: list[str]

    @property
    def place(self) -> str:
        """What identifies its place in the conversation: all its versions share it."""
        return self.versions[0] if self.versions else self.id

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TranscriptMessage:
        """Return the message of the API's JSON."""
        error, statistics = values.get("error") or {}, values.get("statistics") or {}
        return cls(
            id=values["id"],
            role=values["role"],
            content=values["content"] or "",
            thinking=values["thinking"] or "",
            state=values["state"],
            code=error.get("code") or "",
            error=error.get("text", ""),
            input_tokens=statistics.get("input_tokens") or 0,
            output_tokens=statistics.get("output_tokens") or 0,
            queued_s=statistics.get("queued_s") or 0.0,
            read_s=statistics.get("prompt_s") or 0.0,
            is_cut=statistics.get("done_reason") == "length",
            versions=values.get("versions") or [],
        )

    def end(self, values: dict[str, Any]) -> None:
        """Become what the last event says, which leaves out the text that came already."""
        content, thinking = self.content, self.thinking
        vars(self).update(vars(TranscriptMessage.from_json(values)))
        if values["content"] is None:
            self.content = content
        if values["thinking"] is None:
            self.thinking = thinking
