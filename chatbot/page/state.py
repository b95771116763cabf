"""What one tab of one visitor shows: kept in the session, filled from the history."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from chatbot import errors, services
from chatbot.chat.conversation_content import ConversationContent
from chatbot.chat.generation import Generation
from chatbot.chat.message_keeper import apply_generation
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.messages import Message
from chatbot.history import NotFound
from chatbot.identity.users import User
from chatbot.llm.model_names import is_same
from chatbot.page import account
from chatbot.page.streamlit_internals import ChatInputValue, follows_browser_history, track_tab


@dataclass
class Exchange:
    """A prompt and its answer; the answer is missing only in a history cut between the two.

    The versions are ids, oldest first, and empty when there is one only. `again`: it was answered
    anew in this tab.
    """

    prompt: Message
    answer: Message | None
    again: bool = False
    prompt_versions: Sequence[str] = ()
    answer_versions: Sequence[str] = ()


@dataclass
class View:
    """The open conversation of one tab.

    `trouble` is what went wrong last, shown until something else is done; `taken`: this run's
    prompt has been sent, so that nothing need be read again; `drawn`: the tab has had its input;
    `early`: what to send at the next run; `held`: files of a prompt that was refused; `dialog`:
    what the next run opens, for which exchange; `first`: the exchange that the page begins with;
    `follows_at_once`: the answer is the first on the page, and followed by the run that draws that;
    `drawn_flat`: how many exchanges there were when the whole page was drawn last; `own_model`: the
    one that the conversation was asked with; `missing_model`: the one that `model` stands in for.
    """

    person: User
    conversation_id: str | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    trouble: errors.ChatError | None = None
    model: str = ""
    own_model: str = ""
    missing_model: str = ""
    taken: bool = False
    drawn: bool = False
    early: str | ChatInputValue | None = None
    held: list[Attachment] = field(default_factory=list)
    dialog: tuple[str, int] | None = None
    first: int | None = None
    follows_at_once: bool = False
    drawn_flat: int = 0
    settings: ConversationSettings = DEFAULT_SETTINGS
    files: dict[str, Sequence[Attachment]] = field(default_factory=dict)
    tab: Callable[[], bool] = lambda: True

    @property
    def user_id(self) -> str:
        """Whose history it is; raises SignedOut once he has signed out, in whichever tab."""
        services.current().users.check_signed_in(self.person)
        return self.person.user_id

    def open(self, conversation_id: str | None) -> None:
        """Shows this conversation, or an empty page for None or for one that is not the owner's."""
        self.conversation_id, self.exchanges, self.trouble = conversation_id, [], None
        self.settings, self.files, self.first, self.own_model = DEFAULT_SETTINGS, {}, None, ""
        if conversation_id is not None:
            self.reload()
        self.recall_model()
        self._write_address()

    def agree_with_address(self) -> None:
        """Opens what the address names after Back and Forward; else makes the address name this."""
        named = st.query_params.get("c")
        if named == self.conversation_id:
            return
        if follows_browser_history():
            self.open(named)
        else:
            self._write_address()

    def _write_address(self) -> None:
        if self.conversation_id is None:
            st.query_params.pop("c", None)
        else:
            st.query_params["c"] = self.conversation_id

    def reload(self) -> None:
        """Reads the open conversation again: another tab may have gone on with it."""
        if self.conversation_id is None:
            return
        chat = services.current().chat
        try:
            conversation = chat.open_conversation(self.user_id, self.conversation_id)
        except NotFound as error:
            self.conversation_id, self.exchanges = None, []
            self.trouble = error
        except errors.ChatError as error:
            self.trouble = error
        else:
            content, self.own_model = conversation.content, conversation.model
            self.files, self.settings = dict(content.files), content.settings
            self.exchanges = _pair(content.messages, conversation.versions)

    def recall_model(self) -> None:
        """Takes the conversation's own model, else the one that the user chose last."""
        now, chosen = services.current(), ""
        with contextlib.suppress(errors.ChatError):  # the sidebar tells it, where it reads as well
            chosen = now.chat.find_chosen_model(self.user_id)
        wanted = [name for name in (self.own_model, chosen) if name]
        self.model = now.models.choose(wanted, now.settings.chat_model)
        is_there = not wanted or is_same(wanted[0], self.model)
        self.missing_model = "" if is_there else wanted[0]

    def choose_model(self, model: str) -> None:
        """Takes the model that the user chose, and keeps it for later."""
        self.model, self.missing_model = model, ""
        try:
            services.current().chat.choose_model(self.user_id, model, self.conversation_id)
        except errors.ChatError as error:
            self.trouble = error

    def content(self, end: int | None = None) -> ConversationContent:
        """What stands above the exchange `end`, or the whole conversation."""
        return ConversationContent(self.messages(end), self.files, self.settings)

    def messages(self, end: int | None = None) -> list[Message]:
        """The messages shown, oldest first, up to the exchange `end`."""
        pairs = ((one.prompt, one.answer) for one in self.exchanges[:end])
        return [message for pair in pairs for message in pair if message is not None]

    def stop_answer(self) -> None:
        """Ends the last answer if it is being written; so does a new prompt."""
        last = self.exchanges[-1].answer if self.exchanges else None
        generation = services.current().chat.stop_answer(last) if last else None
        if generation is not None:
            self.settle(len(self.exchanges) - 1, generation)

    def settle(self, index: int, generation: Generation) -> None:
        """Takes over how the answer of an exchange ended."""
        message = self.exchanges[index].answer
        if message is not None:
            self.exchanges[index].answer = apply_generation(message, generation)


def current() -> View:
    """The view of this session, made at its first run; asks to sign in where nobody is."""
    person = account.person()
    if person is None:
        st.rerun()
    if "view" not in st.session_state:
        st.session_state.view = View(
            person=person,
            tab=track_tab(),
        )
        st.session_state.view.open(st.query_params.get("c"))
    view: View = st.session_state.view
    return view


def _pair(messages: Sequence[Message], versions: Mapping[str, Sequence[str]]) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for message in messages:
        those = versions.get(message.id, ())
        if message.role == "user":
            exchanges.append(Exchange(message, None, prompt_versions=those))
        elif exchanges:
            exchanges[-1].answer, exchanges[-1].answer_versions = message, those
    return exchanges
