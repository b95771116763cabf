"""GET /openapi.json: the API described for programs, made of the types that it is checked by."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatbot import __version__
from chatbot.identity.visitor_cookie import COOKIE, HTTPS_COOKIE
from chatbot.web import api_models, transcript_models

_SCHEMAS = "#/components/schemas/{model}"
_READ = (api_models.GenerationBody,)
_WRITTEN = (
    api_models.WholeAnswer,
    api_models.AnswerPart,
    api_models.LastLine,
    api_models.Failure,
    api_models.LastLineOfFailure,
    api_models.Liveness,
    api_models.ReadinessState,
    transcript_models.Transcript,
    transcript_models.ExchangeEvent,
    transcript_models.WaitEvent,
    transcript_models.EndEvent,
)
_LINES = (
    api_models.AnswerPart,
    api_models.LastLine,
    api_models.LastLineOfFailure,
)


def describe_api(request: Request) -> Response:
    """Answer with the OpenAPI document."""
    return Response(orjson.dumps(make_document()), media_type="application/json")


@cache
def make_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all routes beside the page."""
    modes: list[Any] = [(model, "validation") for model in _READ]
    modes += [(model, "serialization") for model in _WRITTEN]
    _, schemas = models_json_schema(modes, ref_template=_SCHEMAS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "ollama-chatbot", "version": __version__},
        "paths": {**_answer_paths(), **_probe_paths(), **_download_paths(), **_transcript_paths()},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "API_KEY"},
                "visitor": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": f"Over https {HTTPS_COOKIE}",
                },
            },
        },
    }


def _answer_paths() -> dict[str, Any]:
    content = {
        "application/json": {"schema": _refer_to(api_models.WholeAnswer)},
        "application/x-ndjson": {"schema": {"oneOf": [_refer_to(model) for model in _LINES]}},
    }
    operation = {
        "operationId": "generate_text",
        "summary": "Answer a prompt, whole or in lines as it is written",
        "security": [{}, {"key": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _refer_to(api_models.GenerationBody)}},
        },
        "responses": {
            "200": {"description": "The answer; with `stream`, a line each", "content": content},
            "default": _json_answer("What went wrong", api_models.Failure),
        },
    }
    return {"/generate_text": {"post": operation}}


def _probe_paths() -> dict[str, Any]:
    state = api_models.ReadinessState
    return {
        "/livez": _describe_get(
            "livez", "Whether it serves", _json_answer("It does", api_models.Liveness)
        ),
        "/readyz": _describe_get(
            "readyz",
            "Whether a prompt sent now is answered",
            _json_answer("It is", state),
            {"503": _json_answer("It is not, and why", state)},
        ),
        "/metrics": _describe_get("metrics", "Figures for Prometheus", _file_answer("text/plain")),
        "/openapi.json": _describe_get(
            "openapi", "This document", _file_answer("application/json")
        ),
    }


def _transcript_paths() -> dict[str, Any]:
    messages = _describe_own(
        "messages",
        "What is shown of a conversation of the user, oldest first",
        _json_answer("The messages", transcript_models.Transcript),
        "conversation_id",
    )
    events = _describe_own(
        "events",
        "An answer of the user's as server-sent events: `exchange` first, then more text (a JSON "
        "string, without a name), `thinking`, `moved` (all text so far was thinking) and `wait`, "
        "and `end`. The id of the last event, as Last-Event-ID or ?last=, goes on from there",
        _file_answer("text/event-stream"),
        "message_id",
    )
    stop = _describe_own(
        "stop", "End an answer of the user's", {"description": "It ends"}, "message_id"
    )
    stop["post"] = stop.pop("get")
    stop["post"]["responses"]["204"] = stop["post"]["responses"].pop("200")
    return {
        "/conversations/{conversation_id}/messages": messages,
        "/generations/{message_id}/events": events,
        "/generations/{message_id}/stop": stop,
    }


def _describe_own(
    name: str, summary: str, answer: dict[str, Any], parameter: str
) -> dict[str, Any]:
    failure = {"default": _json_answer("What went wrong", api_models.Failure)}
    path = _describe_get(name, summary, answer, failure)
    path["get"]["security"] = [{"visitor": []}]
    path["get"]["parameters"] = [
        {"name": parameter, "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    return path


def _download_paths() -> dict[str, Any]:
    files = {"200": _file_answer("application/json", "text/markdown")}
    whole = _describe_download(
        "export_conversations", "All conversations of the user", files, "ending"
    )
    one = _describe_download(
        "export_conversation", "A conversation of the user", files, "conversation_id", "ending"
    )
    images = {"200": _file_answer("image/*")}
    image = _describe_download("attachment", "An image in a conversation", images, "attachment_id")
    small = _describe_download("thumbnail", "A small copy of an image", images, "attachment_id")
    return {
        "/conversations/export.{ending}": whole,
        "/conversations/{conversation_id}/export.{ending}": one,
        "/attachments/{attachment_id}": image,
        "/attachments/{attachment_id}/thumbnail": small,
    }


def _describe_download(
    name: str, summary: str, files: dict[str, Any], *parameters: str
) -> dict[str, Any]:
    failure = {"default": _file_answer("text/plain")}
    path = _describe_get(name, summary, files["200"], failure)
    path["get"]["security"] = [{"visitor": []}]
    path["get"]["parameters"] = [
        {"name": parameter, "in": "path", "required": True, "schema": _parameter_schema(parameter)}
        for parameter in parameters
    ]
    return path


def _parameter_schema(name: str) -> dict[str, Any]:
    return {"type": "string", **({"enum": ["json", "md"]} if name == "ending" else {})}


def _describe_get(
    name: str, summary: str, answer: dict[str, Any], others: dict[str, Any] | None = None
) -> dict[str, Any]:
    responses = {"200": answer, **(others or {})}
    return {"get": {"operationId": name, "summary": summary, "responses": responses}}


def _json_answer(description: str, model: type[BaseModel]) -> dict[str, Any]:
    content = {"application/json": {"schema": _refer_to(model)}}
    return {"description": description, "content": content}


def _file_answer(*media_types: str) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    return {"description": " or ".join(media_types), "content": content}


def _refer_to(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _SCHEMAS.format(model=model.__name__)}


ROUTES = [Route("/openapi.json", describe_api)]
