"""GET /openapi.json: a valid document of all routes beside the page, and a true one."""

from __future__ import annotations

import pytest
from openapi_spec_validator import validate
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.services import Services
from chatbot.web import api, downloads, openapi, transcript
from chatbot.web.api_models import Liveness, ReadinessState

ROUTES = [*api.ROUTES, *openapi.ROUTES, *downloads.ROUTES, *transcript.ROUTES]


@pytest.fixture
def client() -> TestClient:
    """A client of all routes."""
    return TestClient(Starlette(routes=ROUTES))


def test_the_document_is_valid_and_names_each_route(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    validate(document)
    assert sorted(document["paths"]) == sorted(route.path for route in ROUTES)
    for route in ROUTES:
        (method,) = document["paths"][route.path]
        assert method.upper() in (route.methods or ())


def test_the_body_of_a_prompt_is_described() -> None:
    body = openapi.make_document()["components"]["schemas"]["GenerationBody"]
    assert body["required"] == ["prompt"]
    assert sorted(body["properties"]) == ["model", "prompt", "stream"]


def test_the_probes_answer_as_described(client: TestClient, services: Services) -> None:
    Liveness.model_validate(client.get("/livez").json())
    ReadinessState.model_validate(client.get("/readyz").json())
