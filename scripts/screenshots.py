"""Takes docs/images/*.png from the real page in a headless Chromium.

`python -m scripts.screenshots [--only NAME]`; the answers come from the tests' fake Ollama, so that
the pictures are the same each time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, expect, sync_playwright

from tests.support.chat_page import ChatPage
from tests.support.chromium import ARGUMENTS, PATIENCE_MS, executable
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.files import image
from tests.support.product import ROOT, Served

IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = {"width": 1200, "height": 800}, {"width": 390, "height": 844}
LARGER_MODEL = "qwen3:8b"
QUESTION = "How does binary search work, and how fast is it?"
OLDER = ("Plan three days in Lisbon", "A birthday poem for Ada", "Why is the sky blue?")
ANSWER = """\
Binary search halves a **sorted** list until the value is found:

```python
def search(values: list[int], wanted: int) -> int | None:
    low, high = 0, len(values) - 1
    while low <= high:
        middle = (low + high) // 2
        if values[middle] == wanted:
            return middle
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return None
```

Each step leaves half of the $n$ values, so it ends after at most

$$\\lfloor \\log_2 n \\rfloor + 1$$

steps: 20 for a million values.
"""
THOUGHT = "The picture is one even colour. There is no edge, so it shows no object."
SEEN = "A plain blue surface. There is nothing else to see in it."


class Studio:
    """A running chat before a fake Ollama, and a browser to look at it."""

    def __init__(self, browser: Browser, fake: FakeOllama, url: str) -> None:
        self.fake = fake
        self._browser = browser
        self._url = url

    def page(self, width: dict[str, int] = DESKTOP, scheme: str = "light") -> ChatPage:
        """Return the page of a new visitor."""
        context = self._browser.new_context(
            viewport={"width": width["width"], "height": width["height"]},
            color_scheme="dark" if scheme == "dark" else "light",
            device_scale_factor=2,
        )
        context.set_default_timeout(PATIENCE_MS)
        page = ChatPage(context.new_page(), self._url)
        page.open()
        return page

    def conversation(self, width: dict[str, int] = DESKTOP, scheme: str = "light") -> ChatPage:
        """Return a page with a few conversations, the last of them open."""
        page = self.page(width, scheme)
        for prompt in OLDER if width is DESKTOP else ():
            page.ask(prompt)
            page.idle()
            page.start_conversation()
        self.fake.set(tokens=_split_tokens(ANSWER), tokens_per_second=90)
        page.ask(QUESTION)
        page.idle()
        return page


def empty(studio: Studio) -> ChatPage:
    """Return the page as it opens."""
    return studio.page()


def streaming(studio: Studio) -> ChatPage:
    """Return an answer being written, with the button that stops it."""
    page = studio.page()
    studio.fake.set(tokens=_split_tokens(ANSWER), tokens_per_second=30)
    expect(page.ask(QUESTION)).to_contain_text("middle + 1")
    return page


def conversation(studio: Studio) -> ChatPage:
    """Return an answer with code and a formula."""
    return studio.conversation()


def dark(studio: Studio) -> ChatPage:
    """Return the same on a system with a dark theme."""
    return studio.conversation(scheme="dark")


def phone(studio: Studio) -> ChatPage:
    """Return the same on a phone."""
    return studio.conversation(PHONE)


def missing(studio: Studio) -> ChatPage:
    """Return a model that is not installed, with the button that pulls it."""
    page = studio.page()
    page.pick(LARGER_MODEL)
    studio.fake.models = [DEFAULT_MODEL]
    page.ask(QUESTION)
    expect(page.button(f"Pull {LARGER_MODEL}")).to_be_visible()
    return page


def pull(studio: Studio) -> ChatPage:
    """Return the progress of a pull."""
    page = missing(studio)
    studio.fake.pull_layers = [5_200_000_000, 1_500, 500]
    studio.fake.fail(stall(8), path="/api/pull")
    page.button(f"Pull {LARGER_MODEL}").click()
    expect(page.page.get_by_text("60% of 5.2 GB").first).to_be_visible()
    return page


def thinking(studio: Studio) -> ChatPage:
    """Return an answer of a model that thought first and was sent an image."""
    page = studio.page()
    page.pick(LARGER_MODEL)
    studio.fake.set(
        thinking=_split_tokens(THOUGHT), tokens=_split_tokens(SEEN), tokens_per_second=90
    )
    payload: FilePayload = {"name": "tower.png", "mimeType": "image/png", "buffer": image()}
    box = page.page.get_by_test_id("stChatInput")
    with page.page.expect_response(lambda one: "upload_file" in one.url):
        box.locator("input[type=file]").first.set_input_files([payload])
    answer = page.ask("What is in this picture?")
    page.idle()
    answer.locator(".chat-thinking summary").click()
    return page


def gauge(studio: Studio) -> ChatPage:
    """Return a context window that is nearly full, with the cures."""
    page = studio.page()
    studio.fake.set(
        tokens=_split_tokens("It is a list that is kept in order."), prompt_tokens=3_600
    )
    page.ask("And what is a sorted list?")
    expect(page.page.locator(".chat-usage")).to_contain_text("nearly full")
    page.idle()
    return page


def models(studio: Studio) -> ChatPage:
    """Return the models: installed, in memory, and pulled by name."""
    page = studio.page()
    page.open_tool("models")
    expect(page.page.get_by_test_id("stDialog")).to_contain_text("in memory")
    return page


def settings(studio: Studio) -> ChatPage:
    """Return what a conversation is told and how it is answered."""
    page = studio.page()
    page.open_tool("settings")
    expect(page.page.get_by_label("System prompt")).to_be_visible()
    return page


SCENES: dict[str, Callable[[Studio], ChatPage]] = {
    scene.__name__: scene
    for scene in (
        empty,
        streaming,
        conversation,
        thinking,
        gauge,
        models,
        settings,
        missing,
        pull,
        phone,
        dark,
    )
}


# The page scrolls to the newest text by itself, a little later, and formulas get their letters.
SCROLLED = """async () => {
  await document.fonts.ready;
  const part = document.querySelector(":has(> .stMain)");
  return part.scrollTop + part.clientHeight > part.scrollHeight - 2;
}"""


def _split_tokens(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]


def take_picture(name: str, browser: Browser) -> None:
    """Write docs/images/NAME.png, from a chat of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeOllama(
            models=[DEFAULT_MODEL, LARGER_MODEL],
            capabilities={LARGER_MODEL: ["thinking", "vision"]},
            tokens=_split_tokens("Gladly."),
        ) as fake,
        Served(fake.url, Path(folder) / "data") as served,
    ):
        page = SCENES[name](Studio(browser, fake, served.url))
        page.page.mouse.move(0, 0)
        page.page.wait_for_function(SCROLLED)
        page.page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")
        page.page.context.close()


def main() -> None:
    """Take the picture that is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=sorted(SCENES), metavar="NAME", help=", ".join(SCENES))
    only = parser.parse_args().only
    IMAGES.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        for name in [only] if only else SCENES:
            take_picture(name, browser)
            sys.stderr.write(f"docs/images/{name}.png\n")
        browser.close()


if __name__ == "__main__":
    main()
