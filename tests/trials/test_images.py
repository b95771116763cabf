"""What a model writes makes no reader's browser ask anybody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, expect

from tests.support.product import Served
from tests.support.stranger import Stranger

pytestmark = [pytest.mark.trials, pytest.mark.browser]

Enter = Callable[[Served], Stranger]

_WAYS = (
    "![x](URL)",
    "![x]( URL 'title' )",
    "![x][1]\n\n[1]: URL",
    "![1]\n\n[1]: URL",
    "[![x](URL)](URL)",
    '<img src="URL">',
    "<img src=URL",
    '<IMG SRCSET="URL 2x">',
    '<picture><source srcset="URL"><img></picture>',
    '<svg><image href="URL"/></svg>',
    '<svg><use href="URL#a"/></svg>',
    '<video poster="URL" src="URL" autoplay></video>',
    '<audio src="URL" autoplay></audio>',
    '<iframe src="URL"></iframe>',
    '<object data="URL"></object>',
    '<embed src="URL">',
    '<link rel="stylesheet" href="URL">',
    '<link rel="prefetch" href="URL">',
    '<meta http-equiv="refresh" content="0; url=URL">',
    '<style>@import "URL"; body {background: url(URL)}</style>',
    '<div style="background: url(URL)">a</div>',
    '<input type="image" src="URL">',
    '<body background="URL">',
    "<script src=URL></script>",
    '<base href="URL/">',
    "$\\includegraphics{URL}$",
    "$$\\htmlStyle{background: url(URL)}{a}$$",
    "```a`\n![x](URL)",
    "> ```\n> code\n![x](URL)",
    "hello\n    ```\n![x](URL)",
    "# a `\n![x](URL) `",
    "- a `\n- ![x](URL) `",
    "|a|b|\n|-|-|\n|`|![x](URL)|\n|`|c|",
    "a `\n***\n![x](URL) `",
    "<!-- ` -->\n![x](URL) `",
    "<http://a/`>![x](URL)`",
    '<a title="`">![x](URL)`</a>',
    "[a]: <`>\n![x](URL) `",
    "<div>\n```\n</div>\n\n![x](URL)",
    "```mermaid\ngraph TD\nA[<img src=URL>]\n```",
    "```svg\n<svg><image href='URL'/></svg>\n```",
)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server elsewhere: its address, and the paths that it is asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


def test_an_answer_sends_nothing_elsewhere(
    served: Served, enter: Enter, chromium: Browser, listener: tuple[str, list[str]]
) -> None:
    url, paths = listener
    messages = [
        message
        for number, way in enumerate(_WAYS)
        for message in (
            {"role": "user", "content": f"Question {number}"},
            {"role": "ai", "content": way.replace("URL", f"{url}/{number}")},
        )
    ]
    hidden = [{"role": "user", "content": "q"}, {"role": "ai", "content": "The last word"}]
    tab = enter(served)
    conversation = {"model": {"name": f"![x]({url}/model)"}, "messages": messages + hidden}
    tab.bring_in(json.dumps([conversation]).encode())
    context = chromium.new_context()
    context.add_cookies(
        [{"name": name, "value": value, "url": served.url} for name, value in tab.cookies.items()]
    )
    page = context.new_page()
    page.goto(f"{served.url}/?{tab.session.query}")
    expect(page.get_by_text("The last word")).to_be_visible(timeout=20_000)
    for message in page.locator(".chat-message").all():  # what nobody sees is not drawn
        message.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    context.close()
    assert not paths
