"""The dialogs in a real browser: edit a prompt, set up a conversation, look after models."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.product import Served
from tests.support.shared_chat import OTHER_MODEL

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]


def dialog(page: ChatPage) -> Locator:
    """The open dialog; a popover in it is a dialog of its own."""
    return page.page.get_by_test_id("stDialog")


def edit(page: ChatPage, exchange: int, prompt: str) -> None:
    """Edits the prompt of an exchange where it stands and sends it."""
    message = page.messages.nth(2 * exchange)
    page.act(message, "edit")
    message.locator(".chat-editor textarea").fill(prompt)
    message.get_by_role("button", name="Send").click()


def test_an_edited_prompt_goes_on_from_there_and_the_earlier_one_stays(
    page: ChatPage, fake: FakeOllama
) -> None:
    page.ask("One")
    page.idle()
    page.ask("Two")
    page.idle()
    fake.tokens = ["About three"]
    edit(page, 0, "Three")
    expect(page.messages.last).to_contain_text("About three")
    expect(page.messages).to_have_count(2)
    assert fake.bodies()[-1]["messages"][1:] == [{"role": "user", "content": "Three"}]
    page.act(page.messages.first, "previous")
    expect(page.messages).to_have_count(4)
    page.reload()
    expect(page.messages).to_have_count(4)
    expect(page.messages.first).to_contain_text("One")


def test_an_edit_that_is_refused_says_why_and_keeps_the_text(page: ChatPage) -> None:
    page.ask("One")
    page.idle()
    long = "long " * 5000  # more words than the window has tokens
    edit(page, 0, long)
    expect(page.alerts).to_contain_text("Shorten it")
    expect(page.messages.first.locator(".chat-editor textarea")).to_have_value(long)
    page.messages.first.get_by_role("button", name="Cancel").click()
    expect(page.messages.first).to_contain_text("One")


def test_a_conversation_is_set_up_with_a_preset_that_stays(
    page: ChatPage, fake: FakeOllama
) -> None:
    page.button("Settings").click()
    dialog(page).get_by_label("System prompt").fill("Be a poet.")
    temperature = dialog(page).get_by_role("textbox", name="Temperature")
    temperature.fill("7")
    dialog(page).get_by_role("button", name="Save", exact=True).click()
    expect(dialog(page)).to_contain_text("Temperature is '7': allowed is a number from 0 to 2.")
    temperature.fill("0.3")
    temperature.press("Escape")
    expect(temperature).to_have_value("0.3")
    dialog(page).get_by_role("textbox", name="Seed").fill("-1")
    dialog(page).get_by_role("textbox", name="Time in memory").fill("1h30m")
    stops = dialog(page).get_by_role("textbox", name="Stop words, one a line")
    stops.fill(" User:\n\\n\\n")
    dialog(page).get_by_text("Presets").click()
    preset = dialog(page).get_by_role("combobox", name="Preset")
    preset.fill("Poet")
    preset.press("Enter")
    dialog(page).get_by_role("button", name="Save as preset").click()
    expect(page.page.get_by_text("Saved as Poet")).to_be_visible()
    dialog(page).get_by_role("button", name="Save", exact=True).click()
    expect(dialog(page)).to_have_count(0)
    page.ask("Hello")
    page.idle()
    body = fake.bodies()[-1]
    assert body["options"]["temperature"] == 0.3
    assert (body["options"]["seed"], body["keep_alive"]) == (-1, "1h30m")
    assert body["options"]["stop"] == [" User:", "\n\n"]
    assert body["messages"][0]["content"] == "Be a poet."
    page.button("New chat").click()
    expect(page.messages).to_have_count(0)
    page.idle()
    page.button("Settings").click()
    expect(dialog(page).get_by_label("System prompt")).to_have_value("")
    page.idle()
    dialog(page).get_by_text("Presets").click()
    expect(preset).to_be_in_viewport()
    preset.click()
    page.page.get_by_role("option", name="Poet").click()
    dialog(page).get_by_role("button", name="Use").click()
    expect(dialog(page).get_by_label("System prompt")).to_have_value("Be a poet.")
    expect(stops).to_have_value(" User:\n\\n\\n")
    dialog(page).get_by_role("button", name="Reset", exact=True).click()
    expect(dialog(page).get_by_label("System prompt")).to_have_value("")
    dialog(page).get_by_role("button", name="Cancel", exact=True).click()
    expect(dialog(page)).to_have_count(0)


def test_models_are_described_unloaded_deleted_and_pulled(
    visit: Visit, serve: Callable[..., Served], fake: FakeOllama
) -> None:
    page = visit(serve().url)
    page.button("Models").click()
    expect(dialog(page)).to_contain_text("98 MB · 134.52M · Q4_1 · 8,192 tokens of context")
    expect(dialog(page)).to_contain_text("in memory with 191 MB, for 5 more minutes")
    dialog(page).get_by_role("button", name="out of memory").click()
    expect(dialog(page)).not_to_contain_text("in memory")
    assert fake.loaded == []
    fake.fail(stall(6), path="/api/pull")
    name = dialog(page).get_by_label("Get a model by its name in Ollama's library")
    name.fill("new:1b")
    name.press("Enter")
    dialog(page).get_by_role("button", name="Pull new:1b").click()
    expect(dialog(page)).to_contain_text("new:1b: 40% of 90 MB")
    fake.resume()
    expect(dialog(page)).to_contain_text("new:1b is here now.")
    fake.models = [one for one in fake.models if one != OTHER_MODEL]
    page.page.keyboard.press("Escape")
    page.button("Models").click()
    dialog(page).get_by_role("button", name="Delete new:1b").click()
    page.page.get_by_test_id("stPopoverBody").get_by_role("button", name="Delete new:1b").click()
    expect(dialog(page).get_by_text("new:1b", exact=True)).to_have_count(0)
    assert "new:1b" not in fake.models


def test_help_lists_the_shortcuts(page: ChatPage) -> None:
    page.button("Help").click()
    expect(dialog(page)).to_contain_text("Ctrl+Shift+O")
    page.page.keyboard.press("Escape")
    page.ask("Hello")
    page.idle()
    page.page.keyboard.press("Control+Shift+O")
    expect(page.messages).to_have_count(0)


def test_earlier_answers_are_copied_and_edited_while_another_is_written(
    page: ChatPage, fake: FakeOllama
) -> None:
    for number in range(2):
        fake.tokens = [f"Answer {number}"]
        page.ask(f"Prompt {number}")
        page.idle()
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fake.set(tokens=words(3000), tokens_per_second=20)
    answer = page.ask("Tell me all")
    expect(answer).to_contain_text("word2 ")
    page.act(page.messages.nth(1), "copy")
    assert page.page.evaluate("navigator.clipboard.readText()") == "Answer 0"
    expect(page.messages).to_have_count(6)
    came = len(answer.inner_text().split())
    expect(answer).to_contain_text(f"word{came + 5} ")  # it is still followed
    assert fake.aborted == 0
    fake.set(tokens=["Another"], tokens_per_second=0)
    edit(page, 1, "Prompt 1, edited")
    expect(page.messages.last).to_contain_text("Another")
    expect(page.messages).to_have_count(4)
    fake.wait_for(lambda now: now.aborted == 1)


def test_an_earlier_answer_had_again_ends_the_one_that_is_written(
    page: ChatPage, fake: FakeOllama
) -> None:
    page.ask("First")
    page.idle()
    fake.set(tokens=words(3000), tokens_per_second=20)
    expect(page.ask("Tell me all")).to_contain_text("word2 ")
    fake.set(tokens=["Another"], tokens_per_second=0)
    page.act(page.messages.nth(1), "again")
    expect(page.messages).to_have_count(2)
    expect(page.messages.last).to_contain_text("Another")
    fake.wait_for(lambda now: now.aborted == 1)
