"""Ollama's models: which are installed, what they can do, and which are in memory.

Ollama's replies are read as they stand: versions and cloud models leave fields out or fill them
with something else, and what one model lacks must not hide the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from chatbot import errors
from chatbot.domain.parameters import Think
from chatbot.identity.rights import Rights
from chatbot.llm import embedded_model, model_rules
from chatbot.llm.client import Llm
from chatbot.llm.failures import ollama_errors
from chatbot.llm.model_names import canonical_name, is_same, runs_in_cloud
from chatbot.llm.pulls import Pulls
from chatbot.safe_text import escape_controls

log = logging.getLogger("chatbot.llm.models")

_SHOW_TIMEOUT_S = 5.0  # a cloud model's description comes from far away
_SHOW_AGAIN_S = 15.0  # after a description that failed


@dataclass(frozen=True, slots=True)
class Model:
    """An installed model: `size` is in bytes on the disk, `context_length` in tokens.

    `capabilities` are Ollama's words: completion, vision, thinking, tools …; empty: not known.
    `closes_answers`: its template ends the last answer too, with which the model cannot go on.
    `is_elsewhere`: it runs on other servers than Ollama's; `is_allowed`: the operator lets it.
    """

    name: str
    size: int
    family: str
    parameters: str
    quantization: str
    digest: str = ""
    capabilities: frozenset[str] = frozenset()
    context_length: int | None = None
    closes_answers: bool = False
    is_elsewhere: bool = False
    is_allowed: bool = True

    @property
    def can_chat(self) -> bool:
        """False for one that may not, or was made for something else, such as embeddings."""
        return self.is_allowed and (not self.capabilities or "completion" in self.capabilities)

    @property
    def has_think_levels(self) -> bool:
        """Whether it can think less or more: of Ollama's models gpt-oss, under any name."""
        return "gptoss" in f"{self.family} {self.name}".lower().replace("-", "")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory: `size` and `vram` (its part on a GPU) in bytes; `until`: Unix seconds."""

    name: str
    size: int
    vram: int
    until: float


class Models:
    """What is installed and what is in memory, as of when Ollama was last asked; and the pulls."""

    def __init__(self, llm: Llm, loop: asyncio.AbstractEventLoop, rights: Rights) -> None:
        self._llm = llm
        self.rights = rights
        self.pulls = Pulls(llm, loop, rights, self._is_there)
        self.installed: list[Model] = []
        self._in_memory: set[str] = set()
        self._described: dict[tuple[str, str], Model] = {}
        self._show_again: dict[str, float] = {}
        self._left_out: set[str] = set()

    async def read_installed(self) -> list[Model]:
        """Ask Ollama for the installed models; raises NotOllama or another ChatError."""
        reply = await self._llm.fetch_json("/api/tags")
        if "models" not in reply:
            raise errors.NotOllama(
                url=self._llm.settings.ollama_base_url, variable="OLLAMA_BASE_URL"
            )
        listed = {model.name: model for model in map(self._read_model, _named_entries(reply))}
        elsewhere = (model.name for model in listed.values() if model.is_elsewhere)
        self._llm.elsewhere = frozenset(map(canonical_name, elsewhere))
        found = await asyncio.gather(*map(self._describe_model, listed.values()))
        self.installed = sorted(filter(None, found), key=lambda model: model.name)
        return self.installed

    def _read_model(self, entry: Mapping[str, Any]) -> Model:
        model = _read_model(entry)
        is_allowed = self._llm.settings.allow_cloud_models or not model.is_elsewhere
        return replace(model, is_allowed=is_allowed)

    async def _is_there(self, name: str) -> bool:
        await self.read_installed()
        return self.is_installed(name)

    async def _describe_model(self, model: Model) -> Model | None:
        """Return the model with what it can do, if Ollama says so; None if it was deleted since."""
        if not model.is_allowed:  # its description would come from there
            return model
        known = self._described.get((model.name, model.digest))
        if known or time.monotonic() < self._show_again.get(model.name, 0):
            return known or model
        try:
            async with asyncio.timeout(_SHOW_TIMEOUT_S):
                shown = await self._llm.fetch_json("/api/show", {"model": model.name})
        except errors.ModelMissing:
            if model.name not in self._left_out:  # it is asked for again and again
                log.warning("%s is left out: Ollama lists it and does not have it", model.name)
                self._left_out.add(model.name)
            return None
        except (errors.ChatError, TimeoutError) as error:
            log.warning("%s is listed without what it can do: %r", model.name, error)
            self._show_again[model.name] = time.monotonic() + _SHOW_AGAIN_S
            return model
        described = _with_abilities(model, shown)
        self._described[model.name, model.digest] = described
        return described

    @property
    def offered(self) -> list[Model]:
        """The installed models that can be chosen for a conversation."""
        return [model for model in self.installed if model.can_chat]

    def has_capability(self, name: str, capability: str) -> bool:
        """Return whether the model has a capability such as "vision" or "thinking"."""
        model = self.find_model(name)
        return model is not None and capability in model.capabilities

    def lacks_capability(self, name: str, capability: str) -> bool:
        """Return whether the model is known not to have a capability; some servers tell of none."""
        model = self.find_model(name)
        return bool(model and model.capabilities) and not self.has_capability(name, capability)

    def think_choices(self, name: str) -> tuple[Think, ...]:
        """Return the ways to think that can be chosen for a model, none if it does not think."""
        model = self.find_model(name)
        if model is None or "thinking" not in model.capabilities:
            return ()
        return ("low", "medium", "high") if model.has_think_levels else ("off", "on")

    def fitting_think(self, name: str, think: Think | None) -> Think | None:
        """Return how the model thinks where a conversation says `think`; a level may mean "on"."""
        choices = self.think_choices(name)
        return "on" if "on" in choices and think not in (None, *choices) else think

    def find_model(self, name: str) -> Model | None:
        """Return the model that this name means, if it was installed when Ollama was last asked."""
        return next((model for model in self.installed if is_same(model.name, name)), None)

    def is_installed(self, name: str) -> bool:
        """Return whether the model was installed when Ollama was last asked."""
        return self.find_model(name) is not None

    def choose_model(self, wanted: Sequence[str], default: str) -> str:
        """Return the first of the wanted models that is here and can chat, else the default one.

        A default that cannot chat gives way to one that can. While nothing is known of what is
        installed, the first one is taken at its word.
        """
        if not self.installed:
            return [*wanted, default][0]
        others = list_names(self.offered) if self.is_installed(default) else []
        found = map(self.find_model, [*wanted, default, *others])
        return next((model.name for model in found if model and model.can_chat), default)

    def is_in_memory(self, name: str) -> bool:
        """Return whether the model was in memory when Ollama was last asked."""
        return canonical_name(name) in self._in_memory

    async def read_loaded(self) -> list[Loaded]:
        """Return the models that Ollama has in memory now; raises a ChatError."""
        reply: dict[str, Any] = {}
        with contextlib.suppress(errors.NotOllama):  # old versions and some proxies do not say it
            reply = await self._llm.fetch_json("/api/ps")
        loaded = [_read_loaded(entry) for entry in _named_entries(reply)]
        self._in_memory = {canonical_name(model.name) for model in loaded}
        return loaded

    async def unload_model(self, user_id: str, name: str) -> None:
        """Take a model out of memory for a user; raises ManagersOnly or another ChatError."""
        self.rights.check_manager(user_id)
        with ollama_errors(self._llm.settings, name):
            await self._llm.api.generate(model=name, keep_alive=0)

    def can_delete(self, name: str) -> bool:
        """Return whether those who manage the models may delete this one."""
        try:
            model_rules.check_deletion(self._llm.settings, name)
        except model_rules.ModelForbidden:
            return False
        return True

    async def delete_model(self, user_id: str, name: str) -> None:
        """Delete a model from the disk for a user.

        Raises ManagersOnly, ModelForbidden for the chat's own one, or another ChatError.
        """
        self.rights.check_manager(user_id)
        model_rules.check_deletion(self._llm.settings, name)
        with ollama_errors(self._llm.settings, name):
            await self._llm.api.delete(name)
        log.info("%s: deleted", name)
        await self.read_installed()

    async def create_model(self, name: str, file: Path) -> None:
        """Make the embedded model as `name` in Ollama from its GGUF file; raises a ChatError."""
        log.info("%s: creating it from %s", name, file.name)
        with ollama_errors(self._llm.settings, name):
            digest = await self._llm.api.create_blob(file)
            files = {file.name: digest}
            async for line in await self._llm.api.create(
                name,
                files=files,
                parameters=embedded_model.PARAMETERS,
                template=embedded_model.TEMPLATE,
                stream=True,
            ):
                log.info("%s: %s", name, line.status)
        await self.read_installed()


def list_names(models: Iterable[Model]) -> list[str]:
    """Return the models' names."""
    return [model.name for model in models]


