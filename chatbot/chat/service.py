"""A prompt's way through the product: stored, made to fit, answered, and the answer kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

from chatbot import errors
from chatbot.chat.context_window import Fit, fit, is_cut, scale, size, used
from chatbot.chat.generation import Generation
from chatbot.chat.generations import Generations
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.messages import Message, Role
from chatbot.domain.parameters import MOST_NUM_CTX, Parameters
from chatbot.history import History
from chatbot.llm.models import Models
from chatbot.settings import Settings

_HEAD_START_S = 0.02  # for the request, before the page draws and holds the interpreter

Files = Mapping[str, Sequence[Attachment]]
"""The attachments by the id of their message."""


def outcome(message: Message, generation: Generation) -> Message:
    """`message` as `answer` has left it: text, state, error, and statistics in seconds."""
    stats = asdict(generation.stats) if generation.stats else {}
    failed = {"error_code": generation.error.code} if generation.error else {}
    more = {
        "ttft_s": generation.ttft_s,
        "thought_s": generation.thought_s,
        "left_out": generation.left_out,
        "images_left_out": generation.images_left_out,
        "num_ctx": generation.num_ctx,
        "estimated": generation.estimated,
        "is_cut": is_cut(stats.get("input_tokens", 0), generation.estimated, generation.num_ctx),
    }
    return replace(
        message,
        content=generation.text,
        thinking=generation.thinking,
        state=generation.state,
        error=generation.error.sentence if generation.error else "",
        stats={**stats, **more, **failed},
    )


@dataclass(frozen=True)
class Kept:
    """Keeps an answer in the history (a Keeper)."""

    history: History
    generations: Generations
    message: Message

    def save(self, generation: Generation) -> None:
        """The text so far; an answer that has been ended in the history is ended here too."""
        if not self.history.save(
            self.message.id, content=generation.text, thinking=generation.thinking
        ):
            self.generations.stop(generation)

    def finish(self, generation: Generation) -> None:
        """The end of the answer."""
        ended = outcome(self.message, generation)
        self.history.finish(
            ended.id,
            content=ended.content,
            thinking=ended.thinking,
            state=generation.ending or "interrupted",
            error=ended.error,
            stats=ended.stats,
        )


@dataclass(frozen=True)
class Draft:
    """What a person is about to send; `instead_of` is the id of the prompt that it replaces."""

    prompt: str
    files: Sequence[Attachment] = ()
    instead_of: str | None = None


@dataclass(frozen=True)
class Thread:
    """A conversation as it is shown: messages, oldest first, attachments by message id, set-up."""

    messages: Sequence[Message] = ()
    files: Files = field(default_factory=dict)
    settings: ConversationSettings = DEFAULT_SETTINGS

    def chat_messages(self) -> list[ChatMessage]:
        """The messages as a model is to see them; a summary's are left out."""
        summary = self.settings.summary
        shown = summary.after(self.messages) if summary else self.messages
        return [
            _chat_message(one.role, one.content, self.files.get(one.id, ()))
            for one in shown
            if one.content or one.id in self.files
        ]


