"""What a stranger may try, against a running chat; what is only refused shares one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import Served
from tests.support.stranger import Stranger
from tests.support.watch import Watch


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running chat that the trials share which cost it nothing."""
    folder = tmp_path_factory.mktemp("hall") / "data"
    with FakeOllama() as fake, Served(fake.url, folder) as served:
        yield served


@pytest.fixture
def enter() -> Iterator[Callable[[Served], Stranger]]:
    """Opens the page as somebody whom nobody knows: `enter(served)`."""
    tabs: list[Stranger] = []

    def connect(served: Served) -> Stranger:
        tabs.append(Stranger(served.url))
        tabs[-1].connect()
        return tabs[-1]

    yield connect
    for tab in tabs:
        tab.close()


@pytest.fixture
def withstand(
    served: Served, enter: Callable[[Served], Stranger]
) -> Callable[[Callable[[Stranger], object]], None]:
    """Lets a stranger attack a chat of its own: nobody else may notice, nor after it."""

    def attempt(attack: Callable[[Stranger], object]) -> None:
        tab, somebody = enter(served), enter(served)
        with Watch(served.url, served.process.pid) as watch:
            attack(tab)
        assert watch.is_cheap, str(watch)
        assert somebody.ask("Hello").text

    return attempt
