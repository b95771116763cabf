"""The JSON of the transcript, as types: what a page draws of a conversation and of an answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from chatbot.domain.messages import Role, State


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TranscriptFile(_Written):
    """A file that was sent with a prompt."""

    name: str
    size: int = Field(description="Bytes")
    image: str | None = Field(description="Its address relative to the page's, if it is an image")
    thumbnail: str | None = Field(description="The address of a small copy of the image")


class TranscriptError(_Written):
    """What went wrong with an answer."""

    code: str
    text: str = Field(description="The sentence in the reader's language, not Markdown")


class AnswerStatistics(_Written):
    """What was counted of an answer; 0 is unknown."""

    input_tokens: int
    output_tokens: int
    ttft_s: float = Field(description="Seconds from the prompt to the first text")
    queued_s: float = Field(description="Of these, neither loading nor reading")
    load_s: float
    prompt_s: float
    eval_s: float
    num_ctx: int = Field(description="Tokens of the context window")
    done_reason: str = Field(description='Why the model\'s server ended it: "stop", "length"')


class TranscriptMessage(_Written):
    """One message; in the event `end`, null stands for texts that have been sent already."""

    id: str
    role: Role
    content: str | None
    thinking: str | None
    state: State
    model: str
    created_at: float = Field(description="Unix seconds")
    versions: list[str] = Field(description="Ids, oldest first; empty if there is one only")
    files: list[TranscriptFile]
    error: TranscriptError | None
    notes: list[str] = Field(description="How it ended and what was left out, always to be seen")
    figures: str = Field(description="Model, tokens and times in one line, for who asks")
    thought_s: float | None = Field(description="Seconds of thinking")
    statistics: AnswerStatistics | None = Field(description="Of an answer that has ended")
    may_retry: bool
    may_continue: bool


class Boundary(_Written):
    """Where what the model is sent begins: what stands above is summarized or left out."""

    before: str = Field(description="Id of the first message that is sent as it is")
    text: str
    summary: str = Field(description="What stands for the messages above; may be empty")


class RaiseOffer(_Written):
    """A larger context window."""

    act: Literal["raise"] = "raise"
    label: str
    num_ctx: int


class ModelOffer(_Written):
    """Something that is done with a model: a summary, a pull, the next answers."""

    act: Literal["summarize", "pull", "use"]
    label: str
    model: str


class Usage(_Written):
    """How full the context window is, and what helps; drawn below the last answer."""

    used: int | None = Field(description="Tokens; null where they matter to no offer")
    window: int = Field(description="Tokens")
    exact: bool = Field(description="Whether `used` was counted, not estimated")
    text: str = Field(description="The usage in words; empty where the offers alone matter")
    warning: str
    offers: list[RaiseOffer | ModelOffer]


class Transcript(_Written):
    """What GET /conversations/{conversation_id}/messages answers: what is shown, oldest first."""

    id: str
    title: str
    model: str
    messages: list[TranscriptMessage]
    boundary: Boundary | None
    usage: Usage | None


class ExchangeEvent(_Written):
    """The event `exchange`, which begins a stream: the prompt, and what came of its answer."""

    prompt: TranscriptMessage | None
    answer: TranscriptMessage


class WaitEvent(_Written):
    """The event `wait`: what an answer waits for of which nothing has come."""

    text: str


class EndEvent(_Written):
    """The event `end`, the last one."""

    answer: TranscriptMessage
    usage: Usage | None
    boundary: Boundary | None
    title: str
    refresh: bool = Field(description="Whether the page round the transcript may look different")
