"""Files of three programs read, or refused with the line that is wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from chatbot import transfer
from chatbot.history import Summary, Whole
from tests.transfer.test_export import whole

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


def read(document: object, **how: Any) -> list[Whole]:
    return transfer.read(json.dumps(document, **how).encode())


def refusal(data: bytes) -> str:
    with pytest.raises(transfer.BadFile) as refused:
        transfer.read(data)
    return refused.value.sentence


def test_its_own_json_comes_back_whole() -> None:
    one = whole()
    (back,) = transfer.read(transfer.to_json([one]))
    assert back.messages[1].thinking == "Fur.\nTail." and back.files == one.files
    assert [m.content for m in back.messages] == [m.content for m in one.messages]
    for name in ("title", "pinned", "model", "system_prompt", "parameters", "created_at"):
        assert getattr(back.conversation, name) == getattr(one.conversation, name)
    assert back.conversation.head_id == back.messages[1].id
    assert back.conversation.owner == ""


def test_a_summary_is_read_from_its_place_and_from_where_it_was_before() -> None:
    one = whole()
    summary = Summary("A cat.", one.messages[1].id)
    summarized = replace(one, conversation=replace(one.conversation, summary=summary))
    (back,) = transfer.read(transfer.to_json([summarized]))
    assert back.conversation == replace(summarized.conversation, id="", owner="")
    old = own()
    old["conversations"][0]["parameters"]["summary"] = asdict(summary)
    assert read(old)[0].conversation.setup == one.conversation.setup._replace(summary=summary)


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: [d[0]["chat"]], lambda d: d[0]])
def test_open_webui_comes_as_a_tree(wrap: Callable[[Any], Any]) -> None:
    (one,) = read(wrap(open_webui()))
    question, first, second = one.messages
    assert one.conversation.title == "Animals" and one.conversation.model == "qwen3"
    assert one.conversation.system_prompt == "Be brief."
    assert one.conversation.parameters == {"temperature": 0.5, "stop": ["END"]}
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
    assert one.conversation.parameters == {"seed": 7}
    assert one.conversation.system_prompt == "Be brief."
    assert int(one.conversation.updated_at) == 1727187870
    assert (answer.role, answer.thinking, answer.content) == ("assistant", "Fur.", "A cat")
    assert answer.parent_id == question.id and one.conversation.head_id == answer.id
    assert [file.name for file in one.files[question.id]] == ["Notes", "c.png", "image-2.png"]


def test_hollama_s_first_format_had_a_model_s_name_and_no_options() -> None:
    old = [{"id": "1", "model": "gemma:7b", "context": [], "messages": hollama()[0]["messages"]}]
    (one,) = read(old)
    assert one.conversation.model == "gemma:7b" and len(one.messages) == 2


@pytest.mark.parametrize("document", [[], open_webui()[:0]])
def test_a_file_without_conversations_says_so(document: object) -> None:
    assert refusal(json.dumps(document).encode()) == "The file has no conversation in it."


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "not JSON"),
        (b'{\n"a": 1,\n}', 2, "not JSON"),
        (b'[\n1,\n"\xff"]', 3, "not UTF-8"),
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


def line_with(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


Change = Callable[[Any], object]


def own() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(transfer.to_json([whole("First"), whole("Second")]))
    return written


def circle(document: Any) -> None:
    first, second, *_ = document["conversations"][1]["messages"]
    first["parent_id"] = second["id"]


@pytest.mark.parametrize(
    ("make", "change", "part", "reason"),
    [
        (own, lambda d: d["conversations"][1]["messages"][2].update(role="robot"),
         '"robot"', "conversations.1.messages.2.role: input should be 'user' or 'assistant'"),
        (own, lambda d: d["conversations"][1].update(title=7), '"title": 7', "valid string"),
        (own, lambda d: d["conversations"][0].pop("messages"), "{", "messages: field required"),
        (own, lambda d: d.update(version=2), '"version": 2', "version: input should be 1"),
        (own, lambda d: d["conversations"][0]["messages"][0]["attachments"][0].update(data="?"),
         '"data": "?"', "this is not base64"),
        (own, lambda d: d["conversations"][0]["messages"][1]["stats"].update(eval_s="fast"),
         '"stats": {', "eval_s is not a number"),
        (own, lambda d: d["conversations"][0].update(head_id="nowhere"),
         '"head_id": "nowhere"', "no message has this id"),
        (own, lambda d: d["conversations"][0]["messages"][2].update(parent_id="nowhere"),
         None, "conversations.0.messages.2: its parent is not there"),
        (own, lambda d: d["conversations"][0]["messages"].append(
            d["conversations"][0]["messages"][0]), None, "another message has the same id"),
        (own, lambda d: d["conversations"][0]["parameters"].update(temperature=9),
         '"parameters": {', "temperature is 9: allowed is a number from 0 to 2"),
        (own, lambda d: d["conversations"][0]["messages"][0]["attachments"][0].update(data="/w=="),
         None, "neither text nor an image of its media type"),
        (own, circle, None, "its parents form a circle"),
        (open_webui, lambda d: d[0]["chat"]["history"].update(currentId="z"),
         '"currentId": "z"', "no message has this id"),
        (open_webui, lambda d: d[0]["chat"]["history"]["messages"]["b"].update(role="tool"),
         '"role": "tool"', "0.chat.history.messages.b.role"),
        (open_webui, lambda d: d[0]["chat"]["history"]["messages"]["b"].update(parentId="z"),
         '"b": {', "its parent is not there"),
        (open_webui, lambda d: d.append({"chat": 5}), '"chat": 5', "1.chat: input should be"),
        (hollama, lambda d: d[0]["messages"][1].update(content=None),
         '"content": null', "0.messages.1.content: input should be a valid string"),
        (hollama, lambda d: d[0].update(updatedAt="soon"), '"updatedAt": "soon"', "updatedAt"),
    ],
)  # fmt: skip
def test_one_wrong_element_refuses_the_whole_file_with_its_line(
    make: Callable[[], Any], change: Change, part: str | None, reason: str
) -> None:
    document = make()
    change(document)
    text = json.dumps(document, indent=1)
    sentence = refusal(text.encode())
    assert reason in sentence
    if part and part != "{":
        assert f"Line {line_with(text, part)}: " in sentence


def test_nesting_does_no_harm() -> None:
    deep = "[" * 1000 + "]" * 1000
    webui = json.dumps(open_webui()).replace('"Be brief."', deep)
    assert "nested too deeply" in refusal(webui.encode())
    ours = json.dumps(own()).replace("0.5", deep)
    assert "temperature is neither" in refusal(ours.encode())


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert "at most 20 MB" in refusal(b" " * (transfer.MOST_BYTES + 1))


def test_a_byte_order_mark_is_no_trouble() -> None:
    assert transfer.read(b"\xef\xbb\xbf" + transfer.to_json([whole()]))
