"""The one door to conversations and what happens to a prompt, for the page and the API."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from chatbot import errors
from chatbot.chat.context_window import FittedMessages
from chatbot.chat.conversation_content import ConversationContent, Draft, OpenConversation
from chatbot.chat.generation import Generation
from chatbot.chat.generations import Generations
from chatbot.chat.message_keeper import MessageKeeper
from chatbot.chat.request_builder import RequestBuilder
from chatbot.chat.summary import summarize_content
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation, Deletion
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings, Preset
from chatbot.domain.exchange import Exchange
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.messages import Message
from chatbot.history import History, Hit
from chatbot.settings import Settings

_HEAD_START_S = 0.02  # for the request, before the page draws and holds the interpreter


@dataclass(frozen=True)
class ChatService:
    """What can be asked of the chat; each call that reads or writes may raise HistoryUnavailable.

    A call takes a millisecond, or up to 5 s while another program holds the database.
    """

    settings: Settings
    history: History
    generations: Generations
    requests: RequestBuilder

    @property
    def is_draining(self) -> bool:
        """Return whether the process is about to stop and refuses new prompts."""
        return self.generations.draining

    # Prompts and their answers

    def send_prompt(
        self,
        user_id: str,
        conversation_id: str | None,
        draft: Draft,
        model: str,
        watcher: Callable[[], bool],
        above: ConversationContent | None = None,
    ) -> Exchange:
        """Store a prompt and start its answer; None starts a conversation.

        `above` is what the page shows above the prompt. If another tab has added to it, it is read
        again, so that the model sees the conversation as it is. `watcher` tells whether somebody
        still waits. Raises BadRequest, PromptTooLong, ContextOverflow, Busy, Draining or NotFound.
        """
        above = above or ConversationContent()
        self._check_draft(draft, model)
        self.generations.check_capacity()
        # What cannot fit is refused before it is stored.
        messages = [*above.chat_messages(), draft.chat_message()]
        fitted = self.requests.fit_messages(messages, above, model)
        exchange = self.history.store_prompt(
            user_id,
            conversation_id,
            draft.prompt,
            model,
            instead_of=draft.instead_of,
            files=draft.files,
            settings=above.settings,
        )
        if exchange.prompt.parent_id != above.last_id:
            fitted = self._fit_stored(user_id, exchange)
        self._start_answer(exchange, fitted, watcher)
        return exchange

    def answer_again(
        self,
        user_id: str,
        conversation_id: str,
        answer_id: str,
        model: str,
        watcher: Callable[[], bool],
    ) -> Exchange:
        """Answer the prompt of `answer_id` once more, as a new version of that message.

        Raises ContextOverflow, Busy, Draining or NotFound.
        """
        self.generations.check_capacity()
        exchange = self.history.store_retry(user_id, conversation_id, answer_id, model)
        self._start_answer(exchange, self._fit_stored(user_id, exchange), watcher)
        return exchange

    def answer_once(self, prompt: str, model: str) -> Generation:
        """Start the answer to a prompt that belongs to no conversation and is kept nowhere.

        Raises ContextOverflow, Busy or Draining.
        """
        content = ConversationContent()
        fitted = self.requests.fit_messages([ChatMessage("user", prompt)], content, model)
        request = GenerationRequest(model, fitted.messages, self.settings.system_prompt)
        num_ctx = self.requests.choose_num_ctx(DEFAULT_SETTINGS, model)
        generation = Generation(
            secrets.token_hex(16), request, num_ctx=num_ctx, estimated=fitted.estimated
        )
        return self.generations.start(generation)

    def find_generation(self, message_id: str) -> Generation | None:
        """Return the answer that this process is making as this message, or None."""
        return self.generations.find_generation(message_id)

    def count_ahead(self, generation: Generation) -> int:
        """Return how many answers that began before this one are still under way."""
        return self.generations.count_ahead(generation)

    def stop_watched_by(self, watcher: Callable[[], bool]) -> None:
        """End the answers that `watcher` alone waits for: it will not come back."""
        self.generations.stop_watched_by(watcher)

    def stop_generation(self, generation: Generation) -> None:
        """End an answer of this process; what came is kept."""
        self.generations.stop(generation)

    def stop_answer(self, message: Message) -> Generation | None:
        """End the answer that is written as `message`, by this process or another one.

        Return it, ended, if it was this process that made it.
        """
        if (generation := self.find_generation(message.id)) is not None:
            self.generations.stop(generation)
            generation.over.wait()
        elif message.state == "writing":
            self.history.stop_answer(message.id)
        return generation

    # The open conversation

    def open_conversation(self, user_id: str, conversation_id: str) -> OpenConversation:
        """Return a conversation as it is stored, or raise NotFound."""
        messages = self.history.list_messages(user_id, conversation_id)
        versions = self.history.list_versions(user_id, conversation_id)
        files = self.history.list_attachments(user_id, conversation_id)
        conversation = self.history.get_conversation(user_id, conversation_id)
        content = ConversationContent(messages, files, conversation.settings)
        return OpenConversation(content, conversation.model, versions)

    def find_conversation(self, user_id: str, conversation_id: str) -> Conversation:
        """Return a conversation without its messages, or raise NotFound."""
        return self.history.get_conversation(user_id, conversation_id)

    def show_version(self, user_id: str, conversation_id: str, message_id: str) -> None:
        """Have the conversation go through this version of a message, or raise NotFound."""
        self.history.show_version(user_id, conversation_id, message_id)

    def configure_conversation(
        self, user_id: str, conversation_id: str, settings: ConversationSettings
    ) -> None:
        """Keep a conversation's settings, or raise NotFound."""
        self.history.save_settings(user_id, conversation_id, settings)

    def summarize_conversation(
        self, user_id: str, conversation_id: str, model: str, watcher: Callable[[], bool]
    ) -> ConversationSettings:
        """Have the older half summarized, which takes as long as an answer; keep the summary.

        Return the conversation's settings with it. Raises NotFound, BadRequest when there is one
        exchange only, and what an answer can end with: any ChatError.
        """
        conversation = self.history.get_conversation(user_id, conversation_id)
        content = self._read_content(user_id, conversation)
        summary = summarize_content(self.requests, self.generations, content, model, watcher)
        settings = replace(content.settings, summary=summary)
        self.history.save_settings(user_id, conversation_id, settings)
        return settings

    # All conversations of a user

    def list_conversations(self, user_id: str, limit: int) -> list[Conversation]:
        """Return at most `limit` of them: pinned ones first, then those asked last."""
        return self.history.list_conversations(user_id, limit)

    def search_conversations(self, user_id: str, query: str) -> list[Hit]:
        """Return those with all words of `query` in the title or a message."""
        return self.history.search_conversations(user_id, query)

    def rename_conversation(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give a conversation another title, or raise NotFound."""
        self.history.rename_conversation(user_id, conversation_id, title)

    def pin_conversation(self, user_id: str, conversation_id: str, pinned: bool) -> None:
        """Put a conversation before the others, or back among them, or raise NotFound."""
        self.history.pin_conversation(user_id, conversation_id, pinned)

    def delete_conversation(self, user_id: str, conversation_id: str) -> None:
        """Delete a conversation, which can be undone for a while, or raise NotFound."""
        self.history.delete_conversation(user_id, conversation_id)

    def delete_all_conversations(self, user_id: str) -> None:
        """Delete all conversations of a user, which can be undone for a while."""
        self.history.delete_all_conversations(user_id)

    def find_last_deletion(self, user_id: str) -> Deletion | None:
        """Return the last deletion that can be undone, or None."""
        return self.history.find_last_deletion(user_id)

    def undo_deletion(self, user_id: str, deletion: Deletion) -> list[str]:
        """Return the ids of the conversations that came back; none when it was too late."""
        return self.history.undo_deletion(user_id, deletion)

    def export_conversations(
        self, user_id: str, conversation_id: str | None
    ) -> list[ConversationArchive]:
        """Return one conversation (None: all of them) as it goes into a file, or raise NotFound."""
        return self.history.export_archives(user_id, conversation_id)

    def import_conversations(
        self, user_id: str, archives: Sequence[ConversationArchive]
    ) -> list[str]:
        """Store conversations that were read from a file, all or none; return their new ids."""
        return self.history.import_archives(user_id, archives)

    def find_attachment(self, user_id: str, attachment_id: str) -> Attachment:
        """Return a file that the user has sent, or raise NotFound."""
        return self.history.get_attachment(user_id, attachment_id)

    # What a user prefers

    def find_chosen_model(self, user_id: str) -> str:
        """Return the model that the user chose last, or "" before the first choice."""
        return self.history.get_chosen_model(user_id)

    def choose_model(self, user_id: str, model: str, conversation_id: str | None) -> None:
        """Keep the choice for new conversations, and for the one that is open, if any."""
        self.history.choose_model(user_id, model, conversation_id)

    def list_presets(self, user_id: str) -> list[Preset]:
        """Return the presets by name."""
        return self.history.list_presets(user_id)

    def save_preset(self, user_id: str, name: str, settings: ConversationSettings) -> None:
        """Keep a preset; one of the same name is replaced."""
        self.history.save_preset(user_id, name, settings)

    def delete_preset(self, user_id: str, name: str) -> None:
        """Delete a preset, or raise NotFound."""
        self.history.delete_preset(user_id, name)

    # Parts of the above

    def _check_draft(self, draft: Draft, model: str) -> None:
        if draft.prompt.strip() or not draft.files:
            check_prompt(draft.prompt, self.settings)
        if draft.has_images and self.requests.models.lacks_capability(model, "vision"):
            raise errors.BadRequest("images_not_seen", model=model)

    def _fit_stored(self, user_id: str, exchange: Exchange) -> FittedMessages:
        with self._marking_failure(exchange.answer):
            content = self._read_content(user_id, exchange.conversation)
            return self.requests.fit_content(content, exchange.answer.model)

    def _read_content(self, user_id: str, conversation: Conversation) -> ConversationContent:
        return ConversationContent(
            self.history.list_messages(user_id, conversation.id),
            self.history.list_attachments(user_id, conversation.id),
            conversation.settings,
        )

    def _start_answer(
        self, exchange: Exchange, fitted: FittedMessages, watcher: Callable[[], bool]
    ) -> None:
        message, settings = exchange.answer, exchange.conversation.settings
        request = self.requests.build_request(fitted, settings, message.model)
        with self._marking_failure(message):
            generation = Generation(
                id=message.id,
                request=request,
                num_ctx=self.requests.choose_num_ctx(settings, message.model),
                left_out=fitted.left_out,
                estimated=fitted.estimated,
                watchers=[watcher],
                keeper=MessageKeeper(self.history, self.generations, message),
                patient=True,
            )
            if request.image_count and self.requests.models.lacks_capability(
                message.model, "vision"
            ):
                generation.leave_out_images()
            self.generations.start(generation)
            generation.sent.wait(_HEAD_START_S)

    @contextmanager
    def _marking_failure(self, message: Message) -> Iterator[None]:
        """Mark an answer that cannot begin as failed."""
        try:
            yield
        except errors.ChatError as error:
            self.history.finish_answer(message.id, content="", state="failed", error=error)
            raise


def check_prompt(prompt: str, settings: Settings) -> None:
    """Raise BadRequest for an empty prompt and PromptTooLong for one over MAX_PROMPT_CHARS."""
    if not prompt.strip():
        raise errors.BadRequest("prompt_empty")
    if len(prompt) > settings.max_prompt_chars:
        raise errors.PromptTooLong(characters=len(prompt), most=settings.max_prompt_chars)
