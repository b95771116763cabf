"""What is exported and imported again is the same, whatever a conversation contains."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.conversation_settings import Summary
from chatbot.domain.messages import Ending, Message
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import NO_STATISTICS, Statistics
from chatbot.history import History
from chatbot.transfer import importing
from chatbot.transfer.reading import PART
from tests.support.exports import to_json
from tests.support.files import image

# Any character, also those that a database or UTF-8 does not take.
TEXTS = st.text(st.characters() | st.sampled_from('\0\ud83d\udc00\ufeff\u2028\\"<&\r\n'))
TIMES = st.floats(0, 1e11)
COUNTS = st.integers(0, 2**31 - 1)
SECONDS = st.floats(0, 1e9)
STATISTICS = st.builds(
    Statistics,
    input_tokens=COUNTS, output_tokens=COUNTS, load_s=SECONDS, prompt_s=SECONDS, eval_s=SECONDS,
    done_reason=TEXTS, ttft_s=SECONDS, thought_s=SECONDS, left_out=COUNTS, images_left_out=COUNTS,
    num_ctx=COUNTS, estimated=COUNTS, is_cut=st.booleans(), error_code=TEXTS,
)  # fmt: skip
FILES = st.builds(
    lambda name, kind, size: Attachment(name, f"image/{kind.lower()}", size, image(kind)),
    TEXTS,
    st.sampled_from(["PNG", "JPEG", "WEBP"]),
    st.integers(0, 2**31 - 1),
) | st.builds(
    lambda name, text: Attachment(name, "text/txt", len(text), text.encode(errors="replace")),
    TEXTS,
    TEXTS,
)

FAILURES: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.builds(
    lambda words, count: {
        "error_code": "several",
        "error_arguments": {
            "first": {"code": "ollama_failed", "arguments": {"words": words}},
            "others": {"code": "busy", "arguments": {"count": count}},
        },
    },
    TEXTS,
    st.integers(0, 2**31 - 1),
)


@st.composite
def parameters(draw: st.DrawFn) -> Parameters:
    """Any parameters that a conversation can have."""
    chosen = st.fixed_dictionaries(
        {},
        optional={
            "temperature": st.floats(0, 2),
            "top_p": st.floats(0, 1),
            "seed": st.integers(0, 2**31 - 1),
            "num_ctx": st.integers(256, 1_048_576),
            "num_predict": st.integers(1, 1_048_576),
            "keep_alive": st.sampled_from(["-1", "10m", "2h"]),
            "stop": st.lists(TEXTS.filter(str.strip), max_size=8),
            "think": st.sampled_from(["off", "on", "high"]),
        },
    )
    return Parameters.model_validate(draw(chosen))


@st.composite
def archives(draw: st.DrawFn) -> ConversationArchive:
    """A conversation with branches, and files and a summary of some of its messages."""
    messages: list[Message] = []
    for number in range(draw(st.integers(1, 8))):
        parent = draw(st.sampled_from([None, *messages]))
        answers = parent is not None and parent.role == "user"
        messages.append(
            Message(
                id=str(number),
                conversation_id="",
                parent_id=parent.id if parent else None,
                role="assistant" if answers else "user",
                content=draw(TEXTS),
                thinking=draw(TEXTS),
                state=draw(st.sampled_from(get_args(Ending))),
                error=draw(TEXTS),
                model=draw(TEXTS),
                statistics=draw(st.just(NO_STATISTICS) | STATISTICS),
                created_at=draw(TIMES),
                updated_at=draw(TIMES),
                **draw(FAILURES),
            )
        )
    ids = st.sampled_from([message.id for message in messages])
    conversation = Conversation(
        id="",
        user_id="",
        title=draw(st.text(min_size=1, max_size=60)),
        pinned=draw(st.booleans()),
        model=draw(TEXTS),
        system_prompt=draw(TEXTS),
        parameters=draw(parameters()),
        head_id=draw(ids),
        created_at=draw(TIMES),
        updated_at=draw(TIMES),
        summary=draw(st.none() | st.builds(Summary, TEXTS, ids)),
    )
    return ConversationArchive(
        conversation, messages, draw(st.dictionaries(ids, st.lists(FILES, min_size=1)))
    )


def nameless(archive: ConversationArchive) -> ConversationArchive:
    """The conversation with numbers for ids, which are new at each import."""
    numbers: dict[str | None, str | None] = {None: None}
    numbers |= {message.id: str(number) for number, message in enumerate(archive.messages)}
    before = archive.conversation
    summary = before.summary
    conversation = replace(
        before, id="", user_id="", head_id=numbers[before.head_id],
        summary=summary and replace(summary, until=str(numbers[summary.until])),
    )  # fmt: skip
    messages = [
        replace(
            message, id=str(numbers[message.id]), parent_id=numbers[message.parent_id],
            conversation_id="",
        )
        for message in archive.messages
    ]  # fmt: skip
    files = {str(numbers[message_id]): kept for message_id, kept in archive.files.items()}
    return ConversationArchive(conversation, messages, files)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(archives(), min_size=1, max_size=3))
def test_export_and_import_give_equal_conversations(
    history: History, made: list[ConversationArchive]
) -> None:
    ann, bob = secrets.token_hex(8), secrets.token_hex(8)
    history.import_archives(ann, made)
    before = history.export_archives(ann)
    reading = importing.read(to_json(before))
    assert reading.losses == []
    assert [PART.validate_json(PART.dump_json(one)) for one in reading.archives] == reading.archives
    history.import_archives(bob, reading.archives)
    after = history.export_archives(bob)
    assert [*map(nameless, after)] == [*map(nameless, before)]


def test_what_the_history_cannot_keep_is_replaced_and_no_more(history: History) -> None:
    message = Message(
        "q", "", None, "user", "a\0b\ud83dc😀", "", "done", "", "", NO_STATISTICS, 1.0, 1.0
    )
    made = Conversation("", "", "T\ud83d", False, "", "", Parameters(stop=("\0",)), "q", 1.0, 1.0)
    history.import_archives("ann", [ConversationArchive(made, [message])])
    (archive,) = importing.read(to_json(history.export_archives("ann"))).archives
    assert archive.messages[0].content == "a\ufffdb\ufffdc😀"
    assert archive.conversation.title == "T\ufffd"
    assert archive.conversation.parameters == Parameters(stop=("\ufffd",))
