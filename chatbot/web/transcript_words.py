"""What a transcript says of an answer in words, in the reader's language."""

from __future__ import annotations

from chatbot import errors
from chatbot.chat.context_usage import Boundary, Usage
from chatbot.chat.context_window import count_used, is_full
from chatbot.chat.generation import Generation
from chatbot.domain.messages import Message
from chatbot.domain.statistics import Statistics
from chatbot.i18n.translator import Translator
from chatbot.services import Services
from chatbot.settings import Settings

_SLOW_LOAD_S = 1.0  # shorter loading is not worth a word


def list_notes(answer: Message, words: Translator) -> list[str]:
    """Return how an answer ended otherwise than whole, and what the model has not seen."""
    return [*_list_endings(answer, words), *_list_losses(answer, words)]


def _list_endings(answer: Message, words: Translator) -> list[str]:
    notes = []
    if answer.state == "stopped":
        notes.append(words.translate("Stopped"))
    if answer.state == "abandoned":
        notes.append(words.translate("Ended, since no page showed it any more"))
    if answer.state == "interrupted":
        notes.append(words.translate("Cut off by a restart"))
    if is_full(answer.statistics):
        notes.append(words.translate("Cut because the context window (Settings) was full"))
    elif answer.statistics.done_reason == "length":
        notes.append(words.translate("Cut at the longest answer (Settings)"))
    return notes


def _list_losses(answer: Message, words: Translator) -> list[str]:
    statistics, notes = answer.statistics, []
    if left_out := statistics.left_out:
        notes.append(
            words.translate_count(
                "The first message no longer fits the context window",
                "The first {count} messages no longer fit the context window",
                left_out,
            )
        )
    if statistics.is_cut:
        notes.append(
            words.translate(
                "Ollama cut off the beginning of what was sent: the model has not seen it"
            )
        )
    if statistics.images_left_out:
        text = words.translate("Images were left out: {model} cannot see them", model=answer.model)
        notes.append(text)
    return notes


def describe_figures(answer: Message, words: Translator) -> str:
    """Return an answer's model, times and tokens in one line; empty where nothing was counted."""
    statistics = answer.statistics
    if not statistics.output_tokens:
        return ""
    figures = [answer.model, *_list_times(statistics, words), *_list_tokens(statistics, words)]
    return " · ".join(figures)


def _list_times(statistics: Statistics, words: Translator) -> list[str]:
    times = []
    if ttft := statistics.ttft_s:
        times.append(words.translate("first words after {seconds:.1f} s", seconds=ttft))
    if (load := statistics.load_s) > _SLOW_LOAD_S:
        times.append(words.translate("{seconds:.0f} s of this was loading the model", seconds=load))
    if seconds := statistics.eval_s:
        rate = statistics.output_tokens / seconds
        times.append(words.translate("{rate:,.0f} tokens/s", rate=rate))
    return times


def _list_tokens(statistics: Statistics, words: Translator) -> list[str]:
    tokens = [
        words.translate_count(
            "{count:,} token in, {out:,} out",
            "{count:,} tokens in, {out:,} out",
            statistics.input_tokens,
            out=statistics.output_tokens,
        )
    ]
    if window := statistics.num_ctx:
        used = count_used(statistics)
        tokens.append(
            words.translate("{used:,} of {all:,} tokens of context", used=used, all=window)
        )
    return tokens


def describe_wait(services: Services, generation: Generation, words: Translator) -> str:
    """Return what an answer waits for of which nothing has come."""
    if generation.waits_for_ollama:
        return words.translate("Ollama does not answer. Waiting for it to come back…")
    if ahead := services.chat.count_ahead(generation):
        return words.translate_count(
            "Queued, {count} answer before yours…", "Queued, {count} answers before yours…", ahead
        )
    if not services.models.is_in_memory(generation.model):
        return words.translate("Loading the model {model}…", model=generation.model)
    return words.translate("Reading the prompt…")


def describe_error(answer: Message, words: Translator) -> str:
    """Return what went wrong; in English where it was written before errors had codes."""
    return words.describe(answer.failure) if answer.failure else answer.error


def describe_usage(usage: Usage, words: Translator) -> str:
    """Return how full the context window is; empty where the prompt alone is too long."""
    if usage.used is None:
        return ""
    if usage.is_exact:
        return words.translate(
            "Context: {used:,} of {all:,} tokens", used=usage.used, all=usage.window
        )
    return words.translate(
        "Context: about {used:,} of {all:,} tokens", used=usage.used, all=usage.window
    )


def warn_of_usage(usage: Usage, words: Translator) -> str:
    """Return what happens next in a context window that is nearly full; else nothing."""
    if not usage.is_nearly_full:
        return ""
    return words.translate("The context window is nearly full. What is oldest will be left out.")


def warn_of_models(settings: Settings, answer: Message, words: Translator) -> str:
    """Return why a model that is missing cannot be pulled; nothing where it can."""
    is_missing = errors.kinds.get(answer.failure_code or "") is errors.ModelMissing
    if settings.pull_models or not is_missing:
        return ""
    return words.translate(
        "Models come with this deployment: its replicas share no store to pull one to."
    )


def describe_boundary(boundary: Boundary, words: Translator) -> str:
    """Return what becomes of the messages above a boundary."""
    if boundary.left_out:
        return words.translate("What stands above no longer fits the context window.")
    return words.translate("What stands above is summarized for the model")
