"""What one tab shows: kept in Streamlit's session; the messages themselves the browser reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import streamlit as st

from chatbot.chat.shares import Asker
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.parameters import Parameters, parse
from chatbot.errors import ChatError
from chatbot.history import NotFound
from chatbot.identity.users import User
from chatbot.llm.model_names import is_same
from chatbot.page.streamlit_internals import ChatInputValue, follows_browser_history, track_tab
from chatbot.services import Services

_STEP = 50  # conversations listed at first, and more with each "Show more"

STATE_KEY = "page_state"  # by which a tab's session keeps its state
TRANSCRIPT = "transcript"  # the key of the component, and of the fragment that draws it


@dataclass
class PageState:
    """The open conversation of a tab, and what the next run has to draw.

    The drawing functions get it as their argument, and with it the parts of the chat. They read its
    fields; what changes one is a method here.
    """

    services: Services
    user: User
    is_watched: Callable[[], bool] = lambda: True  # whether the tab is there and its user signed in
    conversation: Conversation | None = None  # as the history had it last
    revision: int = 0  # raised whenever the browser has to read the messages again
    writing: str | None = None  # the answer that was started last, or that is being written
    settings: ConversationSettings = DEFAULT_SETTINGS
    model: str = ""  # which answers the next prompt
    missing_model: str = ""  # for which `model` stands in
    error: ChatError | None = None  # what went wrong last, until something else is done
    held_files: list[Attachment] = field(default_factory=list)  # of a prompt that was refused
    dialog: str = ""  # which the next run opens
    early_prompt: str | ChatInputValue | None = None  # which the next run sends
    has_input: bool = False  # the tab has had its input
    query: str = ""  # what is searched for in the list of conversations
    listed: int = _STEP  # how many of them the list shows at most

    @property
    def user_id(self) -> str:
        """Return whose history it is; raises SignedOut once they have, in whichever tab."""
        self.services.users.check_signed_in(self.user)
        return self.user.user_id

    @property
    def asker(self) -> Asker:
        """Return whose shares are taken; raises SignedOut as `user_id` does."""
        return Asker(self.user_id, self.user.address)

    @property
    def may_manage_models(self) -> bool:
        """Return whether its user may get, delete and unload models."""
        return self.services.users.rights.may_manage_models(self.user.user_id)

    @property
    def conversation_id(self) -> str | None:
        """Return the id of the open conversation; None before its first prompt."""
        return self.conversation.id if self.conversation else None

    # The open conversation

    def open_conversation(self, conversation_id: str | None) -> None:
        """Show this conversation; an empty page for None, or for one that the user has not."""
        self.conversation, self.writing, self.error = None, None, None
        self.settings = DEFAULT_SETTINGS
        self.revision += 1  # it may be the same one, with an exchange that came back
        if conversation_id is not None:
            self._read_conversation(conversation_id)
        if self.conversation is None:
            self._begin_with_defaults()
        self.recall_model()
        self._write_address()

    def _begin_with_defaults(self) -> None:
        """Give the new conversation what the user wants for all new ones."""
        with contextlib.suppress(ChatError):  # the sidebar tells it, where it reads as well
            self.settings = self.services.chat.get_default_settings(self.user_id)

    def follow_address(self) -> None:
        """Open what the address names after Back and Forward; else have it name what is open."""
        conversation_id = st.query_params.get("c")
        if conversation_id == self.conversation_id:
            return
        if follows_browser_history():
            self.open_conversation(conversation_id)
        else:
            self._write_address()

    def _write_address(self) -> None:
        if self.conversation_id is None:
            st.query_params.pop("c", None)
        else:
            st.query_params["c"] = self.conversation_id

    def reload_conversation(self) -> None:
        """Read the open conversation again: another tab may have gone on with it."""
        if self.conversation_id is not None:
            self._read_conversation(self.conversation_id)

    def _read_conversation(self, conversation_id: str) -> None:
        try:
            stored = self.services.chat.find_conversation(self.user_id, conversation_id)
        except NotFound as error:
            self.conversation, self.writing, self.error = None, None, error
        except ChatError as error:
            self.error = error
        else:
            self._take_over(stored)

    def _take_over(self, stored: Conversation) -> None:
        """Show a conversation as it is stored, and wait for the answer at its end, if any."""
        if self.conversation and self.conversation.head_id != stored.head_id:
            self.revision += 1
        self.conversation, self.settings = stored, stored.settings
        generation = self.services.chat.find_generation(stored.head_id or "")
        if generation is not None or self.writing != stored.head_id:
            self.writing = generation.id if generation else None
        if generation is not None and self.is_watched not in generation.watchers:
            generation.watchers.append(self.is_watched)

    # Exchanges

    def start_exchange(self, exchange: Exchange) -> None:
        """Show an exchange that has just begun; it may have begun the conversation too."""
        if self.conversation and self.conversation.head_id != exchange.prompt.parent_id:
            self.revision += 1  # a version of an earlier prompt, or another tab has gone on
        self.conversation, self.writing = exchange.conversation, exchange.answer.id
        self._write_address()

    def start_answer(self, exchange: Exchange) -> None:
        """Show another version of an answer, which is being written."""
        self.conversation, self.writing = exchange.conversation, exchange.answer.id
        self.revision += 1

    def expect_changes(self) -> None:
        """Have the browser read the messages again."""
        self.revision += 1
        self.reload_conversation()

    def stop_answer(self) -> None:
        """End the answer that is being written, if any; so does a new prompt."""
        generation = self.services.chat.find_generation(self.writing or "")
        if generation is not None:
            self.services.chat.stop_generation(generation)
            generation.over.wait()
        self.writing = None

    # The model and the settings

    def recall_model(self) -> None:
        """Take the conversation's own model, else the one that the user chose last."""
        chosen = ""
        with contextlib.suppress(ChatError):  # the sidebar tells it, where it reads as well
            chosen = self.services.chat.find_chosen_model(self.user_id)
        own = self.conversation.model if self.conversation else ""
        wanted = [name for name in (own, chosen) if name]
        self.model = self.services.models.choose_model(wanted, self.services.settings.chat_model)
        is_there = not wanted or is_same(wanted[0], self.model)
        self.missing_model = "" if is_there else wanted[0]

    def choose_model(self, model: str) -> None:
        """Take the model that the user chose, and keep it for later."""
        self.model, self.missing_model = model, ""
        self.attempt(
            lambda: self.services.chat.choose_model(self.user_id, model, self.conversation_id)
        )

    def correct_model_name(self) -> None:
        """Call the model as the server does: before that was there, it had another name here."""
        if installed := self.services.models.find_model(self.model):
            self.model = installed.name

    def change_settings(self, settings: ConversationSettings) -> None:
        """Give the open conversation these settings; a new one will begin with them."""
        chat, conversation_id = self.services.chat, self.conversation_id
        if conversation_id is None or self.attempt(
            lambda: chat.configure_conversation(self.user_id, conversation_id, settings)
        ):
            self.settings = settings
            self.revision += 1  # how full the context window is, and what helps

    def parse_parameters(self, typed: Mapping[str, object]) -> Parameters:
        """Return the parameters that were typed.

        Raises ParameterRefused, or several as one BadRequest, for what this chat does not allow.
        """
        settings = self.services.settings
        return parse(typed, settings.max_num_ctx, settings.max_num_predict)

    def raise_window(self, num_ctx: int) -> None:
        """Give the open conversation a larger context window, in tokens.

        Raises ParameterRefused for one that is not allowed.
        """
        own = self.settings.parameters.to_json()
        parameters = self.parse_parameters({**own, "num_ctx": num_ctx})
        self.change_settings(replace(self.settings, parameters=parameters))

    def summarize_conversation(self, model: str) -> None:
        """Have `model` summarize the oldest messages; takes as long as an answer.

        Raises what `ChatService.summarize_conversation` does.
        """
        if self.conversation_id is not None:
            self.settings = self.services.chat.summarize_conversation(
                self.user_id,
                self.conversation_id,
                model,
                self.is_watched,
                address=self.user.address,
            )
            self.revision += 1

    # What went wrong, and what goes with the next prompt

    def show_error(self, error: ChatError) -> None:
        """Say what went wrong, until something else is done."""
        self.error = error

    def clear_error(self) -> None:
        """Say no longer what went wrong."""
        self.error = None

    def attempt(self, action: Callable[[], object]) -> bool:
        """Return whether the action raised no ChatError; one that it raised is shown."""
        try:
            action()
        except ChatError as error:
            self.error = error
            return False
        return True

    def attempt_anew(self, action: Callable[[], object]) -> bool:
        """Attempt an action that what went wrong before gives way to.

        Return whether an error went or came, which stands outside the part that sent the action.
        """
        had_error = self.error is not None
        self.clear_error()
        return not self.attempt(action) or self.error is not None or had_error

    def hold_prompt(self, prompt: str, files: Sequence[Attachment]) -> None:
        """Give a prompt that was not sent back into the input; its files go with the next one."""
        st.session_state.prompt = prompt
        self.held_files = [*files, *self.held_files]

    def drop_held_files(self) -> None:
        """Hold the files of a refused prompt no longer."""
        self.held_files = []

    def take_held_files(self) -> list[Attachment]:
        """Return the files that go with the prompt, and hold them no longer."""
        files, self.held_files = self.held_files, []
        return files

    # What the next run draws

    def note_input(self) -> bool:
        """Return whether the tab has its input for the first time."""
        is_first, self.has_input = not self.has_input, True
        return is_first

    def keep_early_prompt(self, prompt: str | ChatInputValue) -> None:
        """Have the next run send a prompt that came before the tab had its input."""
        self.early_prompt = prompt

    def take_early_prompt(self) -> str | ChatInputValue | None:
        """Return the prompt that this run is to send, once."""
        prompt, self.early_prompt = self.early_prompt, None
        return prompt

    def search(self, query: str) -> None:
        """Have the list show the conversations with these words; all of them for ""."""
        self.query, self.listed = query, _STEP

    def list_more(self) -> None:
        """Have the list show more conversations."""
        self.listed += _STEP

    def open_dialog(self, name: str) -> None:
        """Have the next run open a dialog."""
        self.dialog = name

    def take_dialog(self) -> str:
        """Return the dialog that this run is to open, once; "" for none."""
        name, self.dialog = self.dialog, ""
        return name


def load_state(services: Services, user: User) -> PageState:
    """Return the state of this tab's session, made at its first run."""
    if STATE_KEY not in st.session_state:
        is_connected = track_tab()
        state = PageState(
            services, user, lambda: is_connected() and services.users.is_still_signed_in(user)
        )
        st.session_state[STATE_KEY] = state
        state.open_conversation(st.query_params.get("c"))
    page_state: PageState = st.session_state[STATE_KEY]
    return page_state


def forget_state() -> None:
    """Forget what this tab showed: nobody is signed in."""
    st.session_state.pop(STATE_KEY, None)
