"""What goes wrong between the chat and Ollama, told in sentences with a cure.

Ollama says `{"error": "…"}` with a status, or in a line of a stream. What else comes with an error
(a proxy's HTML page, nothing at all) is not read out: there the status alone is told.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
import httpx
import ollama

from chatbot import errors
from chatbot.settings import Settings

log = logging.getLogger("chatbot.llm.failures")

BROKE_OFF = "The answer broke off before its end. Ask again; what came so far is kept."

_LOGGED_CHARS = 300  # of a page that is not read out


@contextmanager
def ollama_errors(
    settings: Settings, model: str = "", broke_off: str = BROKE_OFF, url: str = ""
) -> Iterator[None]:
    """Turns what httpx, aiohttp and the ollama package raise into a ChatError.

    `broke_off` is the sentence for a stream that ends too early; `url` is the server that was
    asked, if it is not the one at OLLAMA_BASE_URL.
    """
    url = url or settings.ollama_base_url
    try:
        yield
    except ollama.ResponseError as error:
        log.warning("Ollama refused: %s (status %s)", error.error, error.status_code)
        raise refusal(settings, error, model, url) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, ConnectionError) as error:
        log.debug("no Ollama at %s: %r", url, error)
        raise errors.OllamaUnreachable(
            f"Ollama does not answer at {url}. "
            "Start it with `ollama serve`; the chat goes on by itself."
        ) from error
    except httpx.TimeoutException as error:
        raise errors.TimedOut(
            f"Ollama was silent for {settings.token_timeout:g} seconds. "
            "Ask again, choose a smaller model, or raise TOKEN_TIMEOUT."
        ) from error
    # The last two come of a line that is no object, and of an error in it that is no text.
    except (
        httpx.TransportError,
        aiohttp.ClientError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        log.warning("the stream from Ollama broke off", exc_info=error)
        raise errors.OllamaFailed(broke_off) from error


async def readable(response: httpx.Response) -> httpx.Response:
    """A reply as the ollama package can read it: an error with Ollama's words, or with none.

    A page of HTML is an error whatever its status says: Ollama has none.
    """
    is_page = response.is_success and "html" in response.headers.get("content-type", "")
    if not (is_page or response.is_error):
        return response
    body = await response.aread()
    status = httpx.codes.NOT_FOUND if is_page else response.status_code
    if not (text := _error_text(body)):
        log.warning("status %d with %r", response.status_code, body[:_LOGGED_CHARS])
    return httpx.Response(status, json={"error": text})


def _error_text(body: bytes) -> str:
    """What a JSON object says is wrong; nothing if the body is something else."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error or "")
    except (ValueError, LookupError, TypeError):
        return ""


def _too_old(model: str) -> errors.ChatError:
    return errors.OllamaRefused(
        f"{model} needs a newer Ollama. Update it from https://ollama.com/download."
    )


def _counted_tokens(text: str) -> int | None:
    """How long the prompt was, as newer ones say: "request (9000 tokens) exceeds the …"."""
    counted = re.search(r"request \((\d+) tokens\)", text)
    return int(counted[1]) if counted else None


_BY_WORDS: list[tuple[str, Callable[[str, str], errors.ChatError]]] = [
    (
        "manifest: file does not exist|manifest.?unknown",
        lambda model, _: errors.ModelUnknown(model),
    ),
    ("newer version of ollama|manifest: 412", lambda model, _: _too_old(model)),
    (
        "manifest: (unauthorized|40[13])",
        lambda model, _: errors.OllamaRefused(
            f"The registry does not give {model} to everybody. Check its name; "
            "if it is private, sign Ollama in with `ollama signin`."
        ),
    ),
    (
        "manifest: 4(?!08|29)",
        lambda model, text: errors.OllamaRefused(
            f"The registry does not give {model} to Ollama. Check its name, "
            f"and whether it is made for Ollama. Ollama says: {text}"
        ),
    ),
    (
        "x509|http response to https",
        lambda model, text: errors.OllamaRefused(
            f"Ollama does not trust the registry of {model}, or a proxy before it. "
            f"Install its certificate on Ollama's machine. Ollama says: {text}"
        ),
    ),
    (
        "invalid model name",
        lambda model, _: errors.OllamaRefused(
            f"{model} is not a model's name. Write it like llama3.2:1b or hf.co/user/model."
        ),
    ),
    ("^model (['\"].*['\"] )?not found", lambda model, _: errors.ModelMissing(model)),
    ("does not support (chat|generate)", lambda model, _: errors.ModelCannotChat(model)),
    (
        "no space left",
        lambda *_: errors.DiskFull(
            "The disk of Ollama's models is full. Delete a model or free space, then try again."
        ),
    ),
    (
        # The second is how Ollama tells of a runner that the system ended for want of memory.
        r"memory|terminated.*(exit code -1\b|signal: killed)",
        lambda model, text: errors.OutOfMemory(
            f"There is not enough free memory for {model or 'the model'}. "
            f"Choose a smaller model or lower NUM_CTX. Ollama says: {text}"
        ),
    ),
    (
        "(error|unable to|failed to) load(ing)? model|missing tensor|number of tensors|"
        "(unknown|unsupported) (model )?architecture|incompatible with your version",
        lambda model, text: errors.OllamaRefused(
            f"Ollama cannot load {model}: it needs a newer Ollama, or its file is damaged. "
            f"Update Ollama, or pull the model again. Ollama says: {text}"
        ),
    ),
    (
        r"does not support thinking|think value|think must be|\.think\b",
        lambda _, text: errors.ThinkingRefused(_refused(text)),
    ),
    (
        "image input|vision|multimodal|mmproj|support(ed)? images?|images?.* support",
        lambda model, _: errors.ImagesRefused(model),
    ),
    (
        "context.*(exceed|length)|(exceed|length).*context",
        lambda _, text: errors.ContextOverflow(
            "The conversation is longer than the model's context window. "
            "Shorten the prompt or start a new conversation.",
            _counted_tokens(text),
        ),
    ),
]


