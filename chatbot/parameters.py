"""What a conversation may set for its answers, and the ranges that are taken."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chatbot.errors import BadRequest

Think = Literal["off", "on", "low", "medium", "high"]


def _lines(value: object) -> object:
    return tuple(filter(None, value.split("\n"))) if isinstance(value, str) else value


class Parameters(BaseModel):
    """A conversation's own parameters; None or empty leaves a value to the model and the chat."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1)
    num_ctx: int | None = Field(default=None, ge=256, le=1_048_576)
    num_predict: int | None = Field(default=None, ge=1, le=1_048_576)
    keep_alive: Annotated[str, Field(pattern=r"^(-1|\d+(\.\d+)?(ms|s|m|h))$")] | None = None
    stop: Annotated[tuple[str, ...], BeforeValidator(_lines), Field(max_length=8)] = ()
    think: Think | None = None

    def options(self) -> dict[str, Any]:
        """The options of Ollama's API that are set here."""
        chosen = self.model_dump(exclude={"keep_alive", "think"}, exclude_none=True)
        return {name: value for name, value in chosen.items() if value != ()}


_ALLOWED = {
    "temperature": "a number from 0 to 2",
    "top_p": "a number from 0 to 1",
    "seed": f"a whole number from 0 to {2**31 - 1:,}",
    "num_ctx": "a whole number from 256 to 1,048,576 tokens",
    "num_predict": "a whole number from 1 to 1,048,576 tokens",
    "keep_alive": "a time such as 30s, 10m or 2h, or -1 for ever",
    "stop": "at most 8 lines",
    "think": "off, on, low, medium or high",
}


def allowed(name: str) -> str:
    """The values that a parameter takes, in words."""
    return _ALLOWED[name]


def parse(values: dict[str, Any]) -> Parameters:
    """Reads what a person typed; empty values count as unset.

    Raises BadRequest with one line for each value that is not allowed.
    """
    given = {name: value for name, value in values.items() if value not in ("", None)}
    try:
        return Parameters.model_validate(given)
    except ValidationError as error:
        wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors())
        raise BadRequest(
            "\n".join(f"{name} is {given[name]!r}: allowed is {_ALLOWED[name]}." for name in wrong)
        ) from None
