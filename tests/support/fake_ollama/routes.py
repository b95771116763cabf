"""The routes of the fake Ollama."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterable
from typing import Any

from scripts.versions import OLLAMA_VERSION
from tests.support.fake_ollama import shapes
from tests.support.fake_ollama.exchange import Exchange
from tests.support.fake_ollama.state import Fault, Request, State, prose

PULL_STEPS = 10


def _is_authorized(state: State, exchange: Exchange) -> bool:
    encoded = base64.b64encode(state.basic_auth.encode()).decode()
    return not state.basic_auth or exchange.headers.get("Authorization") == f"Basic {encoded}"


async def answer_request(state: State, exchange: Exchange) -> None:
    """Answer one request as Ollama does, unless a fault is due."""
    payload = _parse_json(exchange.body)
    if exchange.path == "/_fake":
        state.set(**(payload or {}))
        exchange.reply_json(200, state.counts())
        return
    with state.changing():
        state.requests.append(Request(exchange.method, exchange.path, payload, exchange.headers))
    fault = state.next_fault(exchange.path)
    if not _is_authorized(state, exchange):
        exchange.reply(401, b"Unauthorized")
    elif fault and fault.kind == "status":
        exchange.reply_json(fault.status, {"error": fault.error})
    elif fault and fault.kind == "page":
        exchange.reply(fault.status, fault.error.encode(), fault.content_type)
    elif exchange.path.startswith("/api/blobs/"):
        _answer_blob(state, exchange)
    elif exchange.method in ("GET", "HEAD"):
        _answer_get(state, exchange)
    elif not isinstance(payload, dict):
        exchange.reply_json(400, {"error": "missing request body"})
    else:
        await _answer_post(state, exchange, payload, fault)


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _answer_get(state: State, exchange: Exchange) -> None:
    match exchange.path:
        case "/":
            exchange.reply(200, b"Ollama is running")
        case "/api/version":
            exchange.reply_json(200, {"version": OLLAMA_VERSION})
        case "/api/tags":
            entries = [
                state.customize_entry("/api/tags", name, shapes.listed(name))
                for name in state.models
            ]
            exchange.reply_json(200, {"models": entries})
        case "/api/ps":
            entries = [
                state.customize_entry("/api/ps", name, shapes.running(name))
                for name in state.loaded
            ]
            exchange.reply_json(200, {"models": entries})
        case _:
            exchange.reply(404, b"404 page not found")


def _answer_blob(state: State, exchange: Exchange) -> None:
    digest = exchange.path.removeprefix("/api/blobs/")
    if exchange.method == "HEAD":
        exchange.reply(200 if digest in state.blobs else 404)
    else:
        state.blobs.add(digest)
        exchange.reply(201)


async def _answer_post(
    state: State, exchange: Exchange, payload: dict[str, Any], fault: Fault | None
) -> None:
    name = str(payload.get("model") or payload.get("name") or "")
    model = state.find_installed(name)
    match exchange.path:
        case "/api/pull":
            pause = state.pull_seconds / ((PULL_STEPS + 1) * len(state.pull_layers) + 4)
            statuses = shapes.pull_statuses(model, state.pull_layers, PULL_STEPS)
            await _install_model(state, exchange, model, statuses, fault, pause)
        case "/api/create":
            await _create_model(state, exchange, model, payload, fault)
        case "/api/show" | "/api/delete" | "/api/chat" | "/api/generate" as path:
            if model not in state.models:
                exchange.reply_json(404, {"error": f"model '{name}' not found"})
            elif path == "/api/show":
                more = state.capabilities.get(model, [])
                exchange.reply_json(
                    200, state.customize_entry(path, model, shapes.shown(model, more))
                )
            elif path == "/api/delete":
                state.models = [other for other in state.models if other != model]
                exchange.reply(200)
            else:
                await _generate_answer(state, exchange, model, payload, fault)
        case _:
            exchange.reply(404, b"404 page not found")


async def _create_model(
    state: State, exchange: Exchange, model: str, payload: dict[str, Any], fault: Fault | None
) -> None:
    digests = list(payload.get("files", {}).values())
    missing = [digest for digest in digests if digest not in state.blobs]
    if missing:
        await _stream_json(exchange, {"status": "parsing GGUF"})
        await _stream_json(exchange, {"error": f"open {missing[0]}: no such file or directory"})
    else:
        statuses = shapes.create_statuses(digests[0] if digests else "sha256:base")
        await _install_model(state, exchange, model, statuses, fault)


async def _install_model(
    state: State,
    exchange: Exchange,
    model: str,
    statuses: Iterable[dict[str, Any]],
    fault: Fault | None,
    pause: float = 0,
) -> None:
    for count, status in enumerate(statuses):
        if await _meet_fault(state, exchange, fault, count):
            return
        await _stream_json(exchange, status)
        await asyncio.sleep(pause)
    if model not in state.models:
        state.models = [*state.models, model]


async def _generate_answer(
    state: State, exchange: Exchange, model: str, payload: dict[str, Any], fault: Fault | None
) -> None:
    chat = exchange.path == "/api/chat"
    if not payload.get("messages" if chat else "prompt"):
        _load_model(state, exchange, model, payload, chat)
        return
    started = time.monotonic()
    async with state.slot():
        _keep_loaded(state, model)
        if payload.get("stream", True):
            await _stream_answer(state, exchange, model, payload, fault, started)
        else:
            await _whole_answer(state, exchange, model, payload, started)


def _load_model(
    state: State, exchange: Exchange, model: str, payload: dict[str, Any], chat: bool
) -> None:
    unload = payload.get("keep_alive") in (0, "0")
    _keep_loaded(state, model)
    if unload:
        state.loaded.remove(model)
    exchange.reply_json(200, shapes.last_line(model, chat, "unload" if unload else "load"))


def _keep_loaded(state: State, model: str) -> None:
    if model not in state.loaded:
        state.loaded.append(model)


async def _stream_answer(
    state: State,
    exchange: Exchange,
    model: str,
    payload: dict[str, Any],
    fault: Fault | None,
    started: float,
) -> None:
    chat = exchange.path == "/api/chat"
    tokens, reason = _choose_tokens(state, payload)
    rate, evaluating = state.tokens_per_second, time.monotonic()
    first_token = evaluating + state.first_token_delay
    if payload.get("think") is not False:
        for thought in state.thinking:
            first_token += 1 / rate if rate else 0
            await _sleep_until(first_token)
            await _stream_json(exchange, shapes.line(model, chat, "", thought))
    for count, token in enumerate(tokens):
        await _sleep_until(first_token + (count / rate if rate else 0))
        if await _meet_fault(state, exchange, fault, count):
            return
        await _stream_json(exchange, shapes.line(model, chat, token))
    if await _meet_fault(state, exchange, fault, len(tokens)):
        return
    counts = _count_tokens(state, payload, (started, evaluating, first_token), len(tokens))
    await _stream_json(exchange, shapes.last_line(model, chat, reason, counts=counts))


async def _whole_answer(
    state: State, exchange: Exchange, model: str, payload: dict[str, Any], started: float
) -> None:
    tokens, reason = _choose_tokens(state, payload)
    rate, evaluating = state.tokens_per_second, time.monotonic()
    first_token = evaluating + state.first_token_delay
    await _sleep_until(first_token + (len(tokens) / rate if rate else 0))
    counts = _count_tokens(state, payload, (started, evaluating, first_token), len(tokens))
    chat = exchange.path == "/api/chat"
    text = "".join(tokens)
    exchange.reply_json(200, shapes.last_line(model, chat, reason, text, counts))


def _choose_tokens(state: State, payload: dict[str, Any]) -> tuple[list[str], str]:
    tokens = prose(state.tokens) if isinstance(state.tokens, int) else state.tokens
    limit = (payload.get("options") or {}).get("num_predict") or -1
    if 0 < limit < len(tokens):
        return tokens[:limit], "length"
    return tokens, "stop"


async def _sleep_until(due: float) -> None:
    await asyncio.sleep(max(0.0, due - time.monotonic()))


def _count_tokens(
    state: State, payload: dict[str, Any], times: tuple[float, float, float], tokens: int
) -> dict[str, int]:
    words = len(json.dumps(payload.get("messages") or payload.get("prompt")).split())
    return shapes.measured(times, state.prompt_tokens or words, tokens)


async def _meet_fault(state: State, exchange: Exchange, fault: Fault | None, count: int) -> bool:
    """Let `fault` happen if it is due after `count` lines; True when the response is over."""
    if fault is None or fault.after != count:
        return False
    match fault.kind:
        case "cut":
            exchange.cut()
        case "malformed":
            await exchange.stream_line(b'{"model":"smollm2", "mess')
        case "error":
            await _stream_json(exchange, {"error": fault.error})
        case "stall":
            await exchange.start_stream()
            await state.resumed.wait()
    return fault.kind in ("cut", "error")


async def _stream_json(exchange: Exchange, payload: dict[str, Any]) -> None:
    await exchange.stream_line(
        json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    )
