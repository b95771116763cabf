"""What can go wrong, as codes with arguments; the log gets the traceback.

ChatError
├── BadRequest, UnsupportedMediaType, PromptTooLong, ContextOverflow   not to be served as it is
├── Unauthorized, SignedOut                                            say who you are
├── Busy, Draining                                                     try again later
├── OllamaUnreachable, OllamaFailed, TimedOut, OutOfMemory, DiskFull   the server behind us
│   └── EmptyAnswer (an OllamaFailed)                                  it wrote nothing
├── OllamaRefused, NotOllama                                           it says no, or is another one
│   └── ImagesRefused, ThinkingRefused (each an OllamaRefused)         ask without
├── ModelMissing, ModelUnknown, ModelNotDeployed, ModelCannotChat      pull it, or another one
├── chat.shares.ShareExceeded, chat.storage.StorageExceeded            leave something to others
└── history.NotFound, history.HistoryUnavailable                       the database
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import JsonValue

from chatbot.notices import Argument, Notice, Text, declare_texts

kinds: dict[str, type[ChatError]] = {}
"""The kind of error that each code belongs to."""


class ChatError(Exception):
    """An error that a person can act on: `raise Busy("ollama_busy")`, `raise Busy(count=3)`.

    `texts` has the English sentence of each code of this kind; its first code is the usual one,
    `code`, which stands for one that is not given. `status` is the HTTP status that the API answers
    with. `may_pass`: the same request may succeed later although nobody changes anything.
    """

    status = 500
    may_pass = True
    code: str = "error"
    texts: ClassVar[Mapping[str, Text]] = {
        "error": "Something went wrong here. Try again.",
        "answer_not_kept": "The answer could not be kept. Look for the reason in the chat's log.",
        "pull_cancelled": "The pull of {model} was cancelled.",
        "undo_too_late": "It was too late to have it back.",
    }

    def __init_subclass__(cls) -> None:
        """Declare the kind's own texts."""
        if "texts" in vars(cls):
            cls.code = next(iter(cls.texts))
            _declare_kind(cls)

    def __init__(self, code: str = "", /, **arguments: Argument) -> None:
        self.notice = Notice(code or type(self).code, arguments)
        self.code = self.notice.code
        super().__init__(self.sentence)

    @property
    def arguments(self) -> Mapping[str, Argument]:
        """What fills the fields of the sentence."""
        return self.notice.arguments

    @property
    def sentence(self) -> str:
        """The English sentence, as logs and the API have it."""
        return str(self.notice)

    def as_json(self) -> dict[str, JsonValue]:
        """Return the error as the API tells it."""
        arguments = self.notice.arguments_as_json()
        return {"error": self.sentence, "code": self.code, "arguments": arguments}


def _declare_kind(kind: type[ChatError]) -> None:
    declare_texts(kind.texts)
    kinds.update(dict.fromkeys(kind.texts, kind))


_declare_kind(ChatError)


class BadRequest(ChatError):
    """The request is not one that the chat takes."""

    status = 400
    may_pass = False
    texts: ClassVar = {
        "bad_request": "The body is not valid JSON.",
        "prompt_not_given": 'The body must be an object with a "prompt".',
        "prompt_not_text": '"prompt" must be a string.',
        "options_not_valid": '"model" must be a name and "stream" true or false.',
        "prompt_empty": "The prompt is empty. Write something.",
        "images_not_seen": (
            "{model} cannot see images. Choose a model with vision, or send it without them."
        ),
        "nothing_to_summarize": (
            "There is nothing to summarize yet: one exchange cannot be shortened."
        ),
        "nothing_to_continue": (
            "This answer cannot go on: it is complete, or another one follows it."
        ),
        "several": "{first}\n{others}",
    }


class UnsupportedMediaType(ChatError):
    """The request's body is not JSON."""

    status = 415
    may_pass = False
    texts: ClassVar = {
        "unsupported_media_type": "Send JSON with the header Content-Type: application/json.",
    }


class PromptTooLong(ChatError):
    """The prompt has more characters than MAX_PROMPT_CHARS."""

    status = 413
    may_pass = False
    texts: ClassVar = {
        "prompt_too_long": (
            "The prompt has {characters:,} characters and at most {most:,} are taken. Shorten it."
        ),
        "body_too_long": "The body is longer than {most:,} bytes. Shorten it.",
    }


class ContextOverflow(ChatError):
    """The prompt alone does not fit the context window."""

    status = 413
    may_pass = False
    texts: ClassVar = {
        "context_overflow": (
            "This prompt has about {tokens:,} tokens, and the context window holds {num_ctx:,} "
            "with the answer. Shorten it, or raise the context window (Settings)."
        ),
        "context_overflow_uncounted": (
            "This prompt has more tokens than the {num_ctx:,} of the context window. "
            "Shorten it, or raise the context window (Settings)."
        ),
        "context_overflow_refused": (
            "The conversation is longer than the model's context window. "
            "Shorten the prompt or start a new conversation."
        ),
    }

    @property
    def tokens(self) -> int:
        """How many tokens Ollama counted, 0 when it did not say."""
        tokens = self.arguments.get("tokens")
        return tokens if isinstance(tokens, int) else 0


