"""What a browser keeps of a Streamlit page: the tree of elements, changed by deltas."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.Markdown_pb2 import Markdown

ZERO_WIDTH = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff")
Path = tuple[int, ...]
# A backslash by which the page keeps Markdown from meaning something.
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

# What Streamlit puts before a key to make an id of it.
_KEY = re.compile(r"\$\$ID-[0-9a-f]+-")


def as_read(markdown: str) -> str:
    """Return a text that the page has escaped, as a person reads it."""
    return _ESCAPED.sub(r"\1", markdown)


@dataclass
class Node:
    """An element, or a block with children by index; with the run and fragment that drew it."""

    run_id: str
    fragment_id: str = ""
    element: Element | None = None
    block: Block | None = None
    children: dict[int, Node] = field(default_factory=dict)

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Yield this node and all below it, in the order of the page."""
        yield path, self
        for index in sorted(self.children):
            yield from self.children[index].walk((*path, index))

    @property
    def text(self) -> str:
        """What can be read in it and below; no captions, alerts or zero-width placeholders."""
        texts = (_text_of(node.element) for _, node in self.walk() if node.element)
        return "\n\n".join(text for text in texts if text)

    @property
    def key(self) -> str:
        """The key that the page has given it, or ""."""
        if self.element is not None:
            kind = self.element.WhichOneof("type")
            whole = getattr(getattr(self.element, kind), "id", "") if kind else ""
        else:
            whole = self.block.id if self.block else ""
        return _KEY.sub("", whole) if _KEY.match(whole) else ""

    @property
    def keys(self) -> list[str]:
        """The keys in it and below."""
        return [node.key for _, node in self.walk() if node.key]

    @property
    def alerts(self) -> str:
        """The errors, warnings, notes and exceptions in it and below, as a person reads them."""
        elements = [node.element for _, node in self.walk() if node.element]
        texts = (element.alert.body or element.exception.message for element in elements)
        return " | ".join(as_read(text) for text in texts if text)


class ElementTree:
    """The page as drawn by the deltas so far. Paths begin with the root container (0 is main)."""

    def __init__(self) -> None:
        self.root = Node(run_id="")
        self.run_id = ""

    def begin_run(self, run_id: str) -> None:
        """Take deltas from now on as drawn by this script run."""
        self.run_id = run_id

    def apply(self, delta: Delta, path: Iterable[int]) -> None:
        """Put a new element or block at `path`; a block keeps the children of one of its kind."""
        *parents, index = path
        parent = self.root
        for step in parents:
            parent = parent.children.setdefault(step, Node(self.run_id))
        if delta.WhichOneof("type") == "new_element":
            node = Node(self.run_id, delta.fragment_id, element=delta.new_element)
            parent.children[index] = node
        elif delta.WhichOneof("type") == "add_block":
            node = Node(self.run_id, delta.fragment_id, block=delta.add_block)
            old = parent.children.get(index)
            if old and old.block and _kind_of(old.block) == _kind_of(node.block):
                node.children = old.children
            parent.children[index] = node

    def end_run(self, run_id: str, fragment_ids: Iterable[str]) -> None:
        """Drop what this run did not draw again; of a fragment run, only below its fragments."""
        for container in self.root.children.values():
            _drop_stale(container, run_id, frozenset(fragment_ids), inside=False)

    def at(self, path: Path) -> Node:
        """Return the node at `path`. Raises KeyError when there is none."""
        node = self.root
        for index in path:
            node = node.children[index]
        return node

    def complaints(self, key: str, run_ids: Collection[str]) -> list[Node]:
        """Return what these runs have drawn with a key that begins so, and exceptions of theirs."""
        return [
            node
            for _, node in self.root.walk()
            if node.run_id in run_ids
            and (node.key.startswith(key) or (node.element and node.element.HasField("exception")))
        ]

    def elements(self, kind: str) -> list[Node]:
        """Return the elements of a kind ("chat_input", "button", …), in the order of the page."""
        nodes = (node for _, node in self.root.walk() if node.element)
        return [n for n in nodes if n.element and n.element.WhichOneof("type") == kind]


def _kind_of(block: Block | None) -> str | None:
    return block.WhichOneof("type") if block else None


def _drop_stale(node: Node, run_id: str, fragment_ids: frozenset[str], inside: bool) -> None:
    """As the browser does it; `inside`: a fragment of this run is around the node."""
    for index, child in list(node.children.items()):
        current = child.run_id == run_id
        if child.block is None and child.element is not None:
            stale = not current and (not fragment_ids or (inside and bool(child.fragment_id)))
        else:
            stale = not current and (inside or not fragment_ids)
        if stale:
            del node.children[index]
        else:
            entered = current and child.fragment_id in fragment_ids
            _drop_stale(child, run_id, fragment_ids, inside or entered)


def _text_of(element: Element) -> str:
    match element.WhichOneof("type"):
        case "markdown":
            caption = element.markdown.element_type == Markdown.Type.CAPTION
            text = "" if caption else element.markdown.body
        case "heading":
            text = element.heading.body
        case "text":
            text = element.text.body
        case "code":
            text = element.code.code_text
        case "bidi_component":
            text = element.bidi_component.json
        case _:
            text = ""
    return "" if text.startswith(ZERO_WIDTH) else text.strip()
