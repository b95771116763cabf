"""Files of three programs read: what is sound comes in, what is left out is named."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from chatbot import transfer
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.conversation_settings import Summary
from chatbot.domain.parameters import Parameters
from chatbot.transfer import losses
from tests.transfer.test_exporting import archive

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n rest").decode()


def open_webui() -> list[dict[str, Any]]:
    """What Open WebUI exports: a prompt with an image, and two answers, the second one seen."""
    thought = (
        '<details type="reasoning" done="true" duration="2">\n<summary>Thought for 2 seconds'
        "</summary>\n&gt; Fur &amp; tail.\n&gt; So:\n</details>\nA cat"
    )
    messages = {
        "q": {"id": "q", "parentId": None, "childrenIds": ["a", "b"], "role": "user",
              "content": "What is it?", "timestamp": 1700000000, "models": ["llama3.2"],
              "files": [{"type": "image", "url": f"data:image/png;base64,{PNG}"},
                        {"type": "file", "name": "n.txt", "file": {"data": {"content": "Text"}}},
                        {"type": "collection", "name": "elsewhere"}]},
        "a": {"id": "a", "parentId": "q", "childrenIds": [], "role": "assistant",
              "content": "A dog", "model": "llama3.2", "done": True, "timestamp": 1700000001},
        "b": {"id": "b", "parentId": "q", "childrenIds": [], "role": "assistant",
              "content": thought, "model": "qwen3", "timestamp": 1700000002000},
    }  # fmt: skip
    chat = {
        "title": "Animals",
        "models": ["qwen3"],
        "params": {"system": "Be brief.", "temperature": 0.5, "top_p": 7, "stop": ["END"]},
        "history": {"currentId": "b", "messages": messages},
    }
    return [{"id": "1", "user_id": "u", "title": "Animals", "chat": chat, "pinned": True,
             "archived": False, "created_at": 1700000000, "updated_at": 1700000009}]  # fmt: skip


def hollama() -> list[dict[str, Any]]:
    """What Hollama exports: knowledge, a prompt with an image, an answer with its reasoning."""
    return [
        {
            "id": "x1", "model": {"name": "gemma:7b", "serverId": "s"}, "options": {"seed": 7},
            "systemPrompt": {"role": "system", "content": "Be brief."},
            "updatedAt": "2024-09-24T14:24:30.725Z",
            "messages": [
                {"role": "user", "content": "<CONTEXT>", "knowledge":
                    {"id": "k", "name": "Notes", "content": "All", "updatedAt": "2024"}},
                {"role": "user", "content": "Please say: what is it?",
                 "images": [{"data": PNG, "filename": "c.png"}, PNG]},
                {"role": "ai", "content": "A cat", "reasoning": "Fur."},
            ],
        }
    ]  # fmt: skip


def read(document: object, **how: Any) -> list[ConversationArchive]:
    return transfer.read(json.dumps(document, **how).encode()).archives


def lost(document: object) -> list[tuple[str, str, int]]:
    """What is left out of a document, with the title or the line of its conversation."""
    reading = transfer.read(json.dumps(document, indent=1).encode())
    return [(loss.what, loss.title, loss.line) for loss in reading.losses]


def refusal(data: bytes) -> str:
    with pytest.raises(transfer.BadFile) as refused:
        transfer.read(data)
    return refused.value.sentence


def test_its_own_json_comes_back_whole() -> None:
    one = archive()
    (back,) = transfer.read(transfer.to_json([one])).archives
    assert back.messages[1].thinking == "Fur.\nTail." and back.files == one.files
    assert [m.content for m in back.messages] == [m.content for m in one.messages]
    for name in ("title", "pinned", "model", "system_prompt", "parameters", "created_at"):
        assert getattr(back.conversation, name) == getattr(one.conversation, name)
    assert back.conversation.head_id == back.messages[1].id
    assert back.conversation.user_id == ""


def test_a_summary_is_read_from_its_place_and_from_where_it_was_before() -> None:
    one = archive()
    summary = Summary("A cat.", one.messages[1].id)
    summarized = replace(one, conversation=replace(one.conversation, summary=summary))
    (back,) = transfer.read(transfer.to_json([summarized])).archives
    assert back.conversation == replace(summarized.conversation, id="", user_id="")
    old = own()
    old["conversations"][0]["parameters"]["summary"] = asdict(summary)
    assert read(old)[0].conversation.settings == replace(one.conversation.settings, summary=summary)


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: [d[0]["chat"]], lambda d: d[0]])
def test_open_webui_comes_as_a_tree(wrap: Callable[[Any], Any]) -> None:
    (one,) = read(wrap(open_webui()))
    question, first, second = one.messages
    assert one.conversation.title == "Animals" and one.conversation.model == "qwen3"
    assert one.conversation.system_prompt == "Be brief."
    assert one.conversation.parameters == Parameters(temperature=0.5, stop=("END",))
    assert first.parent_id == second.parent_id == question.id
    assert one.conversation.head_id == second.id
    assert (second.thinking, second.content) == ("Fur & tail.\nSo:", "A cat")
    assert question.created_at == 1700000000 and second.created_at == 1700000002
    image, text = one.files[question.id]
    assert image.media_type == "image/png" and image.name == "image-1.png"
    assert (text.name, text.data) == ("n.txt", b"Text")


def test_what_belongs_to_the_list_of_open_webui_is_taken_too() -> None:
    (one,) = read(open_webui())
    assert one.conversation.pinned and one.conversation.updated_at == 1700000009


def test_an_answer_of_open_webui_that_failed_is_a_failed_one() -> None:
    document = open_webui()
    document[0]["chat"]["history"]["messages"]["b"] |= {"content": "", "error": {"content": "No."}}
    (one,) = read(document)
    assert (one.messages[2].state, one.messages[2].error) == ("failed", "No.")


def test_hollama_comes_as_one_line_of_messages() -> None:
    (one,) = read(hollama())
    question, answer = one.messages
    assert one.conversation.title == "Say: what is it"
    assert one.conversation.model == answer.model == "gemma:7b"
    assert one.conversation.parameters == Parameters(seed=7)
    assert one.conversation.system_prompt == "Be brief."
    assert int(one.conversation.updated_at) == 1727187870
    assert (answer.role, answer.thinking, answer.content) == ("assistant", "Fur.", "A cat")
    assert answer.parent_id == question.id and one.conversation.head_id == answer.id
    assert [file.name for file in one.files[question.id]] == ["Notes", "c.png", "image-2.png"]


def test_hollama_s_first_format_had_a_model_s_name_and_no_options() -> None:
    old = [{"id": "1", "model": "gemma:7b", "context": [], "messages": hollama()[0]["messages"]}]
    (one,) = read(old)
    assert one.conversation.model == "gemma:7b" and len(one.messages) == 2


@pytest.mark.parametrize(
    "document", [[], {"format": "ollama-chatbot conversations", "version": 1, "conversations": []}]
)
def test_a_file_without_conversations_says_so(document: object) -> None:
    assert refusal(json.dumps(document).encode()) == "The file has no conversation in it."


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "not JSON"),
        (b'{\n"a": 1,\n}', 2, "not JSON"),
        (b'{"a": 1e999}', 1, "not JSON"),
        (b"[" * 100_000, 1, "not JSON"),
        (b'{"some": "thing"}', 1, "neither this chat nor Open WebUI nor Hollama"),
        (b'[{"mapping": {}}]', 1, "neither this chat nor Open WebUI nor Hollama"),
        (b'"text"', 1, "neither this chat nor Open WebUI nor Hollama"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_line(data: bytes, line: int, reason: str) -> None:
    sentence = refusal(data)
    assert sentence.startswith(f"Nothing was imported. Line {line}: ")
    assert reason in sentence


Change = Callable[[Any], object]


def own() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(transfer.to_json([archive("First"), archive("Second")]))
    return written


def ours(change: Change) -> Change:
    """A change to the first conversation of our own file."""
    return lambda document: change(document["conversations"][0])


def nodes(change: Change) -> Change:
    """A change to the messages of Open WebUI's file."""
    return lambda document: change(document[0]["chat"]["history"]["messages"])


