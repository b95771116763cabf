"""Thinking, images and files in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Request, Route, WebSocketRoute, expect

from tests.support.chat_page import ChatPage
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.files import docx, image, pdf
from tests.support.product import Served

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
    box, sent = page.page.get_by_test_id("stChatInput"), list[Request]()
    page.page.on("requestfinished", lambda one: sent.append(one))
    put(page, *files)
    for name, _ in files:
        expect(box).to_contain_text(name)
    while sum("upload_file" in one.url for one in sent) < len(files):
        page.page.wait_for_event("requestfinished")


def test_thinking_stands_folded_above_the_answer(able: ChatPage, fake: FakeOllama) -> None:
    fake.set(thinking=["Let me", " think", " about it."], tokens=["Four"], tokens_per_second=2)
    answer = able.ask("Two and two?")
    expect(answer).to_contain_text("Thinking…")
    expect(answer.get_by_text("Let me")).to_be_visible()
    expect(answer).to_contain_text("Four")
    block = answer.get_by_text("Thought for")
    expect(block).to_be_visible()
    expect(answer.get_by_text("Let me think about it.")).not_to_be_visible()
    block.click()
    expect(answer.get_by_text("Let me think about it.")).to_be_visible()
    able.idle()
    able.reload()
    expect(able.messages.last.get_by_text("Thought for")).to_be_visible()


def test_text_that_turns_out_to_be_thinking_is_folded(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["Two\n\n", "and two.", "\n</think>\n\n", "Four.", " Really."]
    fake.fail(stall(2))
    answer = page.ask("Two and two?")
    expect(answer.get_by_text("and two.")).to_be_visible()
    fake.resume()
    expect(answer).to_contain_text("Four. Really.")
    expect(answer.get_by_text("and two.")).not_to_be_visible()
    answer.get_by_text("Thought for").click()
    expect(answer.get_by_text("and two.")).to_have_count(1)
    expect(answer.locator(".chat-thinking")).to_contain_text("and two.")
    page.idle()
    page.ask("And three?")
    page.idle()
    asked = [one["content"] for one in fake.bodies()[-1]["messages"]]
    assert asked[1:3] == ["Two and two?", "Four. Really."]


def test_an_answer_without_text_can_be_tried_again(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = []
    answer = page.ask("Hello?")
    expect(answer).to_contain_text("The model wrote nothing")
    fake.tokens = ["Here"]
    page.button("Try again").click()
    expect(page.messages.last).to_contain_text("Here")


def test_images_are_left_out_for_a_model_that_cannot_see(able: ChatPage, fake: FakeOllama) -> None:
    attach(able, ("one.png", image("PNG")))
    able.ask("What do you see?")
    able.idle()
    able.pick("SmolLM2 135M, embedded")
    answer = able.ask("And now?")
    expect(answer).to_contain_text("Images were left out")
    assert not any(one.get("images") for one in fake.bodies()[-1]["messages"])


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
    expect(page.alerts).to_contain_text("broken.pdf is damaged")
    expect(page.input).to_have_value("Sum up")
    expect(page.page.get_by_text("good.txt")).to_be_visible()
    page.input.press("Enter")
    expect(page.messages.first).to_contain_text("good.txt")


def put(page: ChatPage, *files: tuple[str, bytes]) -> None:
    """Chooses files for the next prompt and waits for nothing."""
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        for name, data in files
    ]
    page.page.get_by_test_id("stChatInput").locator("input[type=file]").set_input_files(payloads)


def test_a_prompt_waits_until_its_file_is_uploaded(page: ChatPage, fake: FakeOllama) -> None:
    held = list[Route]()
    page.page.route("**/upload_file/**", lambda route: held.append(route))
    with page.page.expect_request("**/upload_file/**"):
        put(page, ("slow.tsx", b"export const a = 1;"))
    page.input.fill("Read this")
    page.input.press("Enter")
    expect(page.input).to_have_value("Read this")
    expect(page.messages).to_have_count(0)
    held[0].continue_()
    expect(page.messages.first).to_contain_text("slow.tsx")
    page.idle()
    assert "export const a = 1;" in fake.bodies()[-1]["messages"][-1]["content"]


def test_a_prompt_waits_for_a_file_that_was_only_just_chosen(
    visit: Visit, chat: Served, fake: FakeOllama
) -> None:
    page = visit(chat.url)
    addresses, socket = list[bytes | str](), list[WebSocketRoute]()

    def pass_on(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        socket.append(route)
        server.on_message(
            lambda said: (
                addresses.append(said)
                if b"upload_file" in (said if isinstance(said, bytes) else said.encode())
                else route.send(said)
            )
        )

    page.page.route_web_socket("**/_stcore/stream", pass_on)
    page.reload()
    page.idle()
    put(page, ("Dockerfile", b"FROM scratch"))
    page.input.fill("Read this")
    page.input.press("Enter")
    page.submit_button.click()
    expect(page.input).to_have_value("Read this")
    expect(page.messages).to_have_count(0)
    socket[-1].send(addresses.pop())
    expect(page.messages.first).to_contain_text("Dockerfile")
    page.idle()
    assert "FROM scratch" in fake.bodies()[-1]["messages"][-1]["content"]


@pytest.fixture
def small(visit: Visit, serve: Callable[..., Served], fake: FakeOllama) -> ChatPage:
    """A chat that takes files of 1 MB."""
    return visit(serve(max_file_mb=1).url)


def test_a_prompt_is_not_sent_without_a_file_that_could_not_be_attached(
    small: ChatPage, fake: FakeOllama
) -> None:
    put(small, ("big.log", b"x" * 1_500_000), ("good.txt", b"Good"))
    small.input.fill("Read both")
    small.input.press("Enter")
    notice = small.page.get_by_role("alert").filter(has_text="could not be attached: big.log")
    expect(notice).to_be_visible()
    expect(small.input).to_have_value("Read both")
    expect(small.messages).to_have_count(0)
    small.button("Remove big.log").click()
    expect(notice).to_have_count(0)
    small.input.press("Enter")
    expect(small.messages.first).to_contain_text("good.txt")


def test_a_file_alone_is_answered_and_names_its_conversation(page: ChatPage) -> None:
    attach(page, ("plan.docx", docx("The plan")))
    page.input.press("Enter")
    expect(page.messages.first).to_contain_text("plan.docx")
    expect(page.messages).to_have_count(2)
    expect(page.conversation("plan.docx")).to_be_visible()


def test_a_model_that_cannot_see_refuses_images_and_nothing_typed_is_lost(
    able: ChatPage, fake: FakeOllama
) -> None:
    attach(able, ("one.png", image("PNG")))
    able.input.fill("What do you see?")
    able.pick("SmolLM2 135M, embedded")
    expect(able.input).to_have_value("What do you see?")
    able.input.press("Enter")
    expect(able.alerts).to_contain_text("cannot see images. Choose a model with vision")
    expect(able.input).to_have_value("What do you see?")
    able.button(f"Use {ABLE}").click()
    expect(able.alerts).to_have_count(0)
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
            assert is_drawn()
    able.act(able.messages.last, "again")
    able.idle()
    assert is_drawn()
    able.reload()
    assert is_drawn()


def test_an_image_opens_in_full_size_in_a_tab_of_its_own(able: ChatPage) -> None:
    attach(able, ("one.png", image("PNG")))
    able.ask("What do you see?")
    able.idle()
    with able.page.expect_popup() as opened:
        able.page.get_by_role("img", name="one.png").click()
    expect(opened.value.locator("img")).to_be_visible()
    expect(able.messages).to_have_count(2)
