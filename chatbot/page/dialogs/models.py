"""The dialog about models: pull one, and use, unload or delete those that are here."""

from __future__ import annotations

import time

import streamlit as st

from chatbot import errors
from chatbot.llm.models import Loaded, Model, Models, list_names
from chatbot.llm.suggestions import Suggestion, find_memory, suggest_models
from chatbot.page import status
from chatbot.page.i18n import describe, escape_text, t, t_n
from chatbot.page.model_words import describe_bytes, describe_size, label_model, list_abilities
from chatbot.page.state import PageState

PULLED = "pull-name"  # the key of the field with the name of the model that is pulled


def open_dialog(state: PageState) -> None:
    """Open the dialog."""

    @st.dialog(t("Models"), width="medium")
    def draw_dialog() -> None:
        try:
            loaded = state.services.wait(_list_loaded(state.services.models))
        except errors.ChatError as error:
            st.error(describe(error))
            return
        _draw_pull(state)
        in_memory = {model.name: model for model in loaded}
        with st.container(key="model-rows", gap="xxsmall"):
            for model in state.services.models.installed:
                _draw_model(state, model, in_memory.get(model.name))

    draw_dialog()


async def _list_loaded(models: Models) -> list[Loaded]:
    await models.read_installed()
    return await models.read_loaded()


def _draw_pull(state: PageState) -> None:
    """Draw the field for a name, with some models that this machine has the memory for."""
    if not state.may_manage_models:
        st.caption(t("Whoever runs this chat chooses its models."))
        return
    if not state.services.settings.pull_models:
        st.caption(
            t("Models come with this deployment: its replicas share no store to pull one to.")
        )
        return
    name = st.text_input(
        t("Get a model by its name in Ollama's library"), key=PULLED, placeholder="qwen3:4b"
    ).strip()
    if name:
        status.draw_pull(state, name, key="pull-named")
        return
    suggestions = suggest_models(find_memory(), list_names(state.services.models.installed))
    with st.container(horizontal=True, gap="xsmall"):
        for suggestion in suggestions:
            _draw_suggestion(state, suggestion)


def _draw_suggestion(state: PageState, suggestion: Suggestion) -> None:
    name, size = suggestion.name, describe_bytes(suggestion.size)
    st.button(
        f"{escape_text(name)} · {size}",
        key=f"suggested-{name}",
        icon=":material/download:",
        on_click=_pull_suggested,
        args=(state, name),
    )


def _pull_suggested(state: PageState, name: str) -> None:
    st.session_state[PULLED] = name
    status.start_pull(state, name)


def _draw_model(state: PageState, model: Model, loaded: Loaded | None) -> None:
    with st.container(
        key=f"model-{model.name}", horizontal=True, wrap=False, vertical_alignment="center"
    ):
        with st.container(gap=None):
            st.markdown(f"**{escape_text(label_model(model.name))}**")
            st.caption(describe_model(model, loaded))
        if model.name == state.model:
            st.badge(t("in use"), color="gray")
        elif model.can_chat:
            _draw_use(state, model)
        if loaded and state.may_manage_models:
            _draw_unloading(state, model)
        if state.may_manage_models and state.services.models.can_delete(model.name):
            _draw_deletion(state, model)


def describe_model(model: Model, loaded: Loaded | None) -> str:
    """Return a model's size, what it is made of and can do, and whether it is in memory."""
    parts = [describe_size(model), model.parameters, model.quantization]
    if model.context_length:
        parts.append(t("{count:,} tokens of context", count=model.context_length))
    parts += list_abilities(model)
    if loaded:
        parts.append(_describe_memory(loaded))
    return escape_text(" · ".join(part for part in parts if part))


def _describe_memory(loaded: Loaded) -> str:
    minutes = (loaded.until - time.time()) / 60
    size = describe_bytes(loaded.size)
    if not 0 < minutes < 24 * 60:
        return t("in memory with {size}", size=size)
    return t_n(
        "in memory with {size}, for {count} more minute",
        "in memory with {size}, for {count} more minutes",
        round(minutes),
        size=size,
    )


def _draw_use(state: PageState, model: Model) -> None:
    st.button(
        t("Use"), key=f"use-{model.name}", on_click=status.use_model, args=(state, model.name)
    )


def _draw_unloading(state: PageState, model: Model) -> None:
    label = t("Take {model} out of memory", model=escape_text(model.name))
    st.button(
        label,
        key=f"unload-{model.name}",
        icon=":material/eject:",
        type="tertiary",
        help=label,
        on_click=_unload_model,
        args=(state, model),
    )


def _unload_model(state: PageState, model: Model) -> None:
    services = state.services
    state.attempt(lambda: services.wait(services.models.unload_model(state.user_id, model.name)))


def _draw_deletion(state: PageState, model: Model) -> None:
    label = t("Delete {model}", model=escape_text(model.name))
    with st.popover(
        label, icon=":material/delete:", type="tertiary", help=label, key=f"deleting-{model.name}"
    ):
        st.button(
            label,
            key=f"delete-{model.name}",
            type="primary",
            on_click=_delete_model,
            args=(state, model),
        )


def _delete_model(state: PageState, model: Model) -> None:
    services = state.services
    state.attempt(lambda: services.wait(services.models.delete_model(state.user_id, model.name)))
    if state.model == model.name:
        state.recall_model()