@pytest.mark.parametrize(
    ("make", "change", "what"),
    [
        (own, ours(lambda c: c["messages"][2].update(role="robot")), losses.MESSAGES),
        (own, ours(lambda c: c["messages"].append(5)), losses.MESSAGES),
        (own, ours(lambda c: c["messages"][1].update(content=None)), losses.MESSAGES),
        (own, ours(lambda c: c["messages"][0]["attachments"][0].update(data="?")),
         losses.BAD_FILES),
        (own, ours(lambda c: c["messages"][0]["attachments"][0].update(data="/w==")),
         losses.BAD_FILES),
        (own, ours(lambda c: c["parameters"].update(temperature=9)), losses.SETTINGS),
        (open_webui, nodes(lambda m: m["b"].update(role="robot")), losses.MESSAGES),
        (open_webui, nodes(lambda m: m.update(c=[])), losses.MESSAGES),
        (open_webui, nodes(lambda m: m["a"].update(content=[{"type": "video"}])), losses.PARTS),
        (open_webui, nodes(lambda m: m["b"].update(role="tool")), losses.TOOLS),
        (open_webui, nodes(lambda m: m["q"]["files"][0].update(url="data:image/gif;base64,R0lG")),
         losses.BAD_FILES),
        (hollama, lambda d: d[0]["messages"].append({"content": "?"}), losses.MESSAGES),
        (hollama, lambda d: d[0]["messages"][1]["images"].append("?"), losses.NAMED_FILES),
        (hollama, lambda d: d[0]["options"].update(mirostat=1), losses.SETTINGS),
    ],
)  # fmt: skip
def test_what_is_damaged_in_a_conversation_is_left_out_and_named(
    make: Callable[[], Any], change: Change, what: str
) -> None:
    document = make()
    before = read(document)
    change(document)
    after = read(document)
    assert len(after) == len(before) and after[0].messages
    assert (what, before[0].conversation.title, 0) in lost(document)


