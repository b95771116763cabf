"""What goes wrong between the chat and Ollama, made an error that has a cure.

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

_LOGGED_CHARS = 300  # of a page that is not read out


@contextmanager
def ollama_errors(
    settings: Settings, model: str = "", broke_off: errors.ChatError | None = None, url: str = ""
) -> Iterator[None]:
    """Turn what httpx, aiohttp and the ollama package raise into a ChatError.

    Raises TimedOut, OllamaUnreachable, or the error that Ollama's own words mean.

    `broke_off` is the error of a stream that ends too early, if it is not an answer's; `url` is the
    server that was asked, if it is not the one at OLLAMA_BASE_URL.
    """
    url = url or settings.ollama_base_url
    try:
        yield
    except ollama.ResponseError as error:
        log.warning("Ollama refused: %s (status %s)", error.error, error.status_code)
        raise explain_refusal(settings, error, model, url) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, ConnectionError) as error:
        log.debug("no Ollama at %s: %r", url, error)
        raise errors.OllamaUnreachable(url=url) from error
    except httpx.TimeoutException as error:
        raise errors.TimedOut(count=settings.token_timeout) from error
    # The last two come of a line that is no object, and of an error in it that is no text.
    except (
        httpx.TransportError,
        aiohttp.ClientError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        log.warning("the stream from Ollama broke off", exc_info=error)
        raise broke_off or errors.OllamaFailed("answer_broke_off") from error


async def make_readable(response: httpx.Response) -> httpx.Response:
    """Return a reply as the ollama package can read it: an error with Ollama's words, or with none.

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
    """Return what a JSON object says is wrong; nothing if the body is something else."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error or "")
    except (ValueError, LookupError, TypeError):
        return ""


def _counted_tokens(text: str) -> int:
    """Return the tokens of the prompt, where it says "request (9000 tokens) exceeds …"; else 0."""
    counted = re.search(r"request \((\d+) tokens\)", text)
    return int(counted[1]) if counted else 0


_MOST_TELLING = 2_000  # characters: a pattern with two words looks for the second at each first
_BY_WORDS: list[tuple[str, Callable[[str, str], errors.ChatError]]] = [
    (
        "manifest: file does not exist|manifest.?unknown",
        lambda model, _: errors.ModelUnknown(model=model),
    ),
    (
        "newer version of ollama|manifest: 412",
        lambda model, _: errors.OllamaRefused("ollama_too_old", model=model),
    ),
    (
        "manifest: (unauthorized|40[13])",
        lambda model, _: errors.OllamaRefused("model_private", model=model),
    ),
    (
        "manifest: 4(?!08|29)",
        lambda model, words: errors.OllamaRefused("registry_refused", model=model, words=words),
    ),
    (
        "x509|http response to https",
        lambda model, words: errors.OllamaRefused("registry_untrusted", model=model, words=words),
    ),
    (
        "invalid model name",
        lambda model, _: errors.OllamaRefused("model_name_wrong", model=model),
    ),
    ("^model (['\"].*['\"] )?not found", lambda model, _: errors.ModelMissing(model=model)),
    (
        "does not support (chat|generate)",
        lambda model, _: errors.ModelCannotChat(model=model),
    ),
    ("no space left", lambda *_: errors.DiskFull()),
    (
        # The second is how Ollama tells of a runner that the system ended for want of memory.
        r"memory|terminated.*(exit code -1\b|signal: killed)",
        lambda model, words: (
            errors.OutOfMemory(model=model, words=words)
            if model
            else errors.OutOfMemory("out_of_memory_for_some_model", words=words)
        ),
    ),
    (
        "(error|unable to|failed to) load(ing)? model|missing tensor|number of tensors|"
        "(unknown|unsupported) (model )?architecture|incompatible with your version",
        lambda model, words: errors.OllamaRefused("model_not_loaded", model=model, words=words),
    ),
    (
        r"does not support thinking|think value|think must be|\.think\b",
        lambda _, words: errors.ThinkingRefused(words=words),
    ),
    (
        "image input|vision|multimodal|mmproj|support(ed)? images?|images?.* support",
        lambda model, _: errors.ImagesRefused(model=model),
    ),
    (
        "context.*(exceed|length)|(exceed|length).*context",
        lambda _, words: errors.ContextOverflow(
            "context_overflow_refused", tokens=_counted_tokens(words)
        ),
    ),
]


def explain_refusal(
    settings: Settings, error: ollama.ResponseError, model: str, url: str
) -> errors.ChatError:
    """Return the ChatError for what the server at `url` answered instead of what was asked."""
    words, status = str(error.error), error.status_code
    for pattern, make in _BY_WORDS:
        if re.search(pattern, words[:_MOST_TELLING], re.IGNORECASE | re.DOTALL):
            return make(model, words)
    if words and status not in (404, 405):
        return _by_status(words, status, model)
    return _without_words(settings, status, url)


def _by_status(words: str, status: int, model: str) -> errors.ChatError:
    """For words of Ollama's that say nothing of their own; the status is -1 in a stream."""
    match status:
        case 401 if model:
            return errors.OllamaRefused("ollama_signed_out_for_model", model=model)
        case 401:
            return errors.OllamaRefused("ollama_signed_out")
        case 403:
            return errors.OllamaRefused("model_forbidden", model=model, words=words)
        case 412:
            return errors.OllamaRefused("ollama_too_old", model=model)
        case 429:
            return errors.Busy("ollama_limited", words=words)
        case 503:
            return errors.Busy("ollama_busy")
    if 400 <= status < 500:
        return errors.OllamaRefused(words=words)
    return errors.OllamaFailed(words=words)


def _without_words(settings: Settings, status: int, url: str) -> errors.ChatError:
    """For an error that another program than Ollama tells of."""
    if status in (401, 407):
        return errors.OllamaRefused("proxy_wants_login", url=url, status=status)
    if status == 403:
        return errors.OllamaRefused("proxy_forbids", url=url)
    if status == 413:
        return errors.OllamaRefused("proxy_limits_size", url=url)
    if url == settings.ollama_gateway_url and status == 429:
        return errors.Busy("ollama_busy")
    # The gateway's Ollamas are of another deployment, as in a roll-out, or there are none.
    if url == settings.ollama_gateway_url and status in (421, 503):
        return errors.OllamaUnreachable("ollama_unreachable_behind_proxy", url=url, status=status)
    if status in (429, 503):
        return errors.Busy("proxy_busy", url=url, status=status)
    if status in (408, 504, 524):
        return errors.TimedOut("proxy_timed_out", url=url, status=status)
    if status == 502 or 520 <= status < 600:
        return errors.OllamaUnreachable("ollama_unreachable_behind_proxy", url=url, status=status)
    if 400 <= status < 500:
        variables: dict[str, str] = {
            settings.ollama_base_url: "OLLAMA_BASE_URL",
            settings.ollama_gateway_url: "OLLAMA_GATEWAY_URL",
        }
        return errors.NotOllama(url=url, variable=variables.get(url, "OLLAMA_SERVICE_URL"))
    return errors.OllamaFailed("ollama_failed_silently", status=status)
