"""A real OpenID Connect provider as a process of its own, for tests; it believes everybody."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.support.product import environment, fetch, free_port, wait_for


class Provider:
    """`python -m oidc_provider_mock` on a free port; `people` are their claims, each with a sub."""

    def __init__(self, folder: Path, *people: dict[str, str]) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self._log_file = folder / f"provider-{self.port}.log"
        self._claims = [f"--user-claims={json.dumps(person)}" for person in people]

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port)]
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--require-nonce", "true", *self._claims],
                env=environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def settings(self, port: int) -> dict[str, Any]:
        """Return what a chat on this port of this machine needs for a login here."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": "chat",
            "oidc_client_secret": "of-the-chat",
            "public_url": f"http://127.0.0.1:{port}",
        }

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(self._log_file.read_text())
        found = fetch(f"{self.issuer}/.well-known/openid-configuration")
        return found is not None and found.is_success