@pytest.mark.parametrize("broken", [None, 5, [], {}, "text", {"chat": 5}, {"messages": []}])
def test_a_broken_conversation_refuses_none_of_the_others(broken: object) -> None:
    for make in (open_webui, hollama):
        sound = make()
        for document in ([broken, *sound], [*sound, broken]):
            assert [one.conversation.title for one in read(document)] == [
                one.conversation.title for one in read(sound)
            ]
            ((what, title, line),) = [loss for loss in lost(document) if not loss[1]]
            assert (what, title) == (losses.CONVERSATION, "")
            lines = json.dumps(document, indent=1).splitlines()
            assert lines[line - 1].strip().startswith(json.dumps(broken)[0])
    ours = own()
    ours["conversations"].append(broken)
    assert len(read(ours)) == 2
    assert [what for what, *_ in lost(ours)] == [losses.CONVERSATION]


def test_a_broken_conversation_is_named_by_its_title() -> None:
    document = [*open_webui(), {"title": "Gone", "chat": {"history": {"messages": {}}}}]
    assert (losses.CONVERSATION, "Gone", 0) in lost(document)


def test_nothing_is_imported_when_nothing_is_sound() -> None:
    assert refusal(b'[{"chat": 5}]') == (
        "Nothing was imported. No conversation in the file has a message that can be read."
    )


def test_a_file_of_a_later_version_is_refused() -> None:
    assert "has version 2" in refusal(json.dumps(own() | {"version": 2}).encode())


def seen(one: ConversationArchive) -> list[str]:
    """What the page shows: the contents from the first message to the head."""
    by_id = {message.id: message for message in one.messages}
    path: list[str] = []
    at = one.conversation.head_id
    while at is not None:
        path.append(by_id[at].content)
        at = by_id[at].parent_id
    return path[::-1]


def chat(head: str | None, **messages: dict[str, Any]) -> ConversationArchive:
    """One chat of Open WebUI, read; a message is (role, parent, content)."""
    history = {"currentId": head, "messages": messages}
    (one,) = read([{"title": "Case", "chat": {"title": "Case", "history": history}}])
    return one


def node(role: str, parent: str | None, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "parentId": parent, "content": content, **more}


def user(parent: str | None, content: Any = "Q", **more: Any) -> dict[str, Any]:
    return node("user", parent, content, **more)


def answer(parent: str | None, content: Any = "A", **more: Any) -> dict[str, Any]:
    return node("assistant", parent, content, **more)


def test_a_node_that_only_repeats_an_answer_stands_for_it() -> None:
    late = {"content": "A", "model": "m", "followUps": ["And?"]}
    one = chat("f", q=user(None), a=answer("q"), b=answer("q", "B"), f=late)
    assert seen(one) == ["Q", "A"] and len(one.messages) == 3