def _named_entries(reply: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the models in a reply that have a name; older versions of Ollama say `name` only."""
    entries = reply.get("models")
    entries = entries if isinstance(entries, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and _entry_name(entry)]


def _entry_name(entry: Mapping[str, Any]) -> str:
    return _as_text(entry.get("model")) or _as_text(entry.get("name"))


def _read_model(entry: Mapping[str, Any]) -> Model:
    details, name = _as_object(entry.get("details")), _entry_name(entry)
    return Model(
        name=name,
        size=_as_number(entry.get("size")),
        family=_as_text(details.get("family")),
        parameters=_as_text(details.get("parameter_size")),
        quantization=_as_text(details.get("quantization_level")),
        digest=_as_text(entry.get("digest")),
        is_elsewhere=bool(_as_text(entry.get("remote_host"))) or runs_in_cloud(name),
    )


def _with_abilities(model: Model, shown: Mapping[str, Any]) -> Model:
    capabilities = shown.get("capabilities")
    info = _as_object(shown.get("model_info"))
    lengths = (_as_number(info[key]) for key in info if key.endswith(".context_length"))
    return replace(
        model,
        capabilities=frozenset(
            map(_as_text, capabilities if isinstance(capabilities, list) else ())
        ),
        context_length=next(filter(None, lengths), None),
        closes_answers=_closes_answers(_as_text(shown.get("template"))),
    )


def _closes_answers(template: str) -> bool:
    """Return whether a template of messages treats the last one like the others."""
    return ".Messages" in template and "slice" not in template and "last" not in template


def _read_loaded(entry: Mapping[str, Any]) -> Loaded:
    try:
        until = datetime.fromisoformat(_as_text(entry.get("expires_at"))).timestamp()
    except (ValueError, OverflowError):
        until = 0.0
    size, vram = _as_number(entry.get("size")), _as_number(entry.get("size_vram"))
    return Loaded(_entry_name(entry), size, vram, until)


def _as_object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_text(value: Any) -> str:
    return escape_controls(value) if isinstance(value, str) else ""


def _as_number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
