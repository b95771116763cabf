"""A sample page served by a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SERVE = "tests.support.sample_pages.serve"


@contextmanager
def serve_page(name: str) -> Iterator[str]:
    """Serve the sample page `name` until the block ends; yield its address."""
    environment = os.environ | {"STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", _SERVE, name, str(listener.fileno())]
        server = subprocess.Popen(command, pass_fds=[listener.fileno()], env=environment)
        port = listener.getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()
