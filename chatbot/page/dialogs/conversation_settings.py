"""The dialog for what a conversation is told and how it is answered, with presets."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from chatbot import errors
from chatbot.chat.service import check_prompt
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings, Preset
from chatbot.domain.parameters import Parameters, Think, allowed, name_parameter, stop_text
from chatbot.page.i18n import describe, escape_text, t
from chatbot.page.state import PageState

# The parameters that are typed on one line; the two others have fields of their own kind.
_FIELDS = tuple(name for name in Parameters.model_fields if name not in ("stop", "think"))
_OF_MANAGERS = ("keep_alive",)
_PER_ROW = 3
_KEY = "setup-"


def open_dialog(state: PageState) -> None:
    """Open the dialog."""
    _fill_fields(state, state.settings)
    # Another key each time: the browser would keep the last choice and not tell of it again.
    st.session_state[_KEY + "opened"] = st.session_state.get(_KEY + "opened", 0) + 1

    # What was typed is not to be lost by Esc or by a click beside the dialog.
    @st.dialog(t("Settings of this conversation"), width="medium", dismissible=False)
    def draw_dialog() -> None:
        _draw_presets(state)
        st.text_area(
            t("System prompt"),
            key=_KEY + "system_prompt",
            placeholder=state.services.settings.system_prompt,
        )
        _draw_parameters(state)
        _draw_buttons(state)

    draw_dialog()


def _list_fields(state: PageState) -> list[str]:
    """Return the parameters that are for this user and typed on one line."""
    return [name for name in _FIELDS if state.may_manage_models or name not in _OF_MANAGERS]


def _fill_fields(state: PageState, settings: ConversationSettings) -> None:
    """Put a set-up into the dialog's fields."""
    own = settings.parameters
    st.session_state[_KEY + "system_prompt"] = settings.system_prompt
    for name in _list_fields(state):
        value = getattr(own, name)
        st.session_state[_KEY + name] = "" if value is None else str(value)
    st.session_state[_KEY + "stop"] = stop_text(own.stop)
    st.session_state[_KEY + "think"] = _choose_think(state, own.think)
    st.session_state[_KEY + "stored-think"] = own.think


def _choose_think(state: PageState, think: Think | None) -> Think | None:
    """Return what the model's choice stands at where a conversation says `think`."""
    models, model = state.services.models, state.model
    fitting = models.fitting_think(model, think)
    return fitting if fitting in models.think_choices(model) else None


def _read_think(state: PageState) -> Think | None:
    """Return what was chosen; what another model was told stays as long as nothing is."""
    stored: Think | None = st.session_state[_KEY + "stored-think"]
    chosen: Think | None = st.session_state.get(_KEY + "think")
    return stored if chosen == _choose_think(state, stored) else chosen


def _draw_parameters(state: PageState) -> None:
    """Draw the fields in rows, so that Tab goes from one to the next as they are read."""
    fields = _list_fields(state)
    for start in range(0, len(fields), _PER_ROW):
        names = fields[start : start + _PER_ROW]
        for column, name in zip(st.columns(_PER_ROW), names, strict=False):
            with column:
                _draw_field(state, name)
    st.text_area(
        t("Stop words, one a line"), key=_KEY + "stop", height=68, help=_describe_field("stop")
    )
    if choices := state.services.models.think_choices(state.model):
        words = _name_think_choices()
        st.segmented_control(
            t("Thinking"), choices, key=_KEY + "think", format_func=words.__getitem__
        )


def _draw_field(state: PageState, name: str) -> None:
    settings = state.services.settings
    defaults = {"num_ctx": settings.num_ctx, "num_predict": settings.num_predict}
    st.text_input(
        describe(name_parameter(name)),
        key=_KEY + name,
        placeholder=str(defaults.get(name, t("as the model says"))),
        help=_describe_field(name),
        disabled=name == "num_ctx" and settings.has_one_window,
    )
    if name == "num_ctx":
        _draw_window_notes(state)


def _name_think_choices() -> dict[str, str]:
    return {
        "off": t("off"),
        "on": t("on"),
        "low": t("a little"),
        "medium": t("more"),
        "high": t("a lot"),
    }


