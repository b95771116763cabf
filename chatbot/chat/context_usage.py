"""How full the context window is, where what the model sees begins, and what helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatbot import errors
from chatbot.chat.context_window import count_used, is_full
from chatbot.chat.conversation_content import ConversationContent
from chatbot.chat.request_builder import RequestBuilder
from chatbot.chat.summary import list_older
from chatbot.domain.branch import Branch
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.messages import Message
from chatbot.domain.statistics import Statistics

# Parts of the window from which on the usage is told, and the remedies.
_HALF, _FULL = 0.5, 0.75


@dataclass(frozen=True, slots=True)
class Usage:
    """How full a model's context window is after the last answer, in tokens, and what helps."""

    model: str
    window: int
    used: int | None = None  # None where the last prompt alone is too long
    is_exact: bool = False  # counted by the model's server, not estimated
    is_nearly_full: bool = False  # what is oldest will be left out
    larger_num_ctx: int | None = None  # to which the window can be raised, where that helps
    can_summarize: bool = False  # a summary of the oldest messages helps


@dataclass(frozen=True, slots=True)
class Boundary:
    """Before which message all that stands above is no longer sent as it is."""

    before: str  # the id of the first message that the model saw
    summary: str  # what stands for those that are summarized; "" for none
    left_out: int  # how many the last answer's model has seen in no form


def describe_usage(
    requests: RequestBuilder, branch: Branch, load: Callable[[], ConversationContent]
) -> Usage | None:
    """Return the usage once half of the window is used, or something no longer fits.

    None: there is nothing to say. What the conversation holds is loaded only where it is counted.
    """
    answer, settings = branch.last, branch.conversation.settings
    if answer is None or answer.role != "assistant" or not _is_telling(requests, settings, answer):
        return None
    window = requests.choose_num_ctx(settings, answer.model)
    larger = _choose_larger(requests, answer.model, window)
    if answer.state != "done":
        return Usage(answer.model, window, larger_num_ctx=larger)
    used, is_exact = requests.count_tokens(load(), answer.model)
    has_lost = is_exact and _has_lost_messages(answer.statistics)
    if not has_lost and used < _FULL * window:
        return Usage(answer.model, window, used, is_exact)
    can_summarize = _has_more_to_summarize(branch)
    return Usage(answer.model, window, used, is_exact, True, larger, can_summarize)


def needs_words(requests: RequestBuilder, settings: ConversationSettings, answer: Message) -> bool:
    """Return whether there is a usage or a boundary to tell of below or above this last answer."""
    is_shortened = bool(settings.summary or answer.statistics.left_out)
    return is_shortened or _is_telling(requests, settings, answer)


def find_boundary(branch: Branch) -> Boundary | None:
    """Return where what the last answer's model saw begins; None if it saw all."""
    summary = branch.conversation.settings.summary
    after = summary.after(branch.messages) if summary else branch.messages
    sent = list_sent(branch)
    ended = (one for one in reversed(branch.messages) if one.state != "writing")
    left_out = next((one.statistics.left_out for one in ended if one.role == "assistant"), 0)
    if left_out >= len(sent) or (not left_out and len(after) == len(branch.messages)):
        return None
    is_summarized = summary is not None and len(after) < len(branch.messages)
    text = summary.text if summary and is_summarized else ""
    return Boundary(sent[left_out].id, text, left_out)


def list_sent(branch: Branch) -> list[Message]:
    """Return the messages that are sent where all fit: neither empty nor summarized."""
    summary = branch.conversation.settings.summary
    after = summary.after(branch.messages) if summary else branch.messages
    return [message for message in after if message.content or message.id in branch.files]


def is_raised(requests: RequestBuilder, settings: ConversationSettings, answer: Message) -> bool:
    """Return whether the window has become larger since an answer for which it was too small."""
    window = requests.choose_num_ctx(settings, answer.model)
    return _has_overflown(answer) and window > answer.statistics.num_ctx


def _is_telling(requests: RequestBuilder, settings: ConversationSettings, answer: Message) -> bool:
    statistics = answer.statistics
    if answer.state != "done":
        return _has_overflown(answer)
    window = requests.choose_num_ctx(settings, answer.model)
    used = count_used(statistics)
    return not used or used >= _HALF * window or _has_lost_messages(statistics)


def _has_overflown(answer: Message) -> bool:
    return errors.kinds.get(answer.failure_code or "") is errors.ContextOverflow


def _has_lost_messages(statistics: Statistics) -> bool:
    """Return whether something did not fit the window any more."""
    return bool(statistics.left_out or statistics.is_cut or is_full(statistics))


def _choose_larger(requests: RequestBuilder, model: str, window: int) -> int | None:
    most = 0 if requests.settings.has_one_window else requests.max_num_ctx(model)
    return min(2 * window, most) if most > window else None


def _has_more_to_summarize(branch: Branch) -> bool:
    summary = branch.conversation.settings.summary
    uncovered = summary.after(branch.messages) if summary else branch.messages
    return len(list_older(branch.messages)) > len(branch.messages) - len(uncovered)
