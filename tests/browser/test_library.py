"""The conversations of a visitor in a real browser: searched, pinned, deleted, out and in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Download, Locator, expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]


def talk(page: ChatPage, *prompts: str) -> None:
    """One conversation for each prompt; the last one stays open."""
    for prompt in prompts:
        page.button("New chat").click()
        expect(page.messages).to_have_count(0)
        expect(page.ask(prompt)).to_have_attribute("data-state", "done")
        page.idle()


def search(page: ChatPage, query: str) -> None:
    page.page.keyboard.press("Control+k")
    page.page.keyboard.press("Control+a")
    page.page.keyboard.press("Delete")
    page.page.keyboard.type(query)


def entries(page: ChatPage) -> Locator:
    return page.sidebar.locator(".chat-row-title")


def import_file(page: ChatPage, file: Path) -> Locator:
    """Imports a file in the dialog for it, and returns the dialog."""
    dialog = page.tool("Import, export, delete all")
    dialog.locator("input[type=file]").set_input_files(file)
    return dialog


def download(page: ChatPage, link: Locator) -> Download:
    with page.page.expect_download() as waiting:
        link.click()
    return waiting.value


def test_words_are_found_in_answers_and_marked_without_running_markdown(
    page: ChatPage, fake: FakeOllama
) -> None:
    fake.tokens = ["<img src=x> ", ":red[purr] [l](http://192.0.2.1) $5 $6"]
    talk(page, "First")
    fake.tokens = ["Dogs bark"]
    talk(page, "Second")
    search(page, "PURR 5")
    expect(entries(page)).to_have_text(["First"])
    excerpt = page.sidebar.locator(".chat-excerpt")
    expect(excerpt).to_have_text("<img src=x> :red[purr] [l](http://192.0.2.1) $5 $6")
    expect(excerpt.locator("mark")).to_have_text(["purr", "5"])
    expect(excerpt.locator("a, img, .katex")).to_have_count(0)
    entries(page).click()
    expect(page.messages.first).to_contain_text("First")
    search(page, "")
    expect(entries(page)).to_have_text(["Second", "First"])


def test_a_search_while_an_answer_is_written_does_not_end_it(
    page: ChatPage, fake: FakeOllama
) -> None:
    talk(page, "About cats")
    fake.set(tokens=words(60), tokens_per_second=20)
    answer = page.ask("More of them")
    expect(answer).to_contain_text("word2")
    search(page, "nowhere")
    expect(page.sidebar).to_contain_text("No conversation has these words.")
    expect(answer).not_to_contain_text("word59")
    expect(answer).to_contain_text("word59")
    expect(answer).to_have_attribute("data-state", "done")


def test_a_pinned_conversation_comes_first(page: ChatPage) -> None:
    talk(page, "First", "Second")
    expect(entries(page)).to_have_text(["Second", "First"])
    page.choose("First", "Pin")
    expect(entries(page)).to_have_text(["First", "Second"])
    expect(page.sidebar.locator(".chat-period")).to_have_text(["Pinned", "Today"])
    page.choose("First", "Unpin")
    expect(entries(page)).to_have_text(["Second", "First"])


def test_a_deleted_conversation_comes_back(page: ChatPage) -> None:
    talk(page, "First", "Second")
    page.choose("Second", "Delete")
    expect(entries(page)).to_have_text(["First"])
    expect(page.welcome).to_be_visible()
    page.reload()
    page.button("Undo").click()
    expect(page.messages.first).to_contain_text("Second")
    expect(entries(page)).to_have_text(["Second", "First"])
    expect(page.button("Undo")).to_have_count(0)


def test_deleting_a_conversation_ends_its_answer(page: ChatPage, fake: FakeOllama) -> None:
    fake.set(tokens=words(999), tokens_per_second=20)
    expect(page.ask("Wanted no more")).to_contain_text("word1 ")
    page.choose("Wanted no more", "Delete")
    expect(page.welcome).to_be_visible()
    fake.wait_for(lambda now: now.aborted == 1)
    page.button("Undo").click()
    expect(page.messages.last).to_contain_text("Stopped")


def test_titles_begin_at_the_left_and_are_cut_at_the_right(page: ChatPage) -> None:
    talk(page, "Short", "A very long title that does not fit into the sidebar at all")
    page.button("New chat").click()
    expect(page.messages).to_have_count(0)
    long, short = (entry.bounding_box() for entry in entries(page).all())
    row = page.sidebar.locator(".chat-row").first.bounding_box()
    assert long and short and row
    assert long["x"] == short["x"] and long["height"] == short["height"]
    assert 0.7 * row["width"] < long["width"] < row["width"]


def test_an_export_is_imported_by_another_visitor(
    page: ChatPage, visit: Visit, fake: FakeOllama, tmp_path: Path
) -> None:
    fake.tokens = ["They ", "purr"]
    talk(page, "About: cats/dogs")
    expect(page.messages.last).to_contain_text("They purr")
    entry = page.menu("About: cats/dogs").get_by_role("menuitem", name="Export as Markdown")
    text = download(page, entry)
    assert text.suggested_filename == "About catsdogs.md"
    assert "They purr" in Path(text.path()).read_text()
    file = tmp_path / "all.json"
    dialog = page.tool("Import, export, delete all")
    download(page, dialog.get_by_role("link", name="as JSON")).save_as(file)
    other = visit(page.url)
    dialog = import_file(other, file)
    expect(other.page.get_by_test_id("stToast")).to_contain_text("Conversations imported: 1")
    expect(dialog).to_have_count(0)
    expect(other.messages.last).to_contain_text("They purr")
    expect(other.conversation("About: cats/dogs")).to_be_visible()


def test_every_export_gives_a_file_after_a_second_prompt(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["They ", "purr"]
    talk(page, "About cats")
    for prompt in ("And dogs?", "And birds?"):
        expect(page.ask(prompt)).to_have_attribute("data-state", "done")
        page.idle()
    for label in ("Export as Markdown", "Export as JSON"):
        file = download(page, page.menu("About cats").get_by_role("menuitem", name=label))
        assert "And birds?" in Path(file.path()).read_text()
    dialog = page.tool("Import, export, delete all")
    for label in ("as Markdown", "as JSON"):
        file = download(page, dialog.get_by_role("link", name=label))
        assert "And birds?" in Path(file.path()).read_text()


def test_a_damaged_file_of_another_program_comes_in_as_far_as_it_is_sound(
    page: ChatPage, tmp_path: Path
) -> None:
    file = tmp_path / "chats.json"
    messages = {
        "q": {"role": "user", "parentId": None, "content": "Why?"},
        "a": {"role": "assistant", "parentId": "q", "content": "<think>Hm.</think>So."},
        "f": {"content": "<think>Hm.</think>So.", "followUps": ["Really?"]},
    }
    chat = {"title": "Sound", "history": {"messages": messages, "currentId": "f"}}
    file.write_text(json.dumps([{"chat": chat}, {"title": "Broken", "chat": {"history": 5}}]))
    dialog = import_file(page, file)
    expect(dialog).to_contain_text("Conversations without a message that can be read: Broken")
    page.page.keyboard.press("Escape")
    expect(entries(page)).to_have_text(["Sound"])
    expect(page.messages.last).to_contain_text("So.")
    expect(page.messages.last).not_to_contain_text("think")


def test_a_file_that_is_no_export_is_refused_with_its_line(page: ChatPage, tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text('[\n  {"chat": }\n]')
    dialog = import_file(page, file)
    expect(dialog).to_contain_text("Nothing was imported. Line 2: this is not JSON")
    expect(entries(page)).to_have_count(0)


def test_all_are_deleted_after_a_second_question(page: ChatPage) -> None:
    talk(page, "First", "Second")
    dialog = page.tool("Import, export, delete all")
    dialog.get_by_role("button", name="Delete all…").click()
    dialog.get_by_role("button", name="Delete all", exact=True).click()
    expect(entries(page)).to_have_count(0)
    page.button("Undo").click()
    expect(entries(page)).to_have_count(2)
