"""What is the operator's own is told to nobody, and nobody writes into the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from locustfiles.streamlit_client.session import TRANSCRIPT_KEY
from tests.support.fake_ollama.server import FakeOllama, Fault
from tests.support.product import Served, free_port, wait_for
from tests.support.stranger import Stranger

Enter = Callable[[Served], Stranger]


def test_a_password_in_an_address_is_shown_to_nobody(
    serve: Callable[..., Served], enter: Enter
) -> None:
    served = serve(f"http://bob:s3cret-pw@127.0.0.1:{free_port()}", wait=False)
    wait_for(served.readyz)
    tab = enter(served)
    told = httpx.get(f"{served.url}/readyz").text
    assert "s3cret-pw" not in told + tab.text() + tab.alerts() + served.log


@pytest.mark.parametrize("key", ["   ", "short"])
def test_a_key_that_is_none_does_not_open_the_api(tmp_path: Path, key: str) -> None:
    with Served("http://127.0.0.1:9", tmp_path / "data", wait=False, api_key=key) as served:
        assert served.process.wait(30) != 0
    assert "API_KEY" in served.log


FORGED = "2026-01-01 \x1b[31mroot signed in\x1b[0m"


def test_nobody_writes_lines_into_the_log(hall: Served, enter: Enter) -> None:
    tab = enter(hall)
    tab.session.trigger_act(TRANSCRIPT_KEY, "use", model=f"a\n{FORGED}")
    tab.session.trigger_act(TRANSCRIPT_KEY, f"a\n{FORGED}")
    tab.is_closed_within(0.5)
    httpx.get(f"{hall.url}/%0A{quote(FORGED)}")
    assert not any(line.startswith("2026-01-01") for line in hall.log.splitlines())
    assert "\x1b" not in hall.log


def test_what_ollama_says_forges_nothing(served: Served, enter: Enter, fake: FakeOllama) -> None:
    fake.fail(Fault("status", status=500, error=f"a\n{FORGED}"))
    tab = enter(served)
    tab.begin("Hello").result(20)
    assert not any(line.startswith("2026-01-01") for line in served.log.splitlines())
    assert "\x1b" not in served.log + tab.alerts()
