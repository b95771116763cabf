"""The JSON of the API, as types: what is read is checked by them, and all is published by them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict

from chatbot import errors
from chatbot.llm.model_names import LONGEST_NAME


def _drop_default(schema: JsonDict) -> None:
    del schema["default"]


class GenerationBody(BaseModel):
    """What POST /generate_text takes."""

    model_config = ConfigDict(strict=True)

    prompt: str = Field(description="What is asked")
    model: str = Field(
        "",  # stands for one that is left out
        min_length=1,
        max_length=LONGEST_NAME,
        description="An installed model; left out: the chat's own",
        json_schema_extra=_drop_default,
    )
    stream: bool = Field(False, description="Whether the answer comes in lines as it is written")


def read_body(data: bytes) -> GenerationBody:
    """Return the body of a request. Raises BadRequest when it is not one, with what is wrong."""
    try:
        return GenerationBody.model_validate_json(data)
    except ValidationError as error:
        raise errors.BadRequest(_code_of(error)) from None


def _code_of(error: ValidationError) -> str:
    """Return the code of the first thing that is wrong with a body."""
    match error.errors(include_url=False, include_input=False)[0]:
        case {"type": "json_invalid"}:
            return "bad_request"
        case {"loc": ()} | {"type": "missing"}:
            return "prompt_not_given"
        case {"loc": ("prompt", *_)}:
            return "prompt_not_text"
    return "options_not_valid"


class Usage(BaseModel):
    """What an answer took: tokens, and seconds since the prompt came."""

    model_config = ConfigDict(extra="forbid")

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    ttft_s: float | None = Field(description="Until the first text")
    queue_s: float | None = Field(description="Until the model began with it")
    load_s: float | None = Field(description="For which the model was loaded")


class WholeAnswer(BaseModel):
    """An answer that comes whole; thinking is left out."""

    model_config = ConfigDict(extra="forbid")

    response: str
    model: str
    usage: Usage


class AnswerPart(BaseModel):
    """A line of a streamed answer; `reset` says that all before it was thinking."""

    model_config = ConfigDict(extra="forbid")

    response: str
    reset: bool = False
    done: Literal[False]


class LastLine(WholeAnswer):
    """The last line of a streamed answer."""

    done: Literal[True]


class Failure(BaseModel):
    """What went wrong: an English sentence, and its code with arguments for programs."""

    model_config = ConfigDict(extra="forbid")

    error: str
    code: str
    arguments: dict[str, Any]


class LastLineOfFailure(Failure):
    """The last line of a streamed answer that broke off."""

    done: Literal[True]


class Liveness(BaseModel):
    """What GET /livez answers while the process serves at all."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["alive"]


class PullProgress(BaseModel):
    """Bytes of a model that is pulled."""

    model_config = ConfigDict(extra="forbid")

    completed: int
    total: int


class ReadinessState(BaseModel):
    """What GET /readyz answers, with 200 when a prompt sent now is answered, else with 503."""

    model_config = ConfigDict(extra="forbid")

    ready: bool
    progressing: bool = Field(description="It gets ready by itself, if it is given the time")
    step: Literal["ollama", "model", "load", "ready", "draining"]
    text: str = Field(description="The step in words, with the cure where there is one")
    model: str
    pull: PullProgress | None = None
