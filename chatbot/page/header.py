"""The page's head: which model answers; drawn in the browser by frontend/src/header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from pydantic import BaseModel, Field

from chatbot.llm.model_names import LONGEST_NAME
from chatbot.llm.models import Model
from chatbot.page import account
from chatbot.page.components import declare_component, read_act
from chatbot.page.i18n import t
from chatbot.page.model_words import describe_size, label_model, list_abilities
from chatbot.page.state import PageState

_KEY = "header"

_mount = declare_component("chat_header", "mountHeader")


@dataclass(frozen=True)
class Option:
    """A model that can be chosen: how it is called, its size and what it can do, in words."""

    name: str
    label: str
    size: str = ""
    abilities: tuple[str, ...] = ()


class Act(BaseModel):
    """What a person does in the head."""

    act: Literal["choose", "models", "new"]
    model: str = Field(default="", max_length=LONGEST_NAME)


def draw_header(state: PageState) -> None:
    """Draw the choice of the model, which says so when another one answers than was wanted."""
    state.correct_model_name()
    data = {
        "model": state.model,
        "options": [asdict(option) for option in list_options(state)],
        "missing": _describe_missing(state),
    }
    _mount(key=_KEY, data=data, on_act_change=lambda: _run_act(state, read_act(_KEY, Act)))


def list_options(state: PageState) -> list[Option]:
    """Return the installed models that can chat; the chosen one first where it is not installed."""
    options = [_make_option(model) for model in state.services.models.offered]
    if state.model in [option.name for option in options]:
        return options
    return [Option(state.model, label_model(state.model)), *options]


def _make_option(model: Model) -> Option:
    size, abilities = describe_size(model), tuple(list_abilities(model))
    return Option(model.name, label_model(model.name), size, abilities)


def _describe_missing(state: PageState) -> str:
    if not state.missing_model:
        return ""
    model = label_model(state.model)
    return t(
        "{missing} is not here; {model} answers instead.", missing=state.missing_model, model=model
    )


def _run_act(state: PageState, act: Act | None) -> None:
    """Do what the browser tells; nothing for what it never sends."""
    account.require_user(state)
    if act is None:
        return
    state.clear_error()
    _ACTS[act.act](state, act)


_ACTS: dict[str, Callable[[PageState, Act], None]] = {
    "choose": lambda state, act: state.choose_model(act.model),
    "models": lambda state, _: state.open_dialog("models"),
    "new": lambda state, _: state.open_conversation(None),
}
