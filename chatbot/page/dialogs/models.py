"""The dialog about models: what is installed and in memory, pull, unload, delete."""

from __future__ import annotations

import time

import streamlit as st

from chatbot import errors
from chatbot.llm.models import Loaded, Model, Models
from chatbot.llm.pulls import bytes_in_words
from chatbot.page import status
from chatbot.page.i18n import describe, t, t_n
from chatbot.page.state import PageState
from chatbot.services import Services


def open_dialog(state: PageState) -> None:
    """Open the dialog."""

    @st.dialog(t("Models"), width="large")
    def draw_dialog() -> None:
        try:
            loaded = {
                one.name: one for one in state.services.wait(_list_loaded(state.services.models))
            }
        except errors.ChatError as error:
            st.error(describe(error))
            return
        for model in state.services.models.installed:
            _draw_model(state, model, loaded.get(model.name))
        _draw_pull(state.services)

    draw_dialog()


async def _list_loaded(models: Models) -> list[Loaded]:
    await models.read_installed()
    return await models.read_loaded()


def _draw_model(state: PageState, model: Model, loaded: Loaded | None) -> None:
    with st.container(border=True):
        st.markdown(f"**{model.name}**")
        st.caption(describe_model(model))
        with st.container(horizontal=True, vertical_alignment="center"):
            if loaded:
                st.caption(_describe_memory(loaded))
                st.button(
                    t("Unload"),
                    key=f"unload-{model.name}",
                    on_click=_unload_model,
                    args=(state, model),
                )
            if state.services.settings.pull_models:
                _draw_deletion(state, model)


def _draw_deletion(state: PageState, model: Model) -> None:
    with st.popover(t("Delete…")):
        st.button(
            t("Delete {model}", model=model.name),
            key=f"delete-{model.name}",
            type="primary",
            on_click=_delete_model,
            args=(state, model),
        )


def describe_model(model: Model) -> str:
    """Size, family, quantization, window and capabilities of a model in one line."""
    parts = [bytes_in_words(model.size), model.family, model.parameters, model.quantization]
    if model.context_length:
        parts.append(t("{count} tokens of context", count=f"{model.context_length:,}"))
    parts += sorted(model.capabilities - {"completion"})
    return " · ".join(part for part in parts if part)


def _describe_memory(loaded: Loaded) -> str:
    minutes = (loaded.until - time.time()) / 60
    size = bytes_in_words(loaded.size)
    if not 0 < minutes < 24 * 60:
        return t("In memory with {size}", size=size)
    return t_n(
        "In memory with {size}, for {count} more minute",
        "In memory with {size}, for {count} more minutes",
        round(minutes),
        size=size,
    )


def _unload_model(state: PageState, model: Model) -> None:
    services = state.services
    state.attempt(lambda: services.wait(services.models.unload_model(model.name)))


def _delete_model(state: PageState, model: Model) -> None:
    services = state.services
    state.attempt(lambda: services.wait(services.models.delete_model(model.name)))
    if state.model == model.name:
        state.recall_model()


def _draw_pull(services: Services) -> None:
    name = st.text_input(
        t("Pull a model by its name"), key="pull-name", placeholder="llama3.2:1b"
    ).strip()
    if name:
        status.draw_pull(services, name, key="pull-named", stay=True)
