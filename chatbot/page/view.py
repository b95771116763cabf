"""What one tab of one visitor shows: kept in the session, filled from the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from chatbot import errors, services
from chatbot.answers import Answer
from chatbot.conversation import outcome
from chatbot.history import Message, NotFound
from chatbot.page import account
from chatbot.people import Person


@dataclass
class Exchange:
    """A prompt and its answer; the answer is missing only in a history cut between the two.

    `again`: it was answered anew in this tab.
    """

    question: Message
    answer: Message | None
    again: bool = False


@dataclass
class View:
    """The open conversation of one tab.

    `trouble` is what went wrong last, shown until something else is done; `unlisted`: the sidebar
    was drawn before the conversation was there; `taken`: this run's prompt has been sent; `early`:
    a prompt to send at the next run.
    """

    person: Person
    conversation_id: str | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    trouble: errors.ChatError | None = None
    model: str = ""
    unlisted: bool = False
    taken: bool = False
    early: str = ""
    tab: Callable[[], bool] = lambda: True

    @property
    def owner(self) -> str:
        """Whose history it is; raises SignedOut once he has signed out, in whichever tab."""
        services.current().people.check(self.person)
        return self.person.owner

    def open(self, conversation_id: str | None) -> None:
        """Shows this conversation, or an empty page for None or for one that is not the owner's."""
        self.conversation_id, self.exchanges, self.trouble = conversation_id, [], None
        if conversation_id is not None:
            self.reload()
        if self.conversation_id is None:
            st.query_params.pop("c", None)
        else:
            st.query_params["c"] = self.conversation_id

    def reload(self) -> None:
        """Reads the open conversation again: another tab may have gone on with it."""
        if self.conversation_id is None:
            return
        try:
            messages = services.current().history.messages(self.owner, self.conversation_id)
        except NotFound:
            self.conversation_id, self.exchanges = None, []
            self.trouble = errors.ChatError("There is no such conversation among yours.")
        except errors.ChatError as error:
            self.trouble = error
        else:
            self.exchanges = _pair(messages)

    def messages(self) -> list[Message]:
        """The messages shown, oldest first."""
        pairs = ((one.question, one.answer) for one in self.exchanges)
        return [message for pair in pairs for message in pair if message is not None]

    def settle(self, index: int, answer: Answer) -> None:
        """Takes over how the answer of an exchange ended."""
        message = self.exchanges[index].answer
        if message is not None:
            self.exchanges[index].answer = outcome(message, answer)


def current() -> View:
    """The view of this session, made at its first run; asks to sign in where nobody is."""
    person = account.person()
    if person is None:
        st.rerun()
    if "view" not in st.session_state:
        st.session_state.view = View(
            person=person,
            model=services.current().settings.chat_model,
            tab=_tab_is_open(),
        )
        st.session_state.view.open(st.query_params.get("c"))
    view: View = st.session_state.view
    return view


def _tab_is_open() -> Callable[[], bool]:
    context = get_script_run_ctx()
    if context is None:
        return lambda: True
    session_id, runtime = context.session_id, get_instance()
    return lambda: runtime.is_active_session(session_id)


def _pair(messages: list[Message]) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for message in messages:
        if message.role == "user":
            exchanges.append(Exchange(message, None))
        elif exchanges:
            exchanges[-1].answer = message
    return exchanges