class Unauthorized(ChatError):
    """The request does not have the key of the API."""

    status = 401
    may_pass = False
    texts: ClassVar = {
        "unauthorized": "Send the header `Authorization: Bearer` with this chat's key.",
        "api_key_not_set": "People sign in here, and programs need a key: set API_KEY.",
    }


class SignedOut(ChatError):
    """Who had this tab has signed out."""

    status = 401
    texts: ClassVar = {"signed_out": "You are signed out. Sign in again to go on."}


class Busy(ChatError):
    """Too many answers are under way, here or in Ollama."""

    status = 503
    texts: ClassVar = {
        "busy": (
            "{count} answer is under way, as many as this chat takes at once. "
            "Try again in a minute.",
            "{count} answers are under way, as many as this chat takes at once. "
            "Try again in a minute.",
        ),
        "ollama_busy": "Ollama has too many requests waiting. Try again in a minute.",
        "ollama_limited": (
            "Ollama takes no more requests for now. Wait, or choose another model. It says: {words}"
        ),
        "proxy_busy": (
            "What answers at {url} is busy or does not reach Ollama (status {status}). "
            "Try again in a minute."
        ),
    }


class Draining(ChatError):
    """The process is about to stop and takes no new prompt."""

    status = 503
    texts: ClassVar = {
        "draining": "The chat is about to restart. Send it again in a moment.",
        "answer_cut": "The answer was cut by a restart. Send it again.",
    }


class OllamaUnreachable(ChatError):
    """No Ollama answers at OLLAMA_BASE_URL."""

    status = 503
    texts: ClassVar = {
        "ollama_unreachable": (
            "Ollama does not answer at {url}. "
            "Start it with `ollama serve`; the chat goes on by itself."
        ),
        "ollama_unreachable_behind_proxy": (
            "A proxy answers at {url} and does not reach Ollama (status {status}). "
            "Start Ollama behind it; the chat goes on by itself."
        ),
    }


class OllamaFailed(ChatError):
    """Ollama answered with an error, or its answer broke off."""

    status = 502
    texts: ClassVar = {
        "ollama_failed": "Ollama could not answer. Try again. It says: {words}",
        "ollama_failed_silently": (
            "Ollama failed without a word (status {status}). Try again; its log may say why."
        ),
        "answer_failed": "Something went wrong here. Try again.",
        "answer_broke_off": (
            "The answer broke off before its end. Ask again; what came so far is kept."
        ),
        "answer_not_ended": (
            "Ollama did not say that the answer is complete. "
            "Ask again if it is not; what came is kept."
        ),
        "summary_empty": "The model wrote no summary. Try again, or choose another model.",
        "pull_broke_off": "The pull of {model} broke off. Try again; it goes on where it was.",
        "pull_failed": "The pull of {model} failed. Try again.",
    }


class EmptyAnswer(OllamaFailed):
    """The answer ended and has no text; its thinking is kept."""

    texts: ClassVar = {
        "empty_answer": "The model wrote nothing. Try again, or choose another model.",
        "empty_answer_cut": (
            "The model was cut before it came to its answer. Raise the longest answer or the "
            "context window (Settings), then try again."
        ),
    }


class OllamaRefused(ChatError):
    """Ollama does not do what is asked, and will not until somebody changes something."""

    status = 502
    may_pass = False
    texts: ClassVar = {
        "ollama_refused": (
            "Ollama refuses this request. Change the prompt, the conversation's settings or the "
            "model. It says: {words}"
        ),
        "ollama_too_old": (
            "{model} needs a newer Ollama. Update it from https://ollama.com/download."
        ),
        "ollama_signed_out": (
            "Ollama is not signed in, which the model needs. Run `ollama signin` on its machine."
        ),
        "ollama_signed_out_for_model": (
            "Ollama is not signed in, which {model} needs. Run `ollama signin` on its machine."
        ),
        "model_forbidden": ("Ollama may not use {model}. Choose another model. It says: {words}"),
        "model_not_loaded": (
            "Ollama cannot load {model}: it needs a newer Ollama, or its file is damaged. "
            "Update Ollama, or pull the model again. Ollama says: {words}"
        ),
        "model_not_listed": (
            "Ollama has pulled {model} and does not list it. Check the name, and "
            "that one Ollama alone answers at {url}."
        ),
        "model_name_wrong": (
            "{model} is not a model's name. Write it like llama3.2:1b or hf.co/user/model."
        ),
        "model_private": (
            "The registry does not give {model} to everybody. Check its name; "
            "if it is private, sign Ollama in with `ollama signin`."
        ),
        "registry_refused": (
            "The registry does not give {model} to Ollama. Check its name, "
            "and whether it is made for Ollama. Ollama says: {words}"
        ),
        "registry_untrusted": (
            "Ollama does not trust the registry of {model}, or a proxy before it. "
            "Install its certificate on Ollama's machine. Ollama says: {words}"
        ),
        "proxy_wants_login": (
            "What answers at {url} asks for a login (status {status}). "
            "Let the chat in without one, or set OLLAMA_API_KEY to a token that it takes."
        ),
        "proxy_forbids": (
            "What answers at {url} turns the chat away (status 403). "
            "A proxy before Ollama has to let it in, and to send the header `Host: localhost`."
        ),
        "proxy_limits_size": (
            "A proxy before Ollama, at {url}, takes no request of this size (status 413). "
            "Send less or smaller files, or raise the proxy's limit."
        ),
    }