def refusal(
    settings: Settings, error: ollama.ResponseError, model: str, url: str
) -> errors.ChatError:
    """The ChatError for what the server at `url` answered instead of doing what was asked."""
    text, status = str(error.error), error.status_code
    for words, make in _BY_WORDS:
        if re.search(words, text, re.IGNORECASE | re.DOTALL):
            return make(model, text)
    if text and status not in (404, 405):
        return _by_status(text, status, model)
    return _without_words(settings, status, url)


def _by_status(text: str, status: int, model: str) -> errors.ChatError:
    """For words of Ollama's that say nothing of their own; the status is -1 in a stream."""
    match status:
        case 401:
            return errors.OllamaRefused(
                f"Ollama is not signed in, which {model or 'the model'} needs. "
                "Run `ollama signin` on its machine."
            )
        case 403:
            return errors.OllamaRefused(
                f"Ollama may not use {model}. Choose another model. It says: {text}"
            )
        case 412:
            return _too_old(model)
        case 429:
            return errors.Busy(
                "Ollama takes no more requests for now. Wait, or choose another model. "
                f"It says: {text}"
            )
        case 503:
            return errors.Busy("Ollama has too many requests waiting. Try again in a minute.")
    if 400 <= status < 500:
        return errors.OllamaRefused(_refused(text))
    return errors.OllamaFailed(f"Ollama could not answer. Try again. It says: {text}")


def _refused(text: str) -> str:
    return (
        "Ollama refuses this request. Change the prompt, the conversation's settings or the "
        f"model. It says: {text}"
    )


def _without_words(settings: Settings, status: int, url: str) -> errors.ChatError:
    """For an error that another program than Ollama tells of."""
    if status in (401, 407):
        return errors.OllamaRefused(
            f"What answers at {url} asks for a login (status {status}). "
            "Let the chat in without one, or set OLLAMA_API_KEY to a token that it takes."
        )
    if status == 403:
        return errors.OllamaRefused(
            f"What answers at {url} turns the chat away (status 403). "
            "A proxy before Ollama has to let it in, and to send the header `Host: localhost`."
        )
    if status == 413:
        return errors.OllamaRefused(
            f"A proxy before Ollama, at {url}, takes no request of this size (status 413). "
            "Send less or smaller files, or raise the proxy's limit."
        )
    if status in (429, 503):
        return errors.Busy(
            f"What answers at {url} is busy or does not reach Ollama (status {status}). "
            "Try again in a minute."
        )
    if status in (408, 504, 524):
        return errors.TimedOut(
            f"A proxy before Ollama, at {url}, waited no longer (status {status}). "
            "Ask again, or raise the proxy's time-out."
        )
    if status == 502 or 520 <= status < 600:
        return errors.OllamaUnreachable(
            f"A proxy answers at {url} and does not reach Ollama (status {status}). "
            "Start Ollama behind it; the chat goes on by itself."
        )
    if 400 <= status < 500:
        is_service = url == settings.ollama_service_url
        return errors.NotOllama(url, "OLLAMA_SERVICE_URL" if is_service else "OLLAMA_BASE_URL")
    return errors.OllamaFailed(
        f"Ollama failed without a word (status {status}). Try again; its log may say why."
    )
