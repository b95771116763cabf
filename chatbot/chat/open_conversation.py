"""An open conversation as a page shows it: facts, for which each page has its own words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot import errors
from chatbot.chat.context_usage import (
    Boundary,
    Usage,
    describe_usage,
    find_boundary,
    is_raised,
    list_sent,
    needs_words,
)
from chatbot.chat.context_window import is_full
from chatbot.chat.continuation import was_cut
from chatbot.chat.conversation_content import ConversationContent
from chatbot.chat.request_builder import RequestBuilder
from chatbot.domain.attachment import AttachedFile
from chatbot.domain.branch import Branch, Versions
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message
from chatbot.llm.model_names import is_same


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message with what stands at it."""

    message: Message
    versions: Sequence[str] = ()  # ids, oldest first; none where there is one only
    files: Sequence[AttachedFile] = ()
    may_retry: bool = False  # to ask again may help
    may_continue: bool = False  # it was cut, and can go on


@dataclass(frozen=True, slots=True)
class OpenConversation:
    """What is shown of a conversation, oldest first."""

    conversation: Conversation
    messages: Sequence[ShownMessage]
    usage: Usage | None = None
    boundary: Boundary | None = None


@dataclass(frozen=True, slots=True)
class AnswerEnd:
    """What is shown anew when an answer has ended."""

    answer: ShownMessage
    title: str
    usage: Usage | None = None
    boundary: Boundary | None = None


def show_branch(
    requests: RequestBuilder,
    branch: Branch,
    versions: Versions,
    load: Callable[[], ConversationContent],
) -> OpenConversation:
    """Return a branch as it is shown; `load` reads what its files hold, if that is needed."""
    return OpenConversation(
        branch.conversation,
        [_show_message(requests, branch, message, versions) for message in branch.messages],
        describe_usage(requests, branch, load),
        find_boundary(branch),
    )


def is_plain(requests: RequestBuilder, conversation: Conversation, answer: Message) -> bool:
    """Return whether nothing but an answer itself can be told of it when it is the last one."""
    is_whole = answer.state == "done" and not was_cut(answer)
    return is_whole and not needs_words(requests, conversation.settings, answer)


def may_continue(requests: RequestBuilder, branch: Branch) -> bool:
    """Return whether the last answer was cut and there is room for it to go on."""
    answer = branch.last
    if answer is None or not was_cut(answer):
        return False
    statistics, settings = answer.statistics, branch.conversation.settings
    has_older = statistics.left_out < len(list_sent(branch)) - 2
    is_larger = requests.choose_num_ctx(settings, answer.model) > statistics.num_ctx
    return not is_full(statistics) or has_older or is_larger


def _show_message(
    requests: RequestBuilder, branch: Branch, message: Message, versions: Versions
) -> ShownMessage:
    is_last_answer = message is branch.last and message.role == "assistant"
    return ShownMessage(
        message,
        versions.get(message.id, ()),
        branch.files.get(message.id, ()),
        is_last_answer and _may_retry(requests, branch.conversation, message),
        is_last_answer and may_continue(requests, branch),
    )


def _may_retry(requests: RequestBuilder, conversation: Conversation, answer: Message) -> bool:
    """Return whether to ask again may help: something has changed, or the failure may pass."""
    if answer.state in ("done", "writing"):
        return False
    model = requests.models.choose_model([conversation.model], requests.settings.chat_model)
    return (
        not is_same(model, answer.model)
        or is_raised(requests, conversation.settings, answer)
        or errors.may_pass(answer.failure_code)
    )