class ImagesRefused(OllamaRefused):
    """The model cannot see the images that it was sent."""

    texts: ClassVar = {
        "images_refused": (
            "{model} cannot see images. Choose a model with vision, or send it without them."
        ),
    }


class ThinkingRefused(OllamaRefused):
    """The model or its server does not take the way to think that was asked for."""

    texts: ClassVar = {
        "thinking_refused": (
            "Ollama refuses this request. Change the prompt, the conversation's settings or the "
            "model. It says: {words}"
        ),
    }


class NotOllama(ChatError):
    """Something else than Ollama answers at `url`, which `variable` names."""

    status = 502
    may_pass = False
    texts: ClassVar = {
        "not_ollama": (
            "What answers at {url} is not Ollama. Correct {variable}: "
            "it is Ollama's address alone, such as http://127.0.0.1:11434."
        ),
    }


class TimedOut(ChatError):
    """Nothing came from Ollama for TOKEN_TIMEOUT, or no end within ANSWER_TIMEOUT."""

    status = 504
    texts: ClassVar = {
        "timed_out": (
            "Ollama was silent for {count:g} second. "
            "Ask again, choose a smaller model, or raise TOKEN_TIMEOUT.",
            "Ollama was silent for {count:g} seconds. "
            "Ask again, choose a smaller model, or raise TOKEN_TIMEOUT.",
        ),
        "answer_timed_out": (
            "The answer was cut after {count:g} second. "
            "Ask for less at once, or raise ANSWER_TIMEOUT.",
            "The answer was cut after {count:g} seconds. "
            "Ask for less at once, or raise ANSWER_TIMEOUT.",
        ),
        "proxy_timed_out": (
            "A proxy before Ollama, at {url}, waited no longer (status {status}). "
            "Ask again, or raise the proxy's time-out."
        ),
    }


class OutOfMemory(ChatError):
    """The model needs more memory than the machine has free."""

    status = 507
    texts: ClassVar = {
        "out_of_memory": (
            "There is not enough free memory for {model}. "
            "Choose a smaller model or lower the context window (Settings). Ollama says: {words}"
        ),
        "out_of_memory_for_some_model": (
            "There is not enough free memory for the model. "
            "Choose a smaller model or lower the context window (Settings). Ollama says: {words}"
        ),
        "out_of_memory_in_container": (
            "Not enough memory for {model}: it needs about {needed_mb} MB, and the container has "
            "{left_mb} MB left. Give it more or choose a smaller model."
        ),
    }


class DiskFull(ChatError):
    """Ollama could not write a model: no space left."""

    status = 507
    texts: ClassVar = {
        "disk_full": (
            "The disk of Ollama's models is full. Delete a model or free space, then try again."
        ),
    }


class ModelMissing(ChatError):
    """Ollama does not have the model."""

    status = 404
    texts: ClassVar = {
        "model_missing": "The model {model} is not installed. Pull it, or choose another.",
    }


class ModelNotDeployed(ChatError):
    """Ollama does not have the model, and PULL_MODELS says that none is pulled."""

    status = 404
    may_pass = False
    texts: ClassVar = {
        "model_not_deployed": (
            "The model {model} did not come with this deployment, and its replicas pull none. "
            "Correct CHAT_MODEL, or add the model to the deployment."
        ),
    }


class ModelCannotChat(ChatError):
    """The model was made for something else, such as embeddings."""

    status = 400
    may_pass = False
    texts: ClassVar = {
        "model_cannot_chat": (
            "The model {model} cannot chat: it was made for something else, such as embeddings. "
            "Choose another one, or correct CHAT_MODEL."
        ),
    }


class ModelUnknown(ChatError):
    """Ollama's library does not have the model either."""

    status = 404
    may_pass = False
    texts: ClassVar = {
        "model_unknown": (
            "Ollama's library has no model {model}. Check its name at https://ollama.com/library."
        ),
    }


def may_pass(code: str | None) -> bool:
    """Return whether a request that failed with this code may succeed later, unchanged."""
    return code not in kinds or kinds[code].may_pass


def join_refusals(refusals: Sequence[ChatError]) -> ChatError:
    """Return one error that says all of them, a line each."""
    first, *others = refusals
    if not others:
        return first
    return BadRequest("several", first=first.notice, others=join_refusals(others).notice)
