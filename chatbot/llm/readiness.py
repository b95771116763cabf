"""Whether this process can answer now, and if not, which step it is at.

It asks Ollama, provides the wanted model, loads it, and keeps looking, so that a lost Ollama is
noticed and found again.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Literal

from chatbot import errors, memory_limit, metrics
from chatbot.llm.client import Llm
from chatbot.llm.model_names import is_same
from chatbot.llm.model_rules import check_place
from chatbot.llm.models import Models
from chatbot.llm.pulls import Pull
from chatbot.notices import Notice, declare_texts
from chatbot.settings import EMBEDDED_MODEL_NAME, Settings

log = logging.getLogger("chatbot.llm.readiness")

Step = Literal["ollama", "model", "load", "ready"]

_LOOK_S = 0.1  # between two looks while not ready
LOOK_READY_S = 2.0  # while ready
_RUNNER_BYTES = 100_000_000  # what the smallest runner takes beside the model's weights
MODEL_RETRY_S = 15.0  # after a pull that failed

declare_texts(
    {
        "ollama_awaited": "Waiting for Ollama",
        "model_awaited": "Getting the model {model}",
        "model_loading": "Loading the model {model}",
        "ready": "Ready",
        "stopping": "About to stop",
    }
)


@dataclass
class Readiness:
    """The step that the process is at; `notice` says it, with the cure where there is one.

    `failed` is the step that failed last, on the way since the chat was ready; `warm` is set by the
    server once a first prompt has nothing left to import.
    """

    settings: Settings
    llm: Llm
    models: Models
    step: Step = "ollama"
    notice: Notice = field(default_factory=lambda: Notice("ollama_awaited"))
    error: errors.ChatError | None = None
    failed: Step | None = None
    warm: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_ready(self) -> bool:
        """True when a prompt sent now is answered."""
        return self.step == "ready"

    @property
    def is_progressing(self) -> bool:
        """True while it gets ready: this step has not failed yet, or its pull brings bytes."""
        moves = self.pull is not None and not self.pull.is_done and self.pull.completed > 0
        return not self.is_ready and (moves or self.step != self.failed)

    @property
    def pull(self) -> Pull | None:
        """The last pull of the wanted model."""
        return self.models.pulls.find_pull(self.settings.chat_model)

    async def run_forever(self) -> None:
        """Go through the steps, again whenever Ollama or the model is lost; never returns."""
        while True:
            await self._take_step()
            await asyncio.sleep(LOOK_READY_S if self.is_ready else _LOOK_S)

    async def _take_step(self) -> None:
        try:
            await self._check_steps()
        except errors.OllamaUnreachable as error:
            self.models.pulls.forget_ended()
            self._set_step("ollama", error.notice, error)
        except errors.ChatError as error:
            log.warning("not ready: %s", error)
            self._set_step(self.step, error.notice, error)
            await asyncio.sleep(MODEL_RETRY_S)
        except Exception:
            log.exception("looking after Ollama failed")

    async def _check_steps(self) -> None:
        wanted = self.settings.chat_model
        await self.models.read_installed()
        if not self.models.is_installed(wanted):
            self._set_step("model", Notice("model_awaited", {"model": wanted}))
            await self._provide_model(wanted)
        self._check_purpose(wanted)
        if not self.is_ready:
            self._set_step("load", Notice("model_loading", {"model": wanted}))
            await self.models.read_loaded()
            if not self.models.is_in_memory(wanted):
                self._check_memory(wanted)
            await self.llm.load_model(wanted)
            await self.warm.wait()
        await self.models.read_loaded()
        if self.settings.has_replicas and not self.models.is_in_memory(wanted):
            await self.llm.load_model(wanted)  # the others send their prompts only where it is
        self._set_step("ready", Notice("ready"))

    def _check_purpose(self, wanted: str) -> None:
        """Raise ModelForbidden for one that may not be asked, ModelCannotChat for no chat model."""
        model = self.models.find_model(wanted)
        if model is not None and not model.can_chat:
            self._set_step("model", Notice("model_awaited", {"model": wanted}))
            check_place(self.settings, wanted, is_elsewhere=model.is_elsewhere)
            raise errors.ModelCannotChat(model=wanted)

    def _check_memory(self, wanted: str) -> None:
        """Raise OutOfMemory if the model cannot fit the container that Ollama shares with us."""
        model = self.models.find_model(wanted)
        left = memory_limit.available_bytes() if self.settings.is_ollama_here else None
        if model is None or left is None or left >= (needed := model.size + _RUNNER_BYTES):
            return
        megabytes = {"needed_mb": round(needed / 1e6), "left_mb": round(left / 1e6)}
        raise errors.OutOfMemory("out_of_memory_in_container", model=wanted, **megabytes)

    async def _provide_model(self, wanted: str) -> None:
        if not self.settings.pull_models:
            raise errors.ModelNotDeployed(model=wanted)
        file = self.settings.embedded_model
        if is_same(wanted, EMBEDDED_MODEL_NAME) and file is not None and file.is_file():
            await self.models.create_model(wanted, file)
            return
        pull = await self.models.pulls.finish_pull(wanted)
        if pull.error is not None:
            raise pull.error

    def _set_step(self, step: Step, notice: Notice, error: errors.ChatError | None = None) -> None:
        if step != self.step:
            log.info("%s", notice)
        self.step, self.notice, self.error = step, notice, error
        if error is not None or step == "ready":
            self.failed = None if error is None else step
        metrics.READY.set(1 if step == "ready" else 0)
