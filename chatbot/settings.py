"""The configuration: read once from the environment into one typed, frozen object."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

EMBEDDED_MODEL_NAME = "smollm2:135m-instruct-q4_1"


class SettingsError(Exception):
    """A variable cannot be used; the text names it, its value and what is allowed."""


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(base) / "ollama-chatbot"


def _http_url(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def _database_url(value: str) -> str:
    if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValueError("must start with sqlite:/// or postgresql://")
    return value


# Every wait ends.
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Settings(BaseSettings):
    """Every variable that the chat reads. Times are in seconds, lengths in what the name says."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    port: int = Field(default=8501, ge=1, le=65535, description="Port of the page and the API")
    bind_host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for all")
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Folder for the history, the cookie secret and pulled models",
    )
    data_lasts: bool = Field(
        default=True, description="False when DATA_DIR ends with the container; the image sets it"
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default="", description="Where the history is kept; empty: SQLite in DATA_DIR"
    )
    ollama_base_url: Annotated[str, AfterValidator(_http_url)] = Field(
        default="http://127.0.0.1:11434",
        description="An Ollama to use; when unset, the chat starts its own",
    )
    ollama_service_url: Annotated[str, AfterValidator(_http_url)] = Field(
        default="",
        description="With replicas: the Ollamas of all, for answers; OLLAMA_BASE_URL is this one's",
    )
    pull_models: bool = Field(
        default=True, description="False where models come with the deployment and none is pulled"
    )
    chat_model: str = Field(
        default=EMBEDDED_MODEL_NAME,
        min_length=1,
        description="The model to start with; pulled when missing",
    )
    embedded_model: Path | None = Field(
        default=None, description="GGUF file of the embedded model, set by the set-up and the image"
    )
    system_prompt: str = Field(
        default="You are a helpful assistant. Answer clearly and briefly.",
        description="What the model is told before every conversation",
    )
    num_ctx: int = Field(default=4096, ge=256, description="Context window, in tokens")
    num_predict: int = Field(default=2048, ge=1, description="Longest answer, in tokens")
    num_thread: int | None = Field(
        default=None,
        ge=1,
        description="CPU threads of the model; unset: from the CPU limit, else Ollama's",
    )
    max_answers: int = Field(
        default=64, ge=1, description="Answers under way at once; more are refused"
    )
    max_prompt_chars: int = Field(default=64_000, ge=1, description="Longest prompt, in characters")
    connect_timeout: Seconds = Field(default=5, gt=0, description="Seconds to reach Ollama")
    token_timeout: Seconds = Field(
        default=300, gt=0, description="Longest silence of Ollama, in seconds"
    )
    answer_timeout: Seconds = Field(default=1800, gt=0, description="Longest answer, in seconds")
    drain_timeout: Seconds = Field(
        default=8, ge=0, description="Seconds that running answers get to finish after TERM"
    )
    cookie_secret: str = Field(
        default="", description="Signs the visitors' cookie; empty: made once and kept in DATA_DIR"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much is logged"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines as text or JSON"
    )

    @property
    def answers_url(self) -> str:
        """Where answers are asked for."""
        return self.ollama_service_url or self.ollama_base_url


def load() -> Settings:
    """Reads the environment; raises SettingsError with one sentence for each bad variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(e) for e in error.errors())) from None


def _sentence(error: object) -> str:
    """One pydantic error as `PORT is 'abc': Input should be a valid integer.`"""
    assert isinstance(error, dict)
    name = str(error["loc"][0]).upper()
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"{name} is {error['input']!r}: {reason}."