def test_an_answer_of_which_only_the_text_is_left_belongs_to_the_prompt_without_one() -> None:
    one = chat("f", q=user(None), f={"content": "Late.", "model": "m", "done": True})
    assert seen(one) == ["Q", "Late."]
    listed = chat("f", q=user(None, childrenIds=["f"]), r=user(None, "R"), f={"content": "Late."})
    assert seen(listed) == ["Q", "Late."]


@pytest.mark.parametrize("head", ["gone", None, ""])
def test_a_lost_end_is_the_newest_one(head: str | None) -> None:
    one = chat(
        head,
        q=user(None, timestamp=1),
        b=answer("q", "New", timestamp=3),
        a=answer("q", "Old", timestamp=2),
    )
    assert seen(one) == ["Q", "New"]


def test_a_lost_parent_is_what_was_said_before() -> None:
    one = chat(
        "b", q=user(None, timestamp=1), a=answer("q", timestamp=2),
        r=user("gone", "R", timestamp=3), b=answer("r", "B", timestamp=4),
    )  # fmt: skip
    assert seen(one) == ["Q", "A", "R", "B"]


def test_an_answer_whose_prompt_is_lost_has_an_empty_one() -> None:
    one = chat("b", q=user(None), a=answer("q"), b=answer("gone", "B"))
    assert seen(one) == ["Q", "A", "", "B"]
    assert seen(chat("b", b=answer(None, "B"))) == ["", "B"]
    damaged = chat("b", q=user(None), a=answer("q"), r=node("?", "a", 5), b=answer("r", "B"))
    assert seen(damaged) == ["Q", "A", "", "B"]


def test_a_circle_is_cut_where_it_began() -> None:
    one = chat("b", q=user("b", timestamp=1), a=answer("q", timestamp=2),
               r=user("a", "R", timestamp=3), b=answer("r", "B", timestamp=4))  # fmt: skip
    assert seen(one) == ["Q", "A", "R", "B"]
    assert seen(chat("q", q=user("q"))) == ["Q"]


def test_steps_of_an_answer_with_tools_are_one_answer() -> None:
    one = chat(
        "b", s=node("system", None, "Be brief."), q=user("s"),
        a=answer("q", "Let me look."), t=node("tool", "a", "sunny"), b=answer("t", "Sunny."),
    )  # fmt: skip
    assert seen(one) == ["Q", "Let me look.\n\nSunny."]
    assert one.conversation.system_prompt == "Be brief."


def test_versions_stay_versions_below_an_answer() -> None:
    one = chat("c", q=user(None), a=answer("q"), b=answer("a", "B"), c=answer("a", "C"))
    assert seen(one) == ["Q", "A", "", "C"]
    assert {m.content for m in one.messages} == {"Q", "A", "", "B", "C"}


URL = f"data:image/png;base64,{PNG}"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": URL}},
        {"type": "input_image", "image_url": URL},
        {"type": "image", "source": {"type": "base64", "data": PNG}},
        {"type": "image", "url": URL},
    ],
)
def test_text_and_images_of_parts_are_taken(part: dict[str, Any]) -> None:
    one = chat("q", q=user(None, [{"type": "text", "text": "What"}, "is it?", part]))
    assert seen(one) == ["What\nis it?"]
    assert [file.media_type for file in one.files["q"]] == ["image/png"]


def test_output_has_thinking_calls_of_tools_and_text() -> None:
    output = [
        {"type": "reasoning", "summary": [], "content": [{"type": "output_text", "text": "Hm."}]},
        {"type": "function_call", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "output": [{"type": "input_text", "text": "sun"}]},
        {"type": "message", "role": "assistant",
         "content": [{"type": "output_text", "text": "It is sunny."}]},
    ]  # fmt: skip
    one = chat("a", q=user(None), a=answer("q", "", output=output))
    assert (one.messages[1].thinking, one.messages[1].content) == ("Hm.", "It is sunny.")


