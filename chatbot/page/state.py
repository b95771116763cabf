"""What one tab shows: kept in Streamlit's session, filled from the history."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from chatbot.chat.conversation_content import ConversationContent
from chatbot.chat.generation import Generation
from chatbot.chat.message_keeper import apply_generation
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.messages import Message
from chatbot.errors import ChatError
from chatbot.history import NotFound
from chatbot.identity.users import User
from chatbot.llm.model_names import is_same
from chatbot.page.streamlit_internals import ChatInputValue, follows_browser_history, track_tab
from chatbot.services import Services


@dataclass
class ShownExchange:
    """A prompt and its answer; the answer is missing only in a history cut between the two."""

    prompt: Message
    answer: Message | None
    is_answered_again: bool = False  # in this tab
    prompt_versions: Sequence[str] = ()  # ids, oldest first; empty when there is one only
    answer_versions: Sequence[str] = ()


@dataclass
class PageState:
    """The open conversation of a tab, and what the next run has to draw.

    The drawing functions get it as their argument, and with it the parts of the chat. They read its
    fields; what changes one is a method here.
    """

    services: Services
    user: User
    is_watched: Callable[[], bool] = lambda: True  # whether the tab is still connected
    conversation_id: str | None = None
    exchanges: list[ShownExchange] = field(default_factory=list)
    settings: ConversationSettings = DEFAULT_SETTINGS
    files: dict[str, Sequence[Attachment]] = field(default_factory=dict)  # by message id
    model: str = ""  # which answers the next prompt
    conversation_model: str = ""  # with which the conversation was asked last
    missing_model: str = ""  # for which `model` stands in
    error: ChatError | None = None  # what went wrong last, until something else is done
    held_files: list[Attachment] = field(default_factory=list)  # of a prompt that was refused
    dialog: tuple[str, int] | None = None  # which the next run opens, for which exchange
    early_prompt: str | ChatInputValue | None = None  # which the next run sends
    has_input: bool = False  # the tab has had its input
    has_just_sent: bool = False  # so the next run need not read the history
    follows_at_once: bool = False  # this run follows the first answer itself
    first_exchange: int | None = None  # with which the page begins
    drawn_exchanges: int = 0  # how many there were when the whole page was drawn last

    @property
    def user_id(self) -> str:
        """Return whose history it is; raises SignedOut once they have, in whichever tab."""
        self.services.users.check_signed_in(self.user)
        return self.user.user_id

    # The open conversation

    def open_conversation(self, conversation_id: str | None) -> None:
        """Show this conversation; an empty page for None, or for one that the user has not."""
        self.conversation_id, self.exchanges, self.error = conversation_id, [], None
        self.settings, self.files, self.conversation_model = DEFAULT_SETTINGS, {}, ""
        self.first_exchange = None
        if conversation_id is not None:
            self.reload_conversation()
        self.recall_model()
        self._write_address()

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
        if self.conversation_id is None:
            return
        try:
            stored = self.services.chat.open_conversation(self.user_id, self.conversation_id)
        except NotFound as error:
            self.conversation_id, self.exchanges = None, []
            self.error = error
        except ChatError as error:
            self.error = error
        else:
            content, self.conversation_model = stored.content, stored.model
            self.files, self.settings = dict(content.files), content.settings
            self.exchanges = _pair_messages(content.messages, stored.versions)

    def content(self, end: int | None = None) -> ConversationContent:
        """Return what stands above the exchange `end`, or the whole conversation."""
        return ConversationContent(self.messages(end), self.files, self.settings)

    def messages(self, end: int | None = None) -> list[Message]:
        """Return the messages shown, oldest first, up to the exchange `end`."""
        pairs = ((exchange.prompt, exchange.answer) for exchange in self.exchanges[:end])
        return [message for pair in pairs for message in pair if message is not None]

    # Exchanges

    def name_conversation(self, conversation_id: str) -> None:
        """Take over the id that a conversation gets with its first prompt."""
        if self.conversation_id is None:
            self.conversation_id = conversation_id
            self._write_address()

    def start_exchange(
        self, prompt: Message, answer: Message, files: Sequence[Attachment] = ()
    ) -> None:
        """Show a prompt that was sent and its answer, which is being made, below the others."""
        if files:
            self.files[prompt.id] = list(files)
        self.exchanges.append(ShownExchange(prompt, answer))

    def replace_answer(self, index: int, answer: Message) -> None:
        """Show another version of an exchange's answer, and nothing below it."""
        exchange = self.exchanges[index]
        if exchange.answer is not None:
            versions = exchange.answer_versions or [exchange.answer.id]
            exchange.answer_versions = [*versions, answer.id]
        exchange.answer, exchange.is_answered_again = answer, True
        del self.exchanges[index + 1 :]

    def finish_answer(self, index: int, generation: Generation) -> None:
        """Take over how the answer of an exchange ended."""
        message = self.exchanges[index].answer
        if message is not None:
            self.exchanges[index].answer = apply_generation(message, generation)

    def stop_answer(self) -> None:
        """End the last answer if it is being written; so does a new prompt."""
        last = self.exchanges[-1].answer if self.exchanges else None
        generation = self.services.chat.stop_answer(last) if last else None
        if generation is not None:
            self.finish_answer(len(self.exchanges) - 1, generation)

    def show_version(self, message_id: str) -> None:
        """Have the conversation go through this version of a message."""
        if self.conversation_id is not None:
            conversation_id = self.conversation_id
            self.attempt(
                lambda: self.services.chat.show_version(self.user_id, conversation_id, message_id)
            )

    # The model and the settings

    def recall_model(self) -> None:
        """Take the conversation's own model, else the one that the user chose last."""
        chosen = ""
        with contextlib.suppress(ChatError):  # the sidebar tells it, where it reads as well
            chosen = self.services.chat.find_chosen_model(self.user_id)
        wanted = [name for name in (self.conversation_model, chosen) if name]
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

    def summarize_conversation(self, model: str) -> None:
        """Have `model` summarize the oldest messages; takes as long as an answer."""
        if self.conversation_id is None:
            return
        try:
            self.settings = self.services.chat.summarize_conversation(
                self.user_id, self.conversation_id, model, self.is_watched
            )
        except ChatError as error:
            self.error = error

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

    def begin_run(self) -> None:
        """Read the history anew, unless the prompt of this run's callback has just done so."""
        self.follows_at_once = self.has_just_sent and len(self.exchanges) == 1
        if not self.has_just_sent:
            self.reload_conversation()
        self.has_just_sent = False

    def begin_page(self, length: int) -> int:
        """Return with which exchange a whole page begins that has the newest `length` of them."""
        self.drawn_exchanges = len(self.exchanges)
        if self.first_exchange is None:
            self.first_exchange = max(0, self.drawn_exchanges - length)
        return self.first_exchange

    def show_earlier(self, count: int) -> None:
        """Have the page begin `count` exchanges earlier."""
        self.first_exchange = max(0, (self.first_exchange or 0) - count)

    def expect_whole_page(self, *, newest: bool) -> None:
        """Have a sent prompt drawn by a run of the whole page, which may end its looking back."""
        if newest:
            self.first_exchange = None
        self.has_just_sent = True

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

    def open_dialog(self, kind: str, index: int) -> None:
        """Have the next run open a dialog about an exchange."""
        self.dialog = (kind, index)

    def take_dialog(self) -> tuple[str, int] | None:
        """Return the dialog that this run is to open, once."""
        dialog, self.dialog = self.dialog, None
        return dialog


def load_state(services: Services, user: User) -> PageState:
    """Return the state of this tab's session, made at its first run."""
    if "page_state" not in st.session_state:
        state = PageState(services, user, track_tab())
        st.session_state.page_state = state
        state.open_conversation(st.query_params.get("c"))
    page_state: PageState = st.session_state.page_state
    return page_state


def forget_state() -> None:
    """Forget what this tab showed: nobody is signed in."""
    st.session_state.pop("page_state", None)


def exchange_key(index: int) -> str:
    """Return the key of the fragment that draws an exchange."""
    return f"exchange-{index}"


def _pair_messages(
    messages: Sequence[Message], versions: Mapping[str, Sequence[str]]
) -> list[ShownExchange]:
    exchanges: list[ShownExchange] = []
    for message in messages:
        ids = versions.get(message.id, ())
        if message.role == "user":
            exchanges.append(ShownExchange(message, None, prompt_versions=ids))
        elif exchanges:
            exchanges[-1].answer, exchanges[-1].answer_versions = message, ids
    return exchanges
