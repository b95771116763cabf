"""What the operator lets be done with models: where they come from, where they run, which stay."""

from __future__ import annotations

from typing import ClassVar

from chatbot import errors
from chatbot.llm.model_names import find_registry, is_same, is_valid, runs_in_cloud
from chatbot.settings import Settings


class ModelForbidden(errors.ChatError):
    """The settings do not let this be done with the model."""

    status = 403
    may_pass = False
    texts: ClassVar = {
        "models_deployed": (
            "Models come with this deployment: its replicas share no store to pull one to."
        ),
        "registry_forbidden": (
            "This chat gets no model from {registry}. Choose one from {allowed}, or add the "
            "registry to MODEL_REGISTRIES."
        ),
        "cloud_model_forbidden": (
            "{model} does not run here: what you write would leave for servers elsewhere. Choose "
            "another model, or set ALLOW_CLOUD_MODELS."
        ),
        "own_model_kept": (
            "{model} is the model that this chat starts with, which is never deleted. Name another "
            "one in CHAT_MODEL first."
        ),
    }


def check_pull(settings: Settings, name: str) -> None:
    """Raise ModelForbidden, or OllamaRefused for no name, unless users may have it pulled."""
    if not settings.pull_models:
        raise ModelForbidden("models_deployed")
    if is_same(name, settings.chat_model):
        return
    if not is_valid(name):
        raise errors.OllamaRefused("model_name_wrong", model=name)
    if (registry := find_registry(name)) not in settings.model_registries:
        allowed = ", ".join(settings.model_registries)
        raise ModelForbidden("registry_forbidden", registry=registry, allowed=allowed)
    check_place(settings, name)


def check_place(settings: Settings, name: str, *, is_elsewhere: bool = False) -> None:
    """Raise ModelForbidden for a model that runs elsewhere, unless such models are allowed.

    Its name says so, or the caller knows it.
    """
    if not settings.allow_cloud_models and (is_elsewhere or runs_in_cloud(name)):
        raise ModelForbidden("cloud_model_forbidden", model=name)


def check_deletion(settings: Settings, name: str) -> None:
    """Raise ModelForbidden unless this model may be deleted by those who manage the models."""
    if not settings.pull_models:
        raise ModelForbidden("models_deployed")
    if is_same(name, settings.chat_model):
        raise ModelForbidden("own_model_kept", model=name)