@dataclass(frozen=True)
class Conversations:
    """What the page asks for: send a prompt, or have one answered again."""

    settings: Settings
    history: History
    generations: Generations
    models: Models

    def send(
        self,
        owner: str,
        conversation_id: str | None,
        draft: Draft,
        model: str,
        watching: Callable[[], bool],
        before: Thread | None = None,
    ) -> Exchange:
        """Stores a prompt and starts its answer; None starts a conversation. Raises a ChatError.

        `before` is what the page shows above the prompt. If another tab has added to it, it is
        read again, so that the model sees the conversation as it is.
        """
        before = before or Thread()
        if draft.prompt.strip() or not draft.files:
            check_prompt(draft.prompt, self.settings)
        self._check_images(draft, model)
        self.generations.check_capacity()
        messages = [*before.chat_messages(), _chat_message("user", draft.prompt, draft.files)]
        # What cannot fit is refused before it is stored.
        fitted = self._fit(messages, before, model)
        exchange = self.history.ask(
            owner,
            conversation_id,
            draft.prompt,
            model,
            instead_of=draft.instead_of,
            files=draft.files,
            settings=before.settings,
        )
        if exchange.prompt.parent_id != (before.messages[-1].id if before.messages else None):
            fitted = self._fit_stored(owner, exchange)
        self._answer(exchange, fitted, watching)
        return exchange

    def again(
        self,
        owner: str,
        conversation_id: str,
        answer_id: str,
        model: str,
        watching: Callable[[], bool],
    ) -> Exchange:
        """Answers the prompt of `answer_id` once more, as a new version of that message."""
        self.generations.check_capacity()
        exchange = self.history.retry(owner, conversation_id, answer_id, model)
        self._answer(exchange, self._fit_stored(owner, exchange), watching)
        return exchange

    def count(self, thread: Thread, model: str) -> tuple[int, bool]:
        """The tokens that a conversation takes of `model`'s window, and whether they are exact.

        They are as Ollama counted at the last answer, unless a summary has come since, or its
        thinking, which is not sent again, is among them.
        """
        messages, system_prompt = thread.chat_messages(), self._system_prompt(thread.settings)
        last = thread.messages[-1]
        stats = last.stats or {}
        sent = size(messages[stats.get("left_out") or 0 : -1], system_prompt)
        if used(stats) and not last.thinking and stats.get("estimated", sent) == sent:
            return used(stats), True
        fitted = self._fit([*messages, ChatMessage("user", "")], thread, model)
        return round(fitted.estimated * scale(thread.messages, model)), False

    def num_ctx(self, settings: ConversationSettings, model: str) -> int:
        """The context window of a conversation, in tokens; no larger than the model's own."""
        window = self.parameters(settings, model).num_ctx or self.settings.num_ctx
        return min(window, self.most_num_ctx(model))

    def parameters(self, settings: ConversationSettings, model: str) -> Parameters:
        """A conversation's own parameters, as far as `model` and the operator allow them."""
        own = parameters(settings)
        think = self.models.fitting_think(model, own.think or "on")
        thinks = self.models.can(model, "thinking")
        changes = {"think": think if thinks else None, "num_ctx": self._own_num_ctx(own, model)}
        return own.model_copy(update=changes)

    def _own_num_ctx(self, own: Parameters, model: str) -> int | None:
        """The window to ask for instead of the chat's; another value has the model loaded anew."""
        if own.num_ctx is None or self.settings.has_one_window:
            return None
        return max(
            min(own.num_ctx, self.most_num_ctx(model)), min(own.num_ctx, self.settings.num_ctx)
        )

    def most_num_ctx(self, model: str) -> int:
        """The largest context window that a conversation with `model` can have, in tokens."""
        found = self.models.find(model)
        allowed = self.settings.max_num_ctx or MOST_NUM_CTX
        return min(allowed, (found and found.context_length) or allowed)

    def _check_images(self, draft: Draft, model: str) -> None:
        if any(one.is_image for one in draft.files) and self.models.lacks(model, "vision"):
            raise errors.BadRequest(
                f"{model} cannot see images. Choose a model with vision, or send it without them."
            )

    def _system_prompt(self, settings: ConversationSettings) -> str:
        own = settings.system_prompt or self.settings.system_prompt
        earlier = (
            f"\n\nEarlier in this conversation: {settings.summary.text}" if settings.summary else ""
        )
        return own + earlier

    def _fit(self, messages: list[ChatMessage], thread: Thread, model: str) -> Fit:
        num_ctx = self.num_ctx(thread.settings, model)
        longest = parameters(thread.settings).num_predict
        if longest is None:
            longest = self.settings.num_predict
        return fit(
            messages,
            self._system_prompt(thread.settings),
            num_ctx,
            longest if longest > 0 else num_ctx,
            scale(thread.messages, model),
        )

    def _fit_stored(self, owner: str, exchange: Exchange) -> Fit:
        with self._marking(exchange.answer):
            thread = self.read(owner, exchange.conversation)
            return self._fit(thread.chat_messages(), thread, exchange.answer.model)

    def read(self, owner: str, conversation: Conversation) -> Thread:
        """A conversation as it is stored."""
        return Thread(
            self.history.messages(owner, conversation.id),
            self.history.files(owner, conversation.id),
            conversation.settings,
        )

    def _answer(self, exchange: Exchange, fitted: Fit, watching: Callable[[], bool]) -> None:
        message, settings = exchange.answer, exchange.conversation.settings
        own = self.parameters(settings, message.model)
        request = GenerationRequest(
            message.model, fitted.messages, self._system_prompt(settings), own
        )
        with self._marking(message):
            generation = Generation(
                id=message.id,
                request=request,
                num_ctx=self.num_ctx(settings, message.model),
                left_out=fitted.left_out,
                estimated=fitted.estimated,
                watchers=[watching],
                keeper=Kept(self.history, self.generations, message),
                patient=True,
            )
            if request.image_count and self.models.lacks(message.model, "vision"):
                generation.leave_out_images()
            self.generations.start(generation)
            generation.sent.wait(_HEAD_START_S)

    @contextmanager
    def _marking(self, message: Message) -> Iterator[None]:
        """Marks an answer that cannot begin as failed."""
        try:
            yield
        except errors.ChatError as error:
            self.history.finish(
                message.id,
                content="",
                state="failed",
                error=error.sentence,
                stats={"error_code": error.code},
            )
            raise


def parameters(settings: ConversationSettings) -> Parameters:
    """A conversation's own parameters."""
    return Parameters.model_validate(settings.parameters)


def check_prompt(prompt: str, settings: Settings) -> None:
    """Raises BadRequest for an empty prompt and PromptTooLong for one over MAX_PROMPT_CHARS."""
    if not prompt.strip():
        raise errors.BadRequest("The prompt is empty. Write something.")
    if len(prompt) > settings.max_prompt_chars:
        raise errors.PromptTooLong(
            f"The prompt has {len(prompt):,} characters and at most "
            f"{settings.max_prompt_chars:,} are taken. Shorten it."
        )


def _chat_message(role: Role, text: str, files: Sequence[Attachment]) -> ChatMessage:
    if not files:
        return ChatMessage(role, text)
    documents = "".join(one.text for one in files if not one.is_image)
    return ChatMessage(role, text + documents, tuple(one.data for one in files if one.is_image))
