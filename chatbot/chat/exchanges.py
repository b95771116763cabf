"""Prompts that are sent, and their answers: made, made again, continued and ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from chatbot import errors
from chatbot.chat.context_window import FittedMessages
from chatbot.chat.conversation_content import ConversationContent, Draft
from chatbot.chat.generation import Generation
from chatbot.chat.generations import Generations
from chatbot.chat.message_keeper import MessageKeeper
from chatbot.chat.open_conversation import may_continue
from chatbot.chat.request_builder import RequestBuilder
from chatbot.chat.shares import Asker, Shares
from chatbot.chat.storage import Storage
from chatbot.domain.branch import Branch
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.messages import Message
from chatbot.history import History
from chatbot.settings import Settings

_HEAD_START_S = 0.02  # for the request, before the page draws and holds the interpreter


@dataclass(frozen=True)
class Exchanges:
    """What can be done to the exchanges of a conversation; nothing of it is kept here."""

    settings: Settings
    history: History
    generations: Generations
    requests: RequestBuilder
    shares: Shares
    storage: Storage

    def send_prompt(
        self,
        user_id: str,
        conversation_id: str | None,
        draft: Draft,
        model: str,
        watcher: Callable[[], bool],
        settings: ConversationSettings = DEFAULT_SETTINGS,
        address: str = "",
    ) -> Exchange:
        """Store a prompt and start its answer; None starts a conversation with `settings`.

        What is still written there is stopped. `watcher` tells whether somebody still waits, and
        `address` where they are. Raises BadRequest, PromptTooLong, ContextOverflow, Busy, Draining,
        ShareExceeded, StorageExceeded or NotFound.
        """
        draft = self._with_kept_files(user_id, draft)
        self._check_draft(draft, model)
        above = ConversationContent(settings=settings)
        if conversation_id is not None:
            branch = self._read_ended(user_id, conversation_id)
            above = self._load_content(_cut_before(branch, draft.instead_of))
        asker = self._admit_prompt(user_id, address)
        self.storage.check_prompt(user_id, conversation_id, above, draft)
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
        if exchange.prompt.parent_id != above.last_id:  # somebody has gone on with it meanwhile
            fitted = self._fit_stored(exchange)
        self._start_answer(exchange, fitted, watcher, asker)
        return exchange

    def answer_again(
        self,
        user_id: str,
        conversation_id: str,
        answer_id: str,
        model: str,
        watcher: Callable[[], bool],
        address: str = "",
    ) -> Exchange:
        """Answer the prompt of `answer_id` once more, as a new version of that message.

        What is still written there is stopped. Raises ContextOverflow, Busy, Draining,
        ShareExceeded, StorageExceeded or NotFound.
        """
        self._read_ended(user_id, conversation_id)
        asker = self._admit_prompt(user_id, address)
        self.storage.check_room(user_id)
        exchange = self.history.store_retry(user_id, conversation_id, answer_id, model)
        self._start_answer(exchange, self._fit_stored(exchange), watcher, asker)
        return exchange

    def continue_answer(
        self,
        user_id: str,
        conversation_id: str,
        answer_id: str,
        watcher: Callable[[], bool],
        address: str = "",
    ) -> Exchange:
        """Have the last answer, which was cut, go on in the same message.

        Raises BadRequest for one that cannot, ContextOverflow, Busy, Draining, ShareExceeded,
        StorageExceeded or NotFound.
        """
        branch = self.history.read_branch(user_id, conversation_id)
        answer = branch.last
        if answer is None or answer.id != answer_id or not may_continue(self.requests, branch):
            raise errors.BadRequest("nothing_to_continue")
        asker = self._admit_prompt(user_id, address)
        self.storage.check_room(user_id)
        fitted = self.requests.fit_content(self._load_content(branch), answer.model)
        exchange = self.history.resume_answer(user_id, conversation_id, answer_id)
        self._start_answer(exchange, fitted, watcher, asker, continued=answer)
        return exchange

    def delete_exchange(self, user_id: str, conversation_id: str, prompt_id: str) -> bool:
        """Delete a prompt with its answers, which can be undone for a while; raises NotFound.

        What followed the shown answer stays, below what stood above. Return False when nothing is
        left: then the conversation is deleted too.
        """
        self._end_answers(lambda exchange: exchange.prompt.id == prompt_id, user_id)
        return self.history.delete_exchange(user_id, conversation_id, prompt_id)

    def answer_once(self, prompt: str, model: str, address: str = "") -> Generation:
        """Start the answer to a prompt that belongs to no conversation and is kept nowhere.

        It takes the share of the programs at `address`, nobody's without one. Raises
        ContextOverflow, Busy, Draining or ShareExceeded.
        """
        asker = self._admit_prompt("", address)
        content = ConversationContent()
        fitted = self.requests.fit_messages([ChatMessage("user", prompt)], content, model)
        request = GenerationRequest(model, fitted.messages, self.settings.system_prompt)
        num_ctx = self.requests.choose_num_ctx(DEFAULT_SETTINGS, model)
        generation = Generation(
            secrets.token_hex(16),
            request,
            asker=asker,
            num_ctx=num_ctx,
            estimated=fitted.estimated,
        )
        return self.generations.start(generation)

    # Answers under way

    def find_generation(self, message_id: str) -> Generation | None:
        """Return the answer that this process is making as this message, or None."""
        return self.generations.find_generation(message_id)

    def find_answer(self, user_id: str, message_id: str) -> Generation | None:
        """Return the user's answer that this process is making as this message, or None."""
        generation = self.generations.find_generation(message_id)
        return generation if generation and generation.user_id == user_id else None

    def find_exchange(self, user_id: str, answer_id: str) -> Exchange:
        """Return a stored answer with its prompt, or raise NotFound."""
        return self.history.get_exchange(user_id, answer_id)

    def follow_answer(self, user_id: str, answer_id: str) -> Message:
        """Return an answer as another process saved it last, which learns that somebody waits.

        Raises NotFound.
        """
        return self.history.follow_answer(user_id, answer_id)

    def count_ahead(self, generation: Generation) -> int:
        """Return how many answers that began before this one are still under way."""
        return self.generations.count_ahead(generation)

    def stop_answer(self, user_id: str, message_id: str) -> None:
        """End an answer that this process or another one writes; what came is kept.

        It does not wait for the end. Nothing happens to one that has ended. Raises NotFound.
        """
        if (generation := self.find_answer(user_id, message_id)) is not None:
            self.generations.stop(generation)
        else:
            self.history.stop_answer(user_id, message_id)

    def stop_generation(self, generation: Generation) -> None:
        """End an answer of this process; what came is kept."""
        self.generations.stop(generation)

    def stop_left(self, user_id: str) -> AbstractContextManager[None]:
        """End the user's answers that somebody waits for before the block, and nobody after it."""
        return self.generations.stop_left(user_id)

    # Parts of the above

    def _admit_prompt(self, user_id: str, address: str) -> Asker:
        """Return who asks, after what they send has been counted.

        Raises Busy, Draining or ShareExceeded.
        """
        asker = Asker(user_id, address)
        self.generations.check_capacity(asker)
        self.shares.take_prompt(asker)
        return asker

    def _with_kept_files(self, user_id: str, draft: Draft) -> Draft:
        """Return the draft with the files of the prompt that it replaces."""
        if draft.instead_of is None:
            return draft
        stored = self.history.read_attachments(user_id, [draft.instead_of])
        return replace(draft, files=[*stored.get(draft.instead_of, ()), *draft.files])

    def _check_draft(self, draft: Draft, model: str) -> None:
        if draft.prompt.strip() or not draft.files:
            check_prompt(draft.prompt, self.settings)
        if draft.has_images and self.requests.models.lacks_capability(model, "vision"):
            raise errors.BadRequest("images_not_seen", model=model)

    def _read_ended(self, user_id: str, conversation_id: str) -> Branch:
        """Return what is shown of a conversation, after the end of an answer that is written."""
        branch = self.history.read_branch(user_id, conversation_id)
        if branch.last is None or branch.last.state != "writing":
            return branch
        self.stop_answer(user_id, branch.last.id)
        if (generation := self.find_generation(branch.last.id)) is not None:
            generation.over.wait()
        return self.history.read_branch(user_id, conversation_id)

    def _end_answers(self, is_meant: Callable[[Exchange], bool], user_id: str) -> None:
        """End the user's answers of this process that are meant, and wait for that."""
        ended = [
            generation
            for generation in self.generations.running
            if generation.user_id == user_id
            and generation.exchange is not None
            and is_meant(generation.exchange)
        ]
        for generation in ended:
            self.generations.stop(generation)
        for generation in ended:
            generation.over.wait()

    def _load_content(self, branch: Branch) -> ConversationContent:
        """Return a branch with the files that a model is to see."""
        content = ConversationContent(branch.messages, settings=branch.conversation.settings)
        ids = [message.id for message in content.sent_messages if message.id in branch.files]
        return replace(
            content, files=self.history.read_attachments(branch.conversation.user_id, ids)
        )

    def _fit_stored(self, exchange: Exchange) -> FittedMessages:
        of = exchange.conversation
        with self._marking_failure(exchange.answer):
            content = self._load_content(self.history.read_branch(of.user_id, of.id))
            return self.requests.fit_content(content, exchange.answer.model)

    def _start_answer(
        self,
        exchange: Exchange,
        fitted: FittedMessages,
        watcher: Callable[[], bool],
        asker: Asker,
        continued: Message | None = None,
    ) -> None:
        message, settings = exchange.answer, exchange.conversation.settings
        request = self.requests.build_request(asker.visitor, fitted, settings, message.model)
        request = replace(request, conversation=exchange.conversation.id)
        with self._marking_failure(message):
            generation = Generation(
                id=message.id,
                request=request,
                exchange=exchange,
                asker=asker,
                continued=continued,
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
            self.history.finish_answer(
                message.id,
                content=message.content,
                thinking=message.thinking,
                state="failed",
                error=error,
                statistics=message.statistics,
            )
            raise


def check_prompt(prompt: str, settings: Settings) -> None:
    """Raise BadRequest for an empty prompt and PromptTooLong for one over MAX_PROMPT_CHARS."""
    if not prompt.strip():
        raise errors.BadRequest("prompt_empty")
    if len(prompt) > settings.max_prompt_chars:
        raise errors.PromptTooLong(characters=len(prompt), most=settings.max_prompt_chars)


def _cut_before(branch: Branch, prompt_id: str | None) -> Branch:
    """Return what stands above a prompt of the branch; all of it for None."""
    ids = [message.id for message in branch.messages]
    end = ids.index(prompt_id) if prompt_id in ids else None
    return replace(branch, messages=branch.messages[:end])