@pytest.mark.parametrize(
    ("content", "thinking", "text"),
    [
        ("<think>Hm.</think>\n\nYes.", "Hm.", "Yes."),
        ("<thinking>\nHm.\n</thinking>Yes.", "Hm.", "Yes."),
        ("Hm.\n</think>\n\nYes.", "Hm.", "Yes."),
        ("<think>Hm.", "Hm.", ""),
        ("Say <think> to think.", "", "Say <think> to think."),
        ("The end is `</think>` here.", "", "The end is `</think>` here."),
        ('<details type="reasoning" done="false">\n<summary>Thinking…</summary>\n&gt; Hm.',
         "Hm.", ""),
        ('<details type="tool_calls" result="&quot;sun&quot;">\n<summary>Done</summary>\n</details>'
         "\nYes.", "", "Yes."),
        ('A:\n<details type="code_interpreter" done="true">\n<summary>Analyzed</summary>\n'
         "```python\n1\n```\n</details>\nYes.", "", "A:\n```python\n1\n```\nYes."),
        ("<details><summary>More</summary>Mine</details>", "",
         "<details><summary>More</summary>Mine</details>"),
    ],
)  # fmt: skip
def test_tags_of_programs_are_taken_out_of_answers(content: str, thinking: str, text: str) -> None:
    one = chat("a", q=user(None), a=answer("q", content))
    assert (one.messages[1].thinking, one.messages[1].content) == (thinking, text)


def test_an_old_chat_has_a_list_of_messages() -> None:
    messages = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    (one,) = read([{"chat": {"title": "Old", "messages": messages}}])
    assert seen(one) == ["Q", "A"]


@pytest.mark.parametrize(
    ("at", "seconds"),
    [(1.7e9, 1.7e9), (1.7e12, 1.7e9), (1.7e18, 1.7e9), ("2023-11-14T22:13:20+00:00", 1.7e9)],
)
def test_times_come_in_several_units(at: object, seconds: float) -> None:
    assert chat("q", q=user(None, timestamp=at)).messages[0].created_at == seconds


def test_a_message_without_a_time_has_that_of_the_one_before() -> None:
    one = chat("a", q=user(None, timestamp=5), a=answer("q", timestamp="soon"))
    assert one.messages[1].created_at == 5


def test_other_names_of_settings_are_known() -> None:
    document = open_webui()
    document[0]["chat"]["params"] = {"max_tokens": 99, "stop": "A,B", "reasoning_effort": "low"}
    (one,) = read(document)
    known = Parameters(num_predict=99, stop=("A", "B"), think="low")
    assert one.conversation.parameters == known


def test_half_a_character_becomes_the_replacement_character() -> None:
    text = json.dumps(open_webui()).replace("Animals", r"Cut \ud83d")
    text = text.replace("What is it?", r"\\ud83d \ud83d\ude00 \udE00\ud83d")
    (one,) = transfer.read(text.encode()).archives
    assert one.conversation.title == "Cut \ufffd"
    assert one.messages[0].content == "\\ud83d 😀 \ufffd\ufffd"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"]
)
def test_any_unicode_is_read(encoding: str) -> None:
    text = json.dumps(open_webui(), ensure_ascii=False).replace("Animals", "Ünïcode 😀")
    (one,) = transfer.read(text.encode(encoding)).archives
    assert one.conversation.title == "Ünïcode 😀"


def test_damaged_characters_are_replaced_and_named() -> None:
    text = json.dumps(open_webui(), indent=1).replace("Animals", "Caf\xe9")
    reading = transfer.read(text.encode("latin-1"))
    assert reading.archives[0].conversation.title == "Caf\ufffd"
    assert [(loss.what, loss.line) for loss in reading.losses][:1] == [(losses.CHARACTERS, 5)]


def test_json_lines_are_read_and_broken_ones_named() -> None:
    (line,) = map(json.dumps, open_webui())
    reading = transfer.read(f"{line}\n\n{line[:99]}\n5\n{line}\n".encode())
    assert [one.conversation.title for one in reading.archives] == ["Animals", "Animals"]
    broken = [(loss.what, loss.line) for loss in reading.losses if loss.line]
    assert broken == [(losses.LINES, 3), (losses.CONVERSATION, 4)]


def test_nesting_does_no_harm() -> None:
    deep = "[" * 1000 + "]" * 1000
    for text, name in (
        (json.dumps(open_webui()), '"Be brief."'),
        (json.dumps(open_webui()), '"A dog"'),
        (json.dumps(hollama()), '"<CONTEXT>"'),
        (json.dumps(own()), "0.5"),
        (json.dumps(own()), '"A dog"'),
    ):
        assert transfer.read(text.replace(name, deep).encode()).archives


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert f"at most {transfer.MOST_BYTES // 1_000_000} MB" in refusal(
        b" " * (transfer.MOST_BYTES + 1)
    )
