"""An answer that was cut goes on in the same message."""

from __future__ import annotations

from dataclasses import replace

from chatbot import errors
from chatbot.chat.context_window import estimate_tokens
from chatbot.domain.messages import Message
from chatbot.domain.statistics import Statistics


def was_cut(answer: Message) -> bool:
    """Return whether an answer has a text that did not come to its end, and may yet."""
    if answer.role != "assistant" or not answer.content.strip():
        return False
    if answer.state in ("done", "writing"):
        return answer.state == "done" and answer.statistics.done_reason == "length"
    return errors.may_pass(answer.failure_code)


def add_statistics(earlier: Message, later: Statistics) -> Statistics:
    """Return the statistics of an answer, as it stood, and of what it was continued with.

    What was read for the second part had the first one in it, which counts as written. The server
    tells nothing of a part that was stopped: its tokens are estimated, written at the same speed.
    """
    first, part = earlier.statistics, estimate_tokens(earlier.content)
    both = replace(
        later,
        load_s=first.load_s + later.load_s,
        prompt_s=first.prompt_s + later.prompt_s,
        ttft_s=first.ttft_s or later.ttft_s,
        queued_s=first.queued_s or later.queued_s,
        thought_s=first.thought_s or later.thought_s,
        input_tokens=first.input_tokens,
        output_tokens=first.output_tokens,
        eval_s=first.eval_s,
        estimated=max(0, later.estimated - part),
    )
    if not later.output_tokens:
        return both
    share = later.input_tokens * part / max(later.estimated, part)
    written = first.output_tokens or round(share)
    output = written + later.output_tokens
    speed = later.eval_s / later.output_tokens
    return replace(
        both,
        input_tokens=max(0, later.input_tokens - written),
        output_tokens=output,
        eval_s=later.eval_s + (first.eval_s or speed * written),
    )
