"""The sidebar's tools: what they open, and what they say of the model."""

from __future__ import annotations

from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.pages import Open, list_texts
from tests.support.product import LoopThread


def test_help_lists_the_shortcuts(open_page: Open) -> None:
    app = open_page()
    app.button("tool-help").click().run()
    assert any("Ctrl+Shift+O" in text for text in list_texts(app.markdown))
    assert not app.exception


def test_a_model_that_cannot_see_is_told(
    open_page: Open, ready: Services, fake: FakeOllama, loop: LoopThread
) -> None:
    fake.set(models=[DEFAULT_MODEL, "seer:1b"], capabilities={"seer:1b": ["vision"]})
    loop.run(ready.models.read_installed())
    app, sentence = open_page(), "This model cannot see images."
    assert sentence in list_texts(app.sidebar.caption)
    app.selectbox[0].set_value("seer:1b").run()
    assert sentence not in list_texts(app.sidebar.caption)
