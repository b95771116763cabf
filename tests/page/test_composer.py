"""Files on the page: sent with a prompt, shown with it, refused with the reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from chatbot import errors
from chatbot.chat.conversation_content import Draft
from chatbot.chat.shares import FILES_MB_PER_MINUTE
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import new_conversation
from chatbot.identity.users import User
from chatbot.page import composer
from chatbot.page.state import PageState
from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.pages import NOTE, Open, SessionState, list_messages, list_texts, read_header
from tests.support.product import LoopThread
from tests.support.shares import stop_clock


def test_a_file_that_cannot_be_read_gives_the_prompt_and_the_other_files_back(
    monkeypatch: pytest.MonkeyPatch, ready: Services
) -> None:
    entries: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", SessionState(entries))
    state = PageState(ready, User("ann", "browser"))
    files = [
        SimpleNamespace(name="good.txt", getvalue=lambda: b"Good"),
        SimpleNamespace(name="bad.exe", getvalue=lambda: b"MZ\x90\0\3\0\0\0"),
        SimpleNamespace(name="empty.txt", getvalue=lambda: b""),
    ]
    typed: Any = SimpleNamespace(text="Read both", files=files)
    assert composer.read_draft(state, typed) is None
    assert state.error is not None
    bad, empty = state.error.sentence.splitlines()
    assert "bad.exe cannot be read" in bad and "empty.txt is empty" in empty
    assert [one.name for one in state.held_files] == ["good.txt"]
    assert entries["prompt"] == "Read both"
    draft = composer.read_draft(state, "Only the good one")
    assert draft is not None and [one.name for one in draft.files] == ["good.txt"]


@pytest.mark.parametrize(
    ("is_open", "closed"),
    [(False, True), (True, True), (True, False)],
    ids=["the first prompt", "a later one", "an error of the history"],
)
def test_what_is_refused_comes_back_with_its_images_and_files(
    monkeypatch: pytest.MonkeyPatch,
    ready: Services,
    is_open: bool,
    closed: bool,
) -> None:
    entries: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", SessionState(entries))
    monkeypatch.setattr(ready.models, "has_capability", lambda *_: True)
    state = PageState(
        ready,
        User("ann", "browser"),
        conversation=new_conversation("ann", "Gone") if is_open else None,
        model=ready.settings.chat_model,
    )
    ready.generations.closed = closed
    files = [NOTE, Attachment("a.png", "image/png", 5, b"pixel")]
    assert not composer.try_to_send(state, Draft("Look", files))
    assert state.error is not None
    assert (entries["prompt"], state.held_files) == ("Look", files)


def test_what_came_before_the_input_was_drawn_is_refused_in_the_same_way(open_page: Open) -> None:
    app = open_page()
    file = SimpleNamespace(name="bad.exe", getvalue=lambda: b"MZ\x90\0\3\0\0\0")
    early: Any = SimpleNamespace(text="Read it", files=[file])
    app.session_state.page_state.keep_early_prompt(early)
    app.run()
    assert not app.exception
    (error,) = list_texts(app.error)
    assert "bad" in error and "cannot be read" in error
    assert not list_messages(app)


def test_a_refused_image_offers_a_model_that_sees(
    open_page: Open, ready: Services, fake: FakeOllama, loop: LoopThread
) -> None:
    fake.set(models=[DEFAULT_MODEL, "seer:1b"], capabilities={"seer:1b": ["vision"]})
    loop.run(ready.models.read_installed())
    app = open_page()
    app.session_state.page_state.show_error(errors.BadRequest("images_not_seen", model="x"))
    app.run().button("use-seeing").click().run()
    assert read_header(app)["model"] == "seer:1b"
    assert not app.error


def test_who_sends_too_many_files_gets_the_prompt_back(
    monkeypatch: pytest.MonkeyPatch, ready: Services
) -> None:
    stop_clock(monkeypatch)
    entries: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", SessionState(entries))
    state = PageState(ready, User("ann", "browser"))
    ready.shares.take_file(state.asker, FILES_MB_PER_MINUTE * 1_000_000)
    files = [SimpleNamespace(name="good.txt", getvalue=lambda: b"Good" * 1_000_000)]
    typed: Any = SimpleNamespace(text="Read it", files=files)
    assert composer.read_draft(state, typed) is None
    assert state.error is not None and state.error.code == "too_many_files"
    assert entries["prompt"] == "Read it"
