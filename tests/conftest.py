"""Fixtures that all tests share; what they start is in product.py and fake_ollama.py."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

from chatbot import services as product_services
from chatbot.services import Services
from chatbot.settings import Settings
from tests.support.chromium import ARGUMENTS, NoChromium, executable
from tests.support.fake_ollama.server import FakeOllama
from tests.support.postgres import NoPostgres, Postgres
from tests.support.product import LoopThread, NoOllama, RealOllama, Served, wait_for

# In `make test` the same inputs each time; `make fuzz` takes others and ten times as many.
hypothesis.settings.register_profile("test", max_examples=100, deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("test")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker that sets settings for one test."""
    config.addinivalue_line("markers", "configured(**settings): settings of this test")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the chat's variables is set, and its default folder is a temporary one."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    """A fake Ollama that has the default model."""
    with FakeOllama() as server:
        yield server


@pytest.fixture
def configured(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of `@pytest.mark.configured(max_answers=1)`."""
    marker = request.node.get_closest_marker("configured")
    return dict(marker.kwargs) if marker else {}


@pytest.fixture
def settings(
    own_environment: None, tmp_path: Path, fake: FakeOllama, configured: dict[str, Any]
) -> Settings:
    """Settings with a temporary DATA_DIR and the fake Ollama."""
    return Settings(**{"data_dir": tmp_path / "data", "ollama_base_url": fake.url, **configured})


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one headless Chromium of all tests: Playwright cannot be started beside itself."""
    try:
        found = executable()
    except NoChromium as missing:
        pytest.skip(str(missing))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    """An event loop in a thread; `loop.run(coroutine)` returns its result."""
    with LoopThread() as thread:
        yield thread


@pytest.fixture
def services(loop: LoopThread, settings: Settings) -> Iterator[Services]:
    """The services of a running chat, also as `services.current()`; perhaps not ready yet."""
    stack = contextlib.AsyncExitStack()
    now = loop.run(stack.enter_async_context(product_services.running(settings)))
    loop.loop.call_soon_threadsafe(now.readiness.warm.set)
    yield now
    loop.run(stack.aclose())


@pytest.fixture
def ready(services: Services) -> Services:
    """The services of a running chat that can answer now."""
    wait_for(lambda: services.readiness.is_ready)
    return services


@pytest.fixture
def serve(tmp_path: Path, fake: FakeOllama) -> Iterator[Callable[..., Served]]:
    """Starts the product as a process: `serve(max_answers=1)`; see Served for the arguments."""
    with contextlib.ExitStack() as stack:

        def start(ollama_url: str = fake.url, **arguments: Any) -> Served:
            arguments.setdefault("data_dir", tmp_path / "data")
            return stack.enter_context(Served(ollama_url, **arguments))

        yield start


@pytest.fixture
def served(serve: Callable[..., Served], configured: dict[str, Any]) -> Served:
    """The product as a process with the fake Ollama, ready to answer."""
    return serve(**configured)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests."""
    server = Postgres()
    try:
        server.__enter__()
    except NoPostgres as missing:
        pytest.skip(str(missing))
    yield server
    server.__exit__()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres.make_database()


@pytest.fixture(scope="session")
def real_ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealOllama]:
    """A real Ollama with the embedded model."""
    server = RealOllama(tmp_path_factory.mktemp("ollama"))
    try:
        server.__enter__()
    except NoOllama as missing:
        pytest.skip(str(missing))
    yield server
    server.__exit__()
