"""Makes the JSON of a transcript from what the chat knows, in the words of who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatbot import errors
from chatbot.chat.context_usage import Boundary as BoundaryFacts
from chatbot.chat.context_usage import Usage as UsageFacts
from chatbot.chat.open_conversation import AnswerEnd, OpenConversation, ShownMessage
from chatbot.domain.attachment import AttachedFile
from chatbot.domain.messages import Message
from chatbot.domain.statistics import Statistics
from chatbot.history.schema import storable
from chatbot.i18n.translator import Translator
from chatbot.identity.links import make_attachment_link, make_thumbnail_link
from chatbot.services import Services
from chatbot.web import transcript_words as words
from chatbot.web.transcript_models import (
    AnswerStatistics,
    Boundary,
    EndEvent,
    ModelOffer,
    RaiseOffer,
    Transcript,
    TranscriptError,
    TranscriptFile,
    TranscriptMessage,
    Usage,
)


@dataclass(frozen=True)
class Reader:
    """Who reads: in which language, and the credential of a browser that keeps no cookies."""

    translator: Translator
    credential: str = ""
    user_id: str = ""


def view_conversation(services: Services, opened: OpenConversation, reader: Reader) -> Transcript:
    """Return an open conversation as a page draws it."""
    return Transcript(
        id=opened.conversation.id,
        title=opened.conversation.title,
        model=opened.conversation.model,
        messages=[view_message(shown, reader) for shown in opened.messages],
        boundary=_view_boundary(opened.boundary, reader),
        usage=_view_last_usage(services, opened, reader),
    )


def view_end(services: Services, end: AnswerEnd, reader: Reader, *, has_texts: bool) -> EndEvent:
    """Return what is drawn when an answer has ended; without texts that have been sent."""
    return EndEvent(
        answer=view_message(end.answer, reader, has_texts=has_texts),
        usage=view_usage(services, end.answer.message, end.usage, reader),
        boundary=_view_boundary(end.boundary, reader),
        title=end.title,
        # Then the page says what the chat waits for.
        refresh=not services.readiness.is_ready,
    )


def view_message(
    shown: ShownMessage, reader: Reader, *, has_texts: bool = True
) -> TranscriptMessage:
    """Return a message as a page draws it; without its texts where these have been sent."""
    message, translator = shown.message, reader.translator
    is_answer = message.role == "assistant"
    return TranscriptMessage(
        id=message.id,
        role=message.role,
        content=storable(message.content) if has_texts else None,
        thinking=storable(message.thinking) if has_texts else None,
        state=message.state,
        model=message.model,
        created_at=message.created_at,
        versions=list(shown.versions),
        files=[_view_file(file, reader) for file in shown.files],
        error=_view_error(message, reader),
        notes=words.list_notes(message, translator) if is_answer else [],
        figures=words.describe_figures(message, translator) if is_answer else "",
        thought_s=message.statistics.thought_s or None,
        statistics=_view_statistics(message.statistics) if is_answer else None,
        may_retry=shown.may_retry,
        may_continue=shown.may_continue,
    )


def _view_file(file: AttachedFile, reader: Reader) -> TranscriptFile:
    if not file.is_image:
        return TranscriptFile(name=file.name, size=file.size, image=None, thumbnail=None)
    return TranscriptFile(
        name=file.name,
        size=file.size,
        image=make_attachment_link(file.id, reader.credential),
        thumbnail=make_thumbnail_link(file.id, reader.credential),
    )


def _view_error(message: Message, reader: Reader) -> TranscriptError | None:
    if not message.error:
        return None
    text = storable(words.describe_error(message, reader.translator))
    return TranscriptError(code=message.failure_code or errors.ChatError.code, text=text)


def _view_statistics(statistics: Statistics) -> AnswerStatistics:
    return AnswerStatistics(
        input_tokens=statistics.input_tokens,
        output_tokens=statistics.output_tokens,
        ttft_s=statistics.ttft_s,
        queued_s=statistics.queued_s,
        load_s=statistics.load_s,
        prompt_s=statistics.prompt_s,
        eval_s=statistics.eval_s,
        num_ctx=statistics.num_ctx,
        done_reason=statistics.done_reason,
    )


def _view_boundary(boundary: BoundaryFacts | None, reader: Reader) -> Boundary | None:
    if boundary is None:
        return None
    text = words.describe_boundary(boundary, reader.translator)
    return Boundary(before=boundary.before, text=text, summary=storable(boundary.summary))


def _view_last_usage(services: Services, opened: OpenConversation, reader: Reader) -> Usage | None:
    last = opened.messages[-1].message if opened.messages else None
    return view_usage(services, last, opened.usage, reader) if last else None


def view_usage(
    services: Services, answer: Message, usage: UsageFacts | None, reader: Reader
) -> Usage | None:
    """Return what stands below the last answer: the usage of its window, and what helps."""
    translator = reader.translator
    offers = [*_offer_models(services, answer, reader), *_offer_room(usage, reader)]
    warning = words.warn_of_models(services.settings, answer, translator)
    if usage is None:
        is_needed = bool(offers or warning)
        nothing = Usage(used=None, window=0, exact=False, text="", warning=warning, offers=offers)
        return nothing if is_needed else None
    return Usage(
        used=usage.used,
        window=usage.window,
        exact=usage.is_exact,
        text=words.describe_usage(usage, translator),
        warning=words.warn_of_usage(usage, translator) or warning,
        offers=offers,
    )


def _offer_room(usage: UsageFacts | None, reader: Reader) -> Iterator[RaiseOffer | ModelOffer]:
    translator = reader.translator
    if usage and (num_ctx := usage.larger_num_ctx):
        label = translator.translate("Raise the context window to {count:,} tokens", count=num_ctx)
        yield RaiseOffer(label=label, num_ctx=num_ctx)
    if usage and usage.can_summarize:
        label = translator.translate("Summarize the oldest messages")
        yield ModelOffer(act="summarize", label=label, model=usage.model)


def _offer_models(
    services: Services, answer: Message, reader: Reader
) -> Iterator[RaiseOffer | ModelOffer]:
    """Yield what helps where the answer's model is missing, or could not see the images."""
    translator, kind = reader.translator, errors.kinds.get(answer.failure_code or "")
    may_manage = services.users.rights.may_manage_models(reader.user_id)
    if kind is errors.ModelMissing and may_manage and services.settings.pull_models:
        label = translator.translate("Pull {model}", model=answer.model)
        yield ModelOffer(act="pull", label=label, model=answer.model)
    if kind is errors.ImagesRefused or answer.statistics.images_left_out:
        offered = services.models.offered
        seeing = [model.name for model in offered if "vision" in model.capabilities]
        for model in seeing[:1]:
            label = translator.translate("Use {model}", model=model)
            yield ModelOffer(act="use", label=label, model=model)
