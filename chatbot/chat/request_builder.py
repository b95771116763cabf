"""What is asked of a model for a conversation: system prompt, parameters, the messages that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot.chat.context_window import (
    FittedMessages,
    compute_scale,
    count_used,
    fit_messages,
    sum_tokens,
)
from chatbot.chat.conversation_content import ConversationContent
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.parameters import MOST_NUM_CTX, Parameters
from chatbot.llm.models import Models
from chatbot.settings import Settings

_GO_ON = (
    "Your last answer was cut. Go on with it exactly where it stopped, and repeat nothing of it."
)


@dataclass(frozen=True)
class RequestBuilder:
    """Makes requests of what a conversation says, the operator allows and a model can."""

    settings: Settings
    models: Models

    def build_request(
        self, user_id: str, fitted: FittedMessages, settings: ConversationSettings, model: str
    ) -> GenerationRequest:
        """Return a user's request for the messages that fit.

        Where they end with an answer, the model goes on with it, and its thinking is over.
        """
        system_prompt = self._system_prompt(settings)
        if fitted.messages[-1].role == "assistant":
            parameters = settings.parameters.model_copy(update={"think": "off"})
            settings = replace(settings, parameters=parameters)
            installed = self.models.find_model(model)
            if installed is not None and installed.closes_answers:
                system_prompt = f"{system_prompt}\n\n{_GO_ON}"
        parameters = self.choose_parameters(user_id, settings, model)
        return GenerationRequest(model, fitted.messages, system_prompt, parameters)

    def fit_messages(
        self, messages: Sequence[ChatMessage], content: ConversationContent, model: str
    ) -> FittedMessages:
        """Return the messages that fit `model`'s window; the last one is the prompt.

        `content` tells the settings and how the estimate is to be corrected. Raises ContextOverflow
        when the prompt alone is too long.
        """
        num_ctx = self.choose_num_ctx(content.settings, model)
        longest = self._own_num_predict(content.settings.parameters)
        if longest is None:
            longest = self.settings.num_predict
        return fit_messages(
            messages,
            self._system_prompt(content.settings),
            num_ctx,
            longest if longest > 0 else num_ctx,
            compute_scale(content.messages, model),
        )

    def fit_content(self, content: ConversationContent, model: str) -> FittedMessages:
        """Return the conversation's messages that fit, as `fit_messages` does."""
        return self.fit_messages(content.chat_messages(), content, model)

    def count_tokens(self, content: ConversationContent, model: str) -> tuple[int, bool]:
        """Return the tokens that a conversation takes of the window, and whether they are exact.

        They are as Ollama counted at the last answer, unless a summary has come since, or its
        thinking, which is not sent again, is among them.
        """
        messages, system_prompt = content.chat_messages(), self._system_prompt(content.settings)
        last = content.messages[-1]
        statistics = last.statistics
        sent = sum_tokens(messages[statistics.left_out : -1], system_prompt)
        if count_used(statistics) and not last.thinking and statistics.estimated in (0, sent):
            return count_used(statistics), True
        fitted = self.fit_messages([*messages, ChatMessage("user", "")], content, model)
        return round(fitted.estimated * compute_scale(content.messages, model)), False

    def choose_num_ctx(self, settings: ConversationSettings, model: str) -> int:
        """Return the context window in tokens; no larger than the model's own."""
        window = self._own_num_ctx(settings.parameters, model) or self.settings.num_ctx
        return min(window, self.max_num_ctx(model))

    def max_num_ctx(self, model: str) -> int:
        """Return the largest window, in tokens, that a conversation with `model` can have."""
        installed = self.models.find_model(model)
        allowed = self.settings.max_num_ctx or MOST_NUM_CTX
        return min(allowed, (installed and installed.context_length) or allowed)

    def choose_parameters(
        self, user_id: str, settings: ConversationSettings, model: str
    ) -> Parameters:
        """Return a conversation's own parameters, as far as `model` and the operator allow them.

        How long a model stays loaded is all users' matter: it is for those who manage the models.
        """
        own = settings.parameters
        think = self.models.fitting_think(model, own.think or "on")
        thinks = self.models.has_capability(model, "thinking")
        may_keep = self.models.rights.may_manage_models(user_id)
        changes = {
            "think": think if thinks else None,
            "num_ctx": self._own_num_ctx(own, model),
            "num_predict": self._own_num_predict(own),
            "keep_alive": own.keep_alive if may_keep else None,
        }
        return own.model_copy(update=changes)

    def _own_num_ctx(self, own: Parameters, model: str) -> int | None:
        """Return the window to ask for instead of the chat's: it has the model loaded anew."""
        if own.num_ctx is None or self.settings.has_one_window:
            return None
        return max(
            min(own.num_ctx, self.max_num_ctx(model)), min(own.num_ctx, self.settings.num_ctx)
        )

    def _own_num_predict(self, own: Parameters) -> int | None:
        """Return the longest answer to ask for instead of the chat's; up to 0 has no limit."""
        asked, most = own.num_predict, self.settings.max_num_predict
        if asked is None or most is None:
            return asked
        return min(asked, most) if asked > 0 else most

    def _system_prompt(self, settings: ConversationSettings) -> str:
        own = settings.system_prompt or self.settings.system_prompt
        summary = settings.summary
        return f"{own}\n\nEarlier in this conversation: {summary.text}" if summary else own
