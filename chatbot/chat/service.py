"""The one door to conversations and what happens to a prompt, for the page and the API."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from chatbot.chat.exchanges import Exchanges, check_prompt
from chatbot.chat.open_conversation import (
    AnswerEnd,
    OpenConversation,
    ShownMessage,
    is_plain,
    show_branch,
)
from chatbot.chat.summary import summarize_content
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation, Deletion
from chatbot.domain.conversation_settings import ConversationSettings, Preset
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import Message
from chatbot.history import Hit, NotFound

__all__ = ["ChatService", "check_prompt"]


class ChatService(Exchanges):
    """What can be asked of the chat; each call that reads or writes may raise HistoryUnavailable.

    A call takes a millisecond, or up to 5 s while another program holds the database.
    """

    @property
    def is_draining(self) -> bool:
        """Return whether the process is about to stop; what still comes is answered."""
        return self.generations.draining

    # The open conversation

    def open_conversation(self, user_id: str, conversation_id: str) -> OpenConversation:
        """Return what is shown of a conversation, or raise NotFound."""
        branch = self.history.read_branch(user_id, conversation_id)
        versions = self.history.list_versions(user_id, conversation_id)
        return show_branch(self.requests, branch, versions, lambda: self._load_content(branch))

    def describe_end(self, exchange: Exchange, answer: Message) -> AnswerEnd:
        """Return what is to be shown when the answer of an exchange has ended as `answer`.

        What a plain end changes is known without the history. Raises NotFound.
        """
        of, versions = exchange.conversation, exchange.versions.get(answer.id, ())
        if is_plain(self.requests, of, answer):
            return AnswerEnd(ShownMessage(answer, versions), of.title)
        opened = self.open_conversation(of.user_id, of.id)
        same = (shown for shown in opened.messages if shown.message.id == answer.id)
        shown = next(same, ShownMessage(answer, versions))
        return AnswerEnd(shown, opened.conversation.title, opened.usage, opened.boundary)

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
        self,
        user_id: str,
        conversation_id: str,
        model: str,
        watcher: Callable[[], bool],
        address: str = "",
    ) -> ConversationSettings:
        """Have the older half summarized, which takes as long as an answer; keep the summary.

        Return the conversation's settings with it. Raises NotFound, BadRequest when there is one
        exchange only, and what an answer can end with: any ChatError.
        """
        asker = self._admit_prompt(user_id, address)
        content = self._load_content(self.history.read_branch(user_id, conversation_id))
        summary = summarize_content(self.requests, self.generations, content, model, watcher, asker)
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
        """Delete a conversation, which can be undone for a while, or raise NotFound.

        What is still written there is stopped.
        """
        self._end_answers(lambda exchange: exchange.conversation.id == conversation_id, user_id)
        self.history.delete_conversation(user_id, conversation_id)

    def delete_all_conversations(self, user_id: str) -> None:
        """Delete all conversations of a user, as `delete_conversation` does."""
        self._end_answers(lambda _: True, user_id)
        self.history.delete_all_conversations(user_id)

    def find_last_deletion(self, user_id: str) -> Deletion | None:
        """Return the last deletion that can be undone, or None."""
        return self.history.find_last_deletion(user_id)

    def undo_deletion(self, user_id: str, deletion: Deletion) -> list[str]:
        """Return the ids of the conversations that came back; none when it was too late."""
        return self.history.undo_deletion(user_id, deletion)

    def export_conversations(
        self, user_id: str, conversation_id: str | None
    ) -> Iterator[ConversationArchive]:
        """Yield one conversation (None: all of them) as it goes into a file, or raise NotFound.

        Each is read when it is taken; one that was deleted meanwhile is left out.
        """
        if conversation_id is not None:
            yield from self.history.export_archives(user_id, conversation_id)
            return
        for conversation in self.history.list_conversations(user_id):
            with contextlib.suppress(NotFound):
                yield from self.history.export_archives(user_id, conversation.id)

    def import_conversations(
        self, user_id: str, archives: Sequence[ConversationArchive]
    ) -> list[str]:
        """Store conversations that were read from a file, all or none; return their new ids.

        Raises StorageExceeded when they are more than the user may keep.
        """
        self.storage.check_archives(user_id, archives)
        return self.history.import_archives(user_id, archives)

    def find_attachment(self, user_id: str, attachment_id: str) -> Attachment:
        """Return a file that the user has sent, or raise NotFound."""
        return self.history.get_attachment(user_id, attachment_id)

    def find_thumbnail(self, user_id: str, attachment_id: str) -> Attachment:
        """Return what pages draw of an image that the user has sent, or raise NotFound."""
        return self.history.get_thumbnail(user_id, attachment_id)

    # What a user prefers

    def find_chosen_model(self, user_id: str) -> str:
        """Return the model that the user chose last, or "" before the first choice."""
        return self.history.get_chosen_model(user_id)

    def choose_model(self, user_id: str, model: str, conversation_id: str | None) -> None:
        """Keep the choice for new conversations, and for the one that is open, if any."""
        self.history.choose_model(user_id, model, conversation_id)

    def get_default_settings(self, user_id: str) -> ConversationSettings:
        """Return the settings with which the user wants new conversations to begin."""
        return self.history.get_default_settings(user_id)

    def save_default_settings(self, user_id: str, settings: ConversationSettings) -> None:
        """Keep the system prompt and the parameters with which new conversations begin."""
        self.history.save_default_settings(user_id, settings)

    def list_presets(self, user_id: str) -> list[Preset]:
        """Return the presets by name."""
        return self.history.list_presets(user_id)

    def save_preset(self, user_id: str, name: str, settings: ConversationSettings) -> None:
        """Keep a preset; one of the same name is replaced. Raises StorageExceeded."""
        self.storage.check_presets(user_id, name)
        self.history.save_preset(user_id, name, settings)

    def delete_preset(self, user_id: str, name: str) -> None:
        """Delete a preset, or raise NotFound."""
        self.history.delete_preset(user_id, name)
