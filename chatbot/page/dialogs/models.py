"""The dialog about models: what is installed and in memory, pull, unload, delete."""

from __future__ import annotations

import time

import streamlit as st

from chatbot import errors, services
from chatbot.llm.models import Loaded, Model
from chatbot.llm.pulls import bytes_in_words
from chatbot.page import state, status
from chatbot.page.i18n import t, told


def dialog(shown: state.View) -> None:
    """Opens the dialog."""

    @st.dialog(t("Models"), width="large")
    def opened() -> None:
        try:
            loaded = {one.name: one for one in services.current().wait(_loaded())}
        except errors.ChatError as error:
            st.error(told(error.sentence))
            return
        for model in services.current().models.installed:
            _model(shown, model, loaded.get(model.name))
        _pull()

    opened()


async def _loaded() -> list[Loaded]:
    models = services.current().models
    await models.refresh()
    return await models.loaded()


def _model(shown: state.View, model: Model, loaded: Loaded | None) -> None:
    with st.container(border=True):
        st.markdown(f"**{model.name}**")
        st.caption(describe(model))
        with st.container(horizontal=True, vertical_alignment="center"):
            if loaded:
                st.caption(_in_memory(loaded))
                st.button(
                    t("Unload"), key=f"unload-{model.name}", on_click=_unload, args=(shown, model)
                )
            if services.current().settings.pull_models:
                _deletion(shown, model)


def _deletion(shown: state.View, model: Model) -> None:
    with st.popover(t("Delete…")):
        st.button(
            t("Delete {model}", model=model.name),
            key=f"delete-{model.name}",
            type="primary",
            on_click=_delete,
            args=(shown, model),
        )


def describe(model: Model) -> str:
    """Size, family, quantization, window and capabilities of a model in one line."""
    parts = [bytes_in_words(model.size), model.family, model.parameters, model.quantization]
    if model.context_length:
        parts.append(t("{count} tokens of context", count=f"{model.context_length:,}"))
    parts += sorted(model.capabilities - {"completion"})
    return " · ".join(part for part in parts if part)


def _in_memory(loaded: Loaded) -> str:
    minutes = (loaded.until - time.time()) / 60
    size = bytes_in_words(loaded.size)
    if not 0 < minutes < 24 * 60:
        return t("In memory with {size}", size=size)
    return t(
        "In memory with {size}, for {minutes} more minutes", size=size, minutes=f"{minutes:.0f}"
    )


def _unload(shown: state.View, model: Model) -> None:
    try:
        services.current().wait(services.current().models.unload(model.name))
    except errors.ChatError as error:
        shown.trouble = error


def _delete(shown: state.View, model: Model) -> None:
    try:
        services.current().wait(services.current().models.delete(model.name))
    except errors.ChatError as error:
        shown.trouble = error
    if shown.model == model.name:
        shown.recall_model()


def _pull() -> None:
    name = st.text_input(
        t("Pull a model by its name"), key="pull-name", placeholder="llama3.2:1b"
    ).strip()
    if name:
        status.pull(name, key="pull-named", stay=True)
