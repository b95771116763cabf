"""An answer on the page, while it is written and afterwards."""

from __future__ import annotations

from tests.support.fake_ollama.server import FakeOllama, prose
from tests.support.pages import Open, ask, list_messages, list_texts


def test_prices_and_images_are_made_harmless(open_page: Open, fake: FakeOllama) -> None:
    fake.tokens = ["From $5 to $6 ![x](http://192.0.2.1/x.png)"]
    app = ask(open_page(), "Is $7 more than $6?")
    assert list_messages(app) == [
        ("user", r"Is \$7 more than \$6?"),
        ("assistant", r"From \$5 to \$6 [x](http://192.0.2.1/x.png)"),
    ]


def test_blocks_look_the_same_when_read_again(open_page: Open, fake: FakeOllama) -> None:
    fake.tokens = ["One\n\nTwo\n\n", "```\ncode\n\nmore\n```\n\n", "- a\n- b\n\nEnd for $5"]
    fake.tokens_per_second = 20
    app = open_page()
    written = app.chat_input[0].set_value("Hello").run().chat_message[1].markdown
    assert list_texts(written) == list_texts(app.run().chat_message[1].markdown)
    assert len(written) == 5


def test_a_long_answer_is_whole(open_page: Open, fake: FakeOllama) -> None:
    fake.tokens = 400
    (_, answer) = list_messages(ask(open_page(), "Tell me all"))[1]
    assert answer.split() == "".join(prose(400)).split()
