"""Makes the JSON of a transcript from what the chat knows, in the words of who reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot import errors
from chatbot.domain.attachment import AttachedFile
from chatbot.domain.messages import Message
from chatbot.domain.statistics import Statistics
from chatbot.history.schema import storable
from chatbot.i18n.translator import Translator
from chatbot.identity.links import make_attachment_link
from chatbot.web import transcript_words as words
from chatbot.web.transcript_models import (
    AnswerStatistics,
    TranscriptError,
    TranscriptFile,
    TranscriptMessage,
)


@dataclass(frozen=True)
class Reader:
    """Who reads: in which language, and the credential of a browser that keeps no cookies."""

    translator: Translator
    credential: str = ""


def view_message(
    message: Message,
    reader: Reader,
    versions: Sequence[str] = (),
    files: Sequence[AttachedFile] = (),
    *,
    has_texts: bool = True,
) -> TranscriptMessage:
    """Return a message as a page draws it; without its texts where these have been sent."""
    is_answer = message.role == "assistant"
    return TranscriptMessage(
        id=message.id,
        role=message.role,
        content=storable(message.content) if has_texts else None,
        thinking=storable(message.thinking) if has_texts else None,
        state=message.state,
        model=message.model,
        created_at=message.created_at,
        versions=list(versions),
        files=[_view_file(file, reader) for file in files],
        error=_view_error(message, reader),
        notes=words.list_notes(message, reader.translator) if is_answer else [],
        figures=words.describe_figures(message, reader.translator) if is_answer else "",
        thought_s=message.statistics.thought_s or None,
        statistics=_view_statistics(message.statistics) if is_answer else None,
        may_retry=_may_retry(message),
        may_continue=_may_continue(message),
    )


def _view_file(file: AttachedFile, reader: Reader) -> TranscriptFile:
    address = make_attachment_link(file.id, reader.credential) if file.is_image else None
    return TranscriptFile(name=file.name, size=file.size, image=address)


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


def _may_retry(message: Message) -> bool:
    return message.state not in ("done", "writing") and errors.may_pass(message.failure_code)


def _may_continue(message: Message) -> bool:
    is_cut = message.statistics.done_reason == "length"
    return bool(message.content) and (
        message.state in ("stopped", "abandoned", "interrupted") or is_cut
    )
