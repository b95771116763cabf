"""An answer in a real browser: how it comes, how it looks, and how it is stopped."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import FakeOllama, stall

pytestmark = pytest.mark.browser


def test_an_answer_grows_while_it_is_written(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = words(9)
    fake.fail(stall(3))
    expect(page.welcome).to_be_visible()
    answer = page.ask("Count for me")
    expect(page.stop_button).to_be_visible()
    expect(page.welcome).to_have_count(0)
    expect(answer).to_contain_text("word2")
    expect(answer).not_to_contain_text("word3")
    fake.resume()
    expect(answer).to_contain_text("word8")
    expect(answer).to_have_attribute("data-state", "done")
    page.act(answer, "figures")
    expect(answer).to_contain_text("9 out")
    expect(page.stop_button).to_be_hidden()


def test_the_whole_conversation_goes_to_the_model(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["Good", " day"]
    expect(page.ask("Hello")).to_contain_text("Good day")
    page.idle()
    page.ask("And now?")
    page.idle()
    said = [(one["role"], one["content"]) for one in fake.bodies()[-1]["messages"]]
    assert said[1:] == [("user", "Hello"), ("assistant", "Good day"), ("user", "And now?")]
    expect(page.messages).to_have_count(4)


def test_code_has_a_copy_button_and_formulas_are_drawn(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["Try\n\n```python\nprint(1)\n```\n\n", "Since $E = mc^2$, \\(a^2\\)\n\n$$x$$"]
    answer = page.ask("Code and formulas")
    expect(answer.locator("pre code")).to_have_text("print(1)")
    expect(answer.locator(".chat-code-language")).to_have_text("Python")
    expect(answer.get_by_role("button", name="Copy code")).to_be_visible()
    expect(answer.locator(".katex")).to_have_count(3)


def test_prices_are_no_formulas(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["Between $5 and $6"]
    answer = page.ask("It was $7 and is $8")
    expect(answer).to_contain_text("Between $5 and $6")
    expect(page.messages.first).to_contain_text("It was $7 and is $8")
    expect(page.page.locator(".katex")).to_have_count(0)


def test_html_of_the_model_and_of_the_person_is_shown_as_text(
    page: ChatPage, fake: FakeOllama
) -> None:
    html = "<b id=evil>bold</b><script>document.title = 'evil'</script>"
    fake.tokens = [f"Here: {html}"]
    answer = page.ask(f"What is {html}")
    page.idle()
    for message in (page.messages.first, answer):
        expect(message).to_contain_text("<b id=evil>bold</b>")
    expect(page.page.locator("#evil")).to_have_count(0)
    expect(page.page).not_to_have_title("evil")


def test_a_remote_image_is_not_fetched(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = ["![a spy](http://192.0.2.1/spy.png) ![b][1] done\n\n[1]: http://192.0.2.1/b.png"]
    expect(page.ask("Show me a picture")).to_contain_text("done")
    page.idle()
    expect(page.messages.last.locator("img")).to_have_count(0)


def _partial(page: ChatPage, fake: FakeOllama) -> Locator:
    """Asks for an answer that would take a minute; returns when some of it is there."""
    fake.set(tokens=words(1200), tokens_per_second=20)
    answer = page.ask("Tell me all")
    expect(answer).to_contain_text("word2 word3")
    return answer


def test_stop_ends_it_on_the_server_and_keeps_what_came(page: ChatPage, fake: FakeOllama) -> None:
    answer = _partial(page, fake)
    page.stop_button.click()
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)
    for _ in range(2):
        page.idle()
        expect(answer).to_contain_text("word2 word3")
        expect(answer).to_contain_text("Stopped")
        page.reload()


def test_stop_works_before_the_first_token(page: ChatPage, fake: FakeOllama) -> None:
    fake.first_token_delay = 60
    answer = page.ask("Think long")
    expect(answer).to_contain_text("Reading the prompt")
    page.stop_button.click()
    fake.wait_for(lambda now: now.aborted == 1)
    expect(answer).to_contain_text("Stopped")


def test_stop_works_while_the_model_is_silent(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = words(9)
    fake.fail(stall(3))
    answer = page.ask("Fall silent")
    expect(answer).to_contain_text("word2")
    page.stop_button.click()
    fake.wait_for(lambda now: now.aborted == 1)
    expect(answer).to_contain_text("Stopped")


def test_a_stopped_answer_can_be_had_again(page: ChatPage, fake: FakeOllama) -> None:
    answer = _partial(page, fake)
    page.stop_button.click()
    fake.set(tokens=["Whole"], tokens_per_second=0)
    page.act(answer, "again")
    expect(answer).to_contain_text("Whole")
    expect(page.messages).to_have_count(2)


def test_closing_the_tab_ends_the_answer_and_keeps_what_came(
    page: ChatPage, fake: FakeOllama
) -> None:
    _partial(page, fake)
    address, context = page.page.url, page.page.context
    page.page.close()
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)
    later = context.new_page()
    later.goto(address)
    expect(later.locator(".chat-message").last).to_contain_text("word2 word3")
    expect(later.locator(".chat-message").last).to_contain_text("no page showed it any more")
    expect(later.get_by_role("button", name="Continue")).to_be_visible()
