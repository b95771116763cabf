"""Models in a real browser: chosen, pulled, and named as what they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.product import Served, wait_for
from tests.support.shared_chat import OTHER_MODEL

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]


def test_the_embedded_model_is_named_as_what_it_is(page: ChatPage) -> None:
    expect(page.model_picker).to_have_text("SmolLM2 135M, embedded")
    expect(page.page.get_by_text("You are talking to the small embedded model.")).to_be_visible()


def test_a_prompt_goes_to_the_model_that_was_picked(page: ChatPage, fake: FakeOllama) -> None:
    page.pick(OTHER_MODEL)
    expect(page.page.get_by_text("small embedded model")).to_have_count(0)
    page.ask("Hello")
    page.idle()
    assert fake.bodies()[-1]["model"] == OTHER_MODEL


def test_the_first_start_shows_the_pull_and_then_opens_by_itself(
    visit: Visit, serve: Callable[..., Served], fake: FakeOllama
) -> None:
    fake.models = [DEFAULT_MODEL]
    fake.fail(stall(6), path="/api/pull")
    served = serve(chat_model=OTHER_MODEL, wait=False)
    wait_for(served.readyz)
    page = visit(served.url)
    progress = page.page.get_by_test_id("stProgress")
    expect(progress).to_contain_text(f"{OTHER_MODEL}: 40% of 90 MB")
    fake.resume()
    expect(progress).to_have_count(0)
    expect(page.ask("Hello")).to_have_attribute("data-state", "done")


def test_a_missing_model_is_pulled_with_a_button(page: ChatPage, fake: FakeOllama) -> None:
    page.pick(OTHER_MODEL)
    fake.models = [DEFAULT_MODEL]
    fake.fail(stall(6), path="/api/pull")
    answer = page.ask("Hello")
    expect(answer).to_contain_text(f"The model {OTHER_MODEL} is not installed. Pull it")
    answer.get_by_role("button", name=f"Pull {OTHER_MODEL}").click()
    dialog = page.page.get_by_test_id("stDialog")
    expect(dialog).to_contain_text(f"{OTHER_MODEL}: 40% of 90 MB")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_contain_text(f"The pull of {OTHER_MODEL} was cancelled.")
    dialog.get_by_role("button", name=f"Pull {OTHER_MODEL}").click()
    expect(dialog).to_contain_text(f"{OTHER_MODEL} is here now.")
    page.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    answer.get_by_role("button", name="Try again").click()
    expect(answer).to_have_attribute("data-state", "done")
