"""What is being tested: whether it is there, what it is, and what will be done to it."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from typing import NoReturn

import psutil
import requests
from locust.env import Environment

from locustfiles.run import options as load_options
from locustfiles.run.load_run import Setup
from locustfiles.run.shapes import Shape

_PATIENCE_S = 120


def prepare_target(environment: Environment, shape: Shape) -> Setup:
    """Return the setup of a run against the target, once it is ready and its model is loaded.

    Ends the program with one sentence when it does not become ready.
    """
    options = environment.parsed_options
    assert options is not None
    users = [user_class.__name__ for user_class in environment.user_classes]
    if users != ["OllamaUser"]:
        options.model = options.model or _wait_until_ready(environment.host or "")
    if "OllamaUser" in users:
        _load_model(options.ollama_host, options.model)
    return Setup(
        host=environment.host or options.ollama_host,
        model=options.model,
        shape=options.shape,
        stages=[list(stage) for stage in shape.stages],
        drain_s=options.drain,
        seed=options.seed,
        think_s=options.think,
        users=users,
        goals=asdict(load_options.read_goals(options)),
        machine=_describe_machine(),
        versions={name: version(name) for name in ("locust", "websockets", "streamlit")},
        command=" ".join(["locust", *sys.argv[1:]]),
    )


def _wait_until_ready(host: str) -> str:
    """Wait until the chat is ready; returns its model."""
    if not host:
        _end_with_error("--host is missing: name the chat, for example http://127.0.0.1:8501")
    deadline, says = time.monotonic() + _PATIENCE_S, "nothing"
    while time.monotonic() < deadline:
        try:
            answer = requests.get(f"{host}/readyz", timeout=10)
            if answer.status_code == 200:
                return str(answer.json().get("model", ""))
            says = answer.text
        except (requests.RequestException, ValueError) as error:
            says = str(error)
            if isinstance(error, requests.ConnectionError) and "refused" in says:
                _end_with_error(
                    f"nothing listens at {host}: start the chat, or name another --host"
                )
        time.sleep(1)
    _end_with_error(f"{host} is not ready after {_PATIENCE_S} s; it says: {says}")


def _load_model(host: str, model: str) -> None:
    """Load the model, so that the first answer is no cold start."""
    try:
        answer = requests.post(f"{host}/api/generate", json={"model": model}, timeout=_PATIENCE_S)
    except requests.RequestException as error:
        _end_with_error(f"no Ollama at {host}: start it, or name another --ollama-host ({error})")
    if answer.status_code != 200:
        _end_with_error(f"Ollama at {host} has no {model!r}: choose another --model")


def _end_with_error(text: str) -> NoReturn:
    sys.stderr.write(f"error: {text}\n")
    sys.exit(2)


def _describe_machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"
