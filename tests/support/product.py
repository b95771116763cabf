"""The parts of the product that tests start: an event loop, the whole chat, a real Ollama."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import ollama
import uvloop

from chatbot.llm import embedded_model as embedded
from chatbot.settings import EMBEDDED_MODEL_NAME, Settings

T = TypeVar("T")

ROOT = Path(__file__).parents[2]


def wait_for(condition: Callable[[], T], timeout: float = 60, every: float = 0.01) -> T:
    """Ask `condition` each `every` seconds until it is truthy; TimeoutError after `timeout`."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s; last: {found!r}")
        time.sleep(every)
    return found


# Below those that a system gives by itself, and each process of the tests begins somewhere else:
# between the choice of a port and its use nobody else gets it by chance.
_PORTS = range(20_000, 30_000)
_next_ports = itertools.count(random.randrange(len(_PORTS)))


def fetch(url: str) -> httpx.Response | None:
    """Return what answers a GET, or None while nothing listens; cheap enough to ask in a loop."""
    try:
        # Else httpx reads the list of certificates each time, for ten times the CPU.
        return httpx.get(url, timeout=10, verify=False)
    except httpx.TransportError:
        return None


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens now, another one each time."""
    while True:
        port = _PORTS[next(_next_ports) % len(_PORTS)]
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def usual_port() -> int:
    """Ollama's usual port where it is free, else 0, which stands for any: it is taken already."""
    with socket.socket() as client:
        return 0 if client.connect_ex(("127.0.0.1", 11434)) == 0 else 11434


def environment(**variables: Any) -> dict[str, str]:
    """Return this environment with only these of the chat's variables, named as its settings."""
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    return kept | {name.upper(): str(value) for name, value in variables.items()}


class LoopThread:
    """An event loop in a thread of its own, of the kind that the product runs on."""

    def __enter__(self) -> Self:
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 60) -> T:
        """Run a coroutine on the loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)


class Served:
    """`python -m chatbot` on a free port; `variables` are settings by their lower-case names.

    `wait=False` returns at once, else entering returns when /readyz says that it can answer.
    """

    def __init__(
        self, ollama_url: str, data_dir: Path, *, wait: bool = True, **variables: Any
    ) -> None:
        self.port: int = variables.get("port") or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data_dir = data_dir
        self.log_file = data_dir.with_name(f"{data_dir.name}-{self.port}.log")
        self._wait = wait
        self._variables = {"data_dir": data_dir, **variables, "port": self.port}
        self._variables["ollama_base_url"] = ollama_url

    def __enter__(self) -> Self:
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chatbot"],
                cwd=ROOT,
                env=environment(**self._variables),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            if self._wait:
                self.wait_ready()
        except BaseException:  # a test's end by its limit too: nothing of it may go on
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @property
    def log(self) -> str:
        """All that the process has said."""
        return self.log_file.read_text()

    def readyz(self) -> httpx.Response | None:
        """Return what /readyz answers, or None while nothing listens."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the chat ended with {self.process.returncode}:\n{self.log}")
        return fetch(f"{self.url}/readyz")

    def wait_ready(self, timeout: float = 120) -> None:
        """Return when a prompt sent now is answered."""
        # Not so often that it slows down the start, or the fake Ollama in this process.
        wait_for(lambda: (found := self.readyz()) and found.status_code == 200, timeout, every=0.05)

    def terminate(self, sent: signal.Signals = signal.SIGTERM, timeout: float = 30) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(sent)
        return self.process.wait(timeout)


class NoOllama(Exception):
    """Something that a real Ollama needs is not here; the text names it and how to get it."""


class RealOllama:
    """`ollama serve` on a free port with the embedded model; `folder` takes its models and log.

    `variables` are Ollama's own.
    """

    def __init__(self, folder: Path, **variables: str) -> None:
        self._folder, self._variables = folder, variables
        self.host = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Self:
        binary, model = ollama_binary(), embedded_model()
        variables = {"OLLAMA_HOST": self.host, "OLLAMA_MODELS": str(self._folder / "models")}
        with (self._folder / "ollama.log").open("wb") as log:
            self.process = subprocess.Popen(
                [binary, "serve"],
                env=environment() | variables | self._variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_for(self._answers, 60)
            self._create(model)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError((self._folder / "ollama.log").read_text())
        return bool((found := fetch(self.url)) and found.is_success)

    def _create(self, model: Path) -> None:
        with ollama.Client(host=self.url) as client:
            digest = client.create_blob(model)
            files = {model.name: digest}
            client.create(EMBEDDED_MODEL_NAME, files=files, template=embedded.TEMPLATE)


def embedded_model() -> Path:
    """Return the GGUF file of the embedded model; raises NoOllama."""
    named = os.environ.get("EMBEDDED_MODEL")
    found = [Path(named)] if named else sorted(_cache().rglob("*.gguf"))
    if not found or not found[0].is_file():
        raise NoOllama("no embedded model: run `make run` once, or name its file in EMBEDDED_MODEL")
    return found[0]


def ollama_binary() -> str:
    """Return the program of a real Ollama; raises NoOllama."""
    cached = (str(one) for one in sorted(_cache().rglob("ollama")) if one.is_file())
    for found in (os.environ.get("OLLAMA_BIN"), shutil.which("ollama"), *cached):
        if found and os.access(found, os.X_OK):
            return found
    raise NoOllama("no ollama: run `make run` once, put it on PATH, or name it in OLLAMA_BIN")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ollama-chatbot"
