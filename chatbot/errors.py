"""What can go wrong, in words for the person who chats; the log gets the traceback.

ChatError
├── BadRequest, UnsupportedMediaType, PromptTooLong, ContextOverflow   not to be served as it is
├── Unauthorized, SignedOut                                            say who you are
├── Busy, Draining                                                     try again later
├── OllamaUnreachable, OllamaFailed, TimedOut, OutOfMemory, DiskFull   the server behind us
│   └── EmptyAnswer (an OllamaFailed)                                  it wrote nothing
├── OllamaRefused, NotOllama                                           it says no, or is another one
│   └── ImagesRefused, ThinkingRefused (each an OllamaRefused)         ask without
├── ModelMissing, ModelUnknown, ModelNotDeployed, ModelCannotChat      pull it, or another one
└── history.NotFound, history.HistoryUnavailable                       the database
"""

from __future__ import annotations


class ChatError(Exception):
    """An error with a sentence that a person can act on.

    `status` is the HTTP status that the API answers with, `code` a stable word for programs.
    `may_pass`: the same request may succeed later although nobody changes anything.
    """

    status = 500
    code = "error"
    may_pass = True

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadRequest(ChatError):
    """The request's body is not what the route takes."""

    status = 400
    code = "bad_request"
    may_pass = False


class UnsupportedMediaType(ChatError):
    """The request's body is not JSON."""

    status = 415
    code = "unsupported_media_type"
    may_pass = False


class PromptTooLong(ChatError):
    """The prompt has more characters than MAX_PROMPT_CHARS."""

    status = 413
    code = "prompt_too_long"
    may_pass = False


class ContextOverflow(ChatError):
    """The prompt alone does not fit the context window; `tokens`: how many Ollama counted."""

    status = 413
    code = "context_overflow"
    may_pass = False

    def __init__(self, sentence: str, tokens: int | None = None) -> None:
        super().__init__(sentence)
        self.tokens = tokens


class Unauthorized(ChatError):
    """The request does not have the key of the API."""

    status = 401
    code = "unauthorized"
    may_pass = False


class SignedOut(ChatError):
    """Who had this tab has signed out."""

    status = 401
    code = "signed_out"

    def __init__(self) -> None:
        super().__init__("You are signed out. Sign in again to go on.")


class Busy(ChatError):
    """As many answers as MAX_ANSWERS allows are under way."""

    status = 503
    code = "busy"


class Draining(ChatError):
    """The process is about to stop and takes no new prompt."""

    status = 503
    code = "draining"


class OllamaUnreachable(ChatError):
    """No Ollama answers at OLLAMA_BASE_URL."""

    status = 503
    code = "ollama_unreachable"


class OllamaFailed(ChatError):
    """Ollama answered with an error, or its answer broke off."""

    status = 502
    code = "ollama_failed"


class OllamaRefused(ChatError):
    """Ollama does not do what is asked, and will not until somebody changes something."""

    status = 502
    code = "ollama_refused"
    may_pass = False


class ImagesRefused(OllamaRefused):
    """The model cannot see the images that it was sent."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model} cannot see images. Choose a model with vision, or send it without them."
        )


class ThinkingRefused(OllamaRefused):
    """The model or its server does not take the way to think that was asked for."""


class NotOllama(ChatError):
    """Something else than Ollama answers at `url`, which `variable` names."""

    status = 502
    code = "not_ollama"
    may_pass = False

    def __init__(self, url: str, variable: str) -> None:
        super().__init__(
            f"What answers at {url} is not Ollama. Correct {variable}: "
            "it is Ollama's address alone, such as http://127.0.0.1:11434."
        )


class EmptyAnswer(OllamaFailed):
    """The answer ended and has no text; its thinking is kept."""

    code = "empty_answer"

    def __init__(self, is_cut: bool = False) -> None:
        super().__init__(
            "The model was cut before it came to its answer. "
            "Raise num_predict or num_ctx in the settings of this conversation, then try again."
            if is_cut
            else "The model wrote nothing. Try again, or choose another model."
        )


class TimedOut(ChatError):
    """Nothing came from Ollama for TOKEN_TIMEOUT, or no end within ANSWER_TIMEOUT."""

    status = 504
    code = "timed_out"


class OutOfMemory(ChatError):
    """The model needs more memory than the machine has free."""

    status = 507
    code = "out_of_memory"


class DiskFull(ChatError):
    """Ollama could not write a model: no space left."""

    status = 507
    code = "disk_full"


class ModelMissing(ChatError):
    """Ollama does not have the model; `model` names it."""

    status = 404
    code = "model_missing"

    def __init__(self, model: str) -> None:
        super().__init__(f"The model {model} is not installed. Pull it, or choose another.")
        self.model = model


class ModelNotDeployed(ChatError):
    """Ollama does not have the model, and PULL_MODELS says that none is pulled."""

    status = 404
    code = "model_not_deployed"
    may_pass = False

    def __init__(self, model: str) -> None:
        super().__init__(
            f"The model {model} did not come with this deployment, and its replicas pull none. "
            "Correct CHAT_MODEL, or add the model to the deployment."
        )


class ModelCannotChat(ChatError):
    """The model was made for something else, such as embeddings."""

    status = 400
    code = "model_cannot_chat"
    may_pass = False

    def __init__(self, model: str) -> None:
        super().__init__(
            f"The model {model} cannot chat: it was made for something else, such as embeddings. "
            "Choose another one, or correct CHAT_MODEL."
        )


class ModelUnknown(ChatError):
    """Ollama's library does not have the model either."""

    status = 404
    code = "model_unknown"
    may_pass = False

    def __init__(self, model: str) -> None:
        super().__init__(
            f"Ollama's library has no model {model}. Check its name at https://ollama.com/library."
        )


def may_pass(code: str | None) -> bool:
    """Whether a request that failed with this code may succeed later, unchanged."""
    return all(kind.may_pass for kind in ChatError.__subclasses__() if kind.code == code)
