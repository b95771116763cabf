"""What a conversation may set for its answers, and the ranges that are taken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from chatbot.errors import BadRequest, ChatError, join_refusals
from chatbot.notices import Notice, declare_texts

MOST_NUM_CTX = 1_048_576

Think = Literal["off", "on", "low", "medium", "high"]

_MOST_STOPS = 64
_LONGEST_SEED = 10**15 - 1  # JSON's numbers are exact that far
_NS_PER_UNIT = {
    "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 6e10, "h": 3.6e12,
}  # fmt: skip
_LONGEST_TIME = 64  # characters
_NUMBER = r"(?:\d++(?:\.\d*+)?|\.\d++)"
_SECONDS = re.compile(rf"[+-]?{_NUMBER}")
_UNITS = re.compile(rf"({_NUMBER})(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"[+-]?(?:{_UNITS.pattern})+")
_ESCAPES = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t", "s": " "}


def stop_words(text: str) -> tuple[str, ...]:
    r"""Return the stop words of a text that has one a line, in which `\n` is a line end.

    Each is taken with its spaces; one of spaces alone is written with `\s`.
    """
    lines = (line for line in text.split("\n") if line.strip(" \t\r"))
    return tuple(re.sub(r"\\([\\nrts])", lambda m: _ESCAPES[m[1]], line) for line in lines)


def stop_text(words: Sequence[str]) -> str:
    """Return the text of which `stop_words` makes these words."""
    return "\n".join(map(_stop_line, words))


def _stop_line(word: str) -> str:
    for character, escaped in (("\\", r"\\"), ("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t")):
        word = word.replace(character, escaped)
    return word if word.strip(" ") else word.replace(" ", r"\s")


def _split_words(value: object) -> object:
    words = stop_words(value) if isinstance(value, str) else value
    return tuple(filter(None, words)) if isinstance(words, list | tuple) else words


def _check_duration(value: object) -> object:
    """Return a time as Ollama takes it: a number of seconds, or as Go writes a duration."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    text = str(value).strip()
    if len(text) > _LONGEST_TIME:
        raise ValueError("this is no time")
    if _SECONDS.fullmatch(text):
        is_short = abs(float(text)) * 1e9 < 2**63
    elif _DURATION.fullmatch(text):
        is_short = sum(float(n) * _NS_PER_UNIT[unit] for n, unit in _UNITS.findall(text)) < 2**63
    else:
        is_short = False
    if not is_short:
        raise ValueError("this is no time")
    return text


class Parameters(BaseModel):
    """A conversation's own parameters; None or empty leaves a value to the model and the chat.

    A field here is all that a parameter takes: its description says in words which values are
    allowed, the dialog draws a field for it, imports and exports carry it, and Ollama gets it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    temperature: float | None = Field(default=None, ge=0, le=2, description="a number from 0 to 2")
    top_p: float | None = Field(default=None, ge=0, le=1, description="a number from 0 to 1")
    seed: int | None = Field(
        default=None,
        ge=-_LONGEST_SEED,
        le=_LONGEST_SEED,
        description="a whole number of at most 15 digits, or -1 for another one each time",
    )
    num_ctx: int | None = Field(
        default=None,
        ge=256,
        le=MOST_NUM_CTX,
        description="a whole number from 256 to 1,048,576 tokens",
    )
    num_predict: int | None = Field(
        default=None,
        ge=-2,  # no limit up to 0
        le=1_048_576,
        description="a whole number from 1 to 1,048,576 tokens, or -1 for no limit",
    )
    keep_alive: Annotated[str, BeforeValidator(_check_duration)] | None = Field(
        default=None,
        description=(
            "a time such as 300 (seconds), 10m or 1h30m, 0 for not at all, or -1 for ever"
        ),
    )
    stop: Annotated[tuple[str, ...], BeforeValidator(_split_words)] = Field(
        default=(),
        max_length=_MOST_STOPS,
        description=(
            f"at most {_MOST_STOPS} lines, each taken with its spaces; "
            r"`\n` is a line end, `\t` a tab, `\s` a space and `\\` a backslash"
        ),
    )
    think: Think | None = Field(default=None, description="off, on, low, medium or high")

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Parameters:
        """Return the parameters of a JSON object, without those whose value is not allowed."""
        if not values:
            return NO_PARAMETERS
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = {refusal["loc"][0] for refusal in error.errors()}
            return cls.model_validate({n: v for n, v in values.items() if n not in wrong})

    def to_json(self) -> dict[str, JsonValue]:
        """Return a JSON object of what is set."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def options(self) -> Mapping[str, object]:
        """Return the options of Ollama's API that are set here."""
        chosen = self.model_dump(exclude={"keep_alive", "think"}, exclude_none=True)
        return {name: value for name, value in chosen.items() if value != ()}

    def keep_alive_value(self) -> float | str | None:
        """Return the time that Ollama keeps the model in memory: in seconds, or as Go writes it."""
        value = self.keep_alive
        return float(value) if value and _SECONDS.fullmatch(value) else value


NO_PARAMETERS = Parameters()

declare_texts(
    {f"allowed_{name}": field.description or "" for name, field in Parameters.model_fields.items()}
)
declare_texts(
    {
        "parameter_temperature": "Temperature",
        "parameter_top_p": "Choice of words (top-p)",
        "parameter_seed": "Seed",
        "parameter_num_ctx": "Context window",
        "parameter_num_predict": "Longest answer",
        "parameter_keep_alive": "Time in memory",
        "parameter_stop": "Stop words",
        "parameter_think": "Thinking",
    }
)


class ParameterRefused(BadRequest):
    """A parameter has a value that is not allowed."""

    texts: ClassVar = {
        "parameter_refused": "{name} is {value}: allowed is {allowed}.",
        "num_ctx_too_large": "Context window is {num_ctx:,}: this chat allows {most:,} at most.",
        "num_predict_too_large": (
            "Longest answer is {num_predict:,}: this chat allows {most:,} at most."
        ),
    }


def name_parameter(name: str) -> Notice:
    """Return what people call a parameter."""
    return Notice(f"parameter_{name}")


def allowed(name: str) -> Notice:
    """Return the values that a parameter takes, in words."""
    return Notice(f"allowed_{name}")


def parse(
    values: Mapping[str, object],
    max_num_ctx: int | None = None,
    max_num_predict: int | None = None,
) -> Parameters:
    """Read what a person typed; empty values count as unset.

    Raises ParameterRefused, or several as one BadRequest, for what is not allowed; the operator's
    limits are `max_num_ctx` and `max_num_predict`.
    """
    stripped = {
        name: value.strip() if isinstance(value, str) and name != "stop" else value
        for name, value in values.items()
    }
    given = {name: value for name, value in stripped.items() if value not in ("", None)}
    try:
        own = Parameters.model_validate(given)
    except ValidationError as error:
        wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors())
        raise join_refusals([_refuse_value(name, given[name]) for name in wrong]) from None
    if max_num_ctx and (own.num_ctx or 0) > max_num_ctx:
        raise ParameterRefused("num_ctx_too_large", num_ctx=own.num_ctx or 0, most=max_num_ctx)
    if max_num_predict and (own.num_predict or 0) > max_num_predict:
        asked = {"num_predict": own.num_predict or 0, "most": max_num_predict}
        raise ParameterRefused("num_predict_too_large", **asked)
    return own


def _refuse_value(name: str, value: object) -> ChatError:
    return ParameterRefused(name=name_parameter(name), value=repr(value), allowed=allowed(name))
