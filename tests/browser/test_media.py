"""Thinking, images and files in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Request, expect

from tests.browser.chat_page import ChatPage
from tests.fake_ollama import DEFAULT_MODEL, FakeOllama
from tests.files import docx, image, pdf
from tests.product import Served

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]

ABLE = "able:1b"
PICTURE = "[alt='one.png']"


@pytest.fixture
def able(visit: Visit, serve: Callable[..., Served], fake: FakeOllama) -> ChatPage:
    """A chat whose model sees and thinks."""
    fake.set(models=[DEFAULT_MODEL, ABLE], capabilities={ABLE: ["vision", "thinking"]})
    return visit(serve(chat_model=ABLE).url)


def attach(page: ChatPage, *files: tuple[str, bytes]) -> None:
    """Attaches files to the next prompt and waits until they are there."""
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        for name, data in files
    ]
    box, sent = page.page.get_by_test_id("stChatInput"), list[Request]()
    page.page.on("requestfinished", lambda one: sent.append(one))
    box.locator("input[type=file]").first.set_input_files(payloads)
    for name, _ in files:
        expect(box).to_contain_text(name)
    while sum("upload_file" in one.url for one in sent) < len(files):
        page.page.wait_for_event("requestfinished")


def test_thinking_stands_folded_above_the_answer(able: ChatPage, fake: FakeOllama) -> None:
    fake.set(thinking=["Let me", " think", " about it."], tokens=["Four"], tokens_per_second=2)
    answer = able.ask("Two and two?")
    expect(answer).to_contain_text("Thinking…")
    expect(answer).to_contain_text("Four")
    block = answer.get_by_text("Thought for")
    expect(block).to_be_visible()
    expect(answer.get_by_text("Let me think about it.")).not_to_be_visible()
    block.click()
    expect(answer.get_by_text("Let me think about it.")).to_be_visible()
    able.idle()
    able.reload()
    expect(able.messages.last.get_by_text("Thought for")).to_be_visible()


def test_images_are_sent_and_shown(able: ChatPage, fake: FakeOllama) -> None:
    attach(able, ("one.png", image("PNG")), ("two.jpg", image("JPEG")))
    able.ask("What do you see?")
    expect(able.messages.first.get_by_role("img", name="one.png")).to_be_visible()
    able.idle()
    assert len(fake.bodies()[-1]["messages"][1]["images"]) == 2
    able.reload()
    expect(able.messages.first.get_by_role("img", name="two.jpg")).to_be_visible()


def test_documents_are_read_and_shown_as_chips(page: ChatPage, fake: FakeOllama) -> None:
    attach(page, ("letter.pdf", pdf("Dear reader")), ("plan.docx", docx("The plan")))
    page.ask("Sum up")
    expect(page.messages.first).to_contain_text("letter.pdf")
    expect(page.messages.first).to_contain_text("plan.docx")
    page.idle()
    asked = fake.bodies()[-1]["messages"][-1]["content"]
    assert "Dear reader" in asked and "The plan" in asked


def test_a_file_that_cannot_be_read_says_why_and_the_prompt_stays(page: ChatPage) -> None:
    attach(page, ("broken.pdf", b"%PDF-1.7 nothing"), ("good.txt", b"Good"))
    page.input.fill("Sum up")
    page.input.press("Enter")
    expect(page.alerts).to_contain_text("broken.pdf cannot be read")
    expect(page.input).to_have_value("Sum up")
    expect(page.page.get_by_text("good.txt")).to_be_visible()
    page.input.press("Enter")
    expect(page.messages.first).to_contain_text("good.txt")


def test_a_model_that_cannot_see_refuses_images_and_nothing_typed_is_lost(
    able: ChatPage, fake: FakeOllama
) -> None:
    attach(able, ("one.png", image("PNG")))
    able.input.fill("What do you see?")
    able.pick("SmolLM2 135M, embedded")
    expect(able.sidebar).to_contain_text("This model cannot see images")
    expect(able.input).to_have_value("What do you see?")
    able.input.press("Enter")
    expect(able.alerts).to_contain_text("cannot see images. Choose a model with vision")
    expect(able.input).to_have_value("What do you see?")
    able.pick(ABLE)
    able.input.press("Enter")
    expect(able.messages.first.get_by_role("img", name="one.png")).to_be_visible()
    able.idle()
    assert len(fake.bodies()[-1]["messages"][1]["images"]) == 1


def test_an_earlier_image_stays(able: ChatPage) -> None:
    attach(able, ("one.png", image("PNG")))
    able.ask("What do you see?")
    able.idle()
    picture = able.page.get_by_role("img", name="one.png")

    def is_drawn() -> bool:
        expect(picture).to_be_visible()
        picture.scroll_into_view_if_needed()
        able.page.wait_for_function("name => document.querySelector(name).complete", arg=PICTURE)
        drawn: bool = picture.evaluate(
            "async one => (await fetch(one.src, {cache: 'no-store'})).ok && one.naturalWidth > 0"
        )
        return drawn

    assert is_drawn()
    for number in range(20):  # on the way the page is drawn anew once
        able.ask(f"And now, {number}?")
        able.idle()
        if number in (0, 19):
            earlier = able.button("Show earlier messages")
            if earlier.count():
                earlier.click()
            assert is_drawn()
    able.messages.last.get_by_role("button", name="More").click()
    able.page.get_by_text("Answer again").click()
    able.idle()
    assert is_drawn()
    able.reload()
    able.button("Show earlier messages").click()
    assert is_drawn()


def test_an_image_opens_in_full_size_in_a_tab_of_its_own(able: ChatPage) -> None:
    attach(able, ("one.png", image("PNG")))
    able.ask("What do you see?")
    able.idle()
    with able.page.expect_popup() as opened:
        able.page.get_by_role("img", name="one.png").click()
    expect(opened.value.locator("img")).to_be_visible()
    expect(able.messages).to_have_count(2)
