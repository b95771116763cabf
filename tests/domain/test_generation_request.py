"""A request can do without what a model cannot take."""

from __future__ import annotations

from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.parameters import Parameters


def test_without_images_the_texts_stay() -> None:
    messages = [ChatMessage("user", "Look", (b"1", b"2")), ChatMessage("assistant", "A cat")]
    request = GenerationRequest("m", messages)
    assert (request.image_count, request.without_images().image_count) == (2, 0)
    assert [message.content for message in request.without_images().messages] == ["Look", "A cat"]


def test_without_think_the_other_parameters_stay() -> None:
    request = GenerationRequest("m", [], parameters=Parameters(think="high", seed=7))
    assert request.without_think().parameters == Parameters(seed=7)