def _describe_field(name: str) -> str:
    """Return what a field takes, and the name by which Ollama's documentation has it."""
    return f"{describe(allowed(name))} (`{name}`)"


def _draw_window_notes(state: PageState) -> None:
    """Below the field of the context window: what bounds it, and what another one costs."""
    services = state.services
    if services.settings.has_one_window:
        st.caption(t("This chat has one context window for all."))
        return
    typed = str(st.session_state[_KEY + "num_ctx"])
    most = services.chat.requests.max_num_ctx(state.model)
    if typed.isdecimal() and int(typed) > most:
        st.caption(
            t(
                "{model} has {count:,} tokens at most here: that is what counts.",
                model=escape_text(state.model),
                count=most,
            )
        )
    if typed and typed != str(services.settings.num_ctx):
        st.caption(
            t("Ollama loads the model anew whenever it goes on with a window of another size.")
        )


def _draw_buttons(state: PageState) -> None:
    with st.container(horizontal=True):
        save = st.button(t("Save"), type="primary", key=_KEY + "save")
        for_all = st.button(t("For all new chats"), key=_KEY + "for-all")
        st.button(
            t("Reset"), key=_KEY + "reset", on_click=_fill_fields, args=(state, DEFAULT_SETTINGS)
        )
        if st.button(t("Cancel"), key=_KEY + "cancel"):
            st.rerun()
    if (save or for_all) and (settings := _read_fields(state)):
        if for_all:
            _keep_for_all(state, settings)
        state.change_settings(settings)
        st.rerun()


def _keep_for_all(state: PageState, settings: ConversationSettings) -> None:
    """Have new conversations begin with these settings, without the summary of this one."""
    chat = state.services.chat
    wanted = replace(settings, summary=None)
    if state.attempt(lambda: chat.save_default_settings(state.user_id, wanted)):
        st.toast(t("New chats begin with this."), icon=":material/check:")


def _read_fields(state: PageState) -> ConversationSettings | None:
    """Return what the fields say; None, with the reason on the page, if a value is not allowed."""
    typed = {name: st.session_state.get(_KEY + name) for name in (*_list_fields(state), "stop")}
    prompt = str(st.session_state[_KEY + "system_prompt"]).strip()
    try:
        own = state.parse_parameters({**typed, "think": _read_think(state)})
        if prompt:
            check_prompt(prompt, state.services.settings)
    except errors.ChatError as error:
        for line in describe(error).splitlines():
            st.error(line)
        return None
    return ConversationSettings(prompt, own, state.settings.summary)


def _draw_presets(state: PageState) -> None:
    presets = {preset.name: preset for preset in state.services.chat.list_presets(state.user_id)}
    with st.expander(t("Presets"), icon=":material/bookmark:"):
        name = st.selectbox(
            t("Preset"),
            list(presets),
            index=None,
            key=f"{_KEY}preset-{st.session_state[_KEY + 'opened']}",
            accept_new_options=True,
        )
        with st.container(horizontal=True):
            known = presets.get(name or "")
            st.button(
                t("Use"),
                key=_KEY + "use",
                disabled=known is None,
                on_click=_use_preset,
                args=(state, known),
            )
            if st.button(t("Save as preset"), key=_KEY + "keep", disabled=not name):
                _keep_preset(state, str(name))
                st.rerun(scope="fragment")  # so that it can be used and deleted
            if st.button(t("Delete preset"), key=_KEY + "drop", disabled=known is None):
                state.services.chat.delete_preset(state.user_id, str(name))
                st.rerun(scope="fragment")


def _use_preset(state: PageState, preset: Preset | None) -> None:
    if preset is not None:
        _fill_fields(state, ConversationSettings(preset.system_prompt, preset.parameters))


def _keep_preset(state: PageState, name: str) -> None:
    if settings := _read_fields(state):
        try:
            state.services.chat.save_preset(state.user_id, name, settings)
        except errors.ChatError as error:
            st.error(describe(error))
        else:
            st.toast(t("Saved as {name}", name=name))
