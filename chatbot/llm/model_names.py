"""Which model a name means: Ollama takes many spellings for a model and lists it by one of them.

Only the standard library is needed here: the set-up and the image's build ask as well.
"""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST_NAME = 620  # characters, with host and scheme; no model has a longer one

_HOST, _NAMESPACE, _TAG = "registry.ollama.ai", "library", "latest"

_PART = r"\w[\w.-]{0,79}"
_VALID = re.compile(
    rf"((https?://)?\w[\w.:-]{{0,349}}/\w[\w-]{{0,79}}/|\w[\w-]{{0,79}}/)?{_PART}(:{_PART})?"
    "(:(local|cloud))?",
    re.ASCII,
)


def canonical_name(name: str) -> str:
    """Return the one spelling of a model's name: `host/namespace/model:tag` in lower case.

    As Ollama 0.24 parses and compares them (types/model/name.go, internal/modelref).

    >>> canonical_name("SmolLM2") == canonical_name("registry.ollama.ai/library/smollm2:latest")
    True
    """
    return _spell_out(name) if len(name) <= LONGEST_NAME else name


@lru_cache(maxsize=4096)
def _spell_out(name: str) -> str:
    name, tag = _split_tag(_without_source(name.strip().lower()))
    host, namespace, model = ["", "", *name.rsplit("/", 2)][-3:]
    host = host.rpartition("://")[2] or _HOST
    return f"{host}/{namespace or _NAMESPACE}/{model}:{tag or _TAG}"


def is_valid(name: str) -> bool:
    """Return whether Ollama takes this for a model's name."""
    return _VALID.fullmatch(name) is not None


def find_registry(name: str) -> str:
    """Return the host that a model of this name is pulled from."""
    return canonical_name(name).partition("/")[0]


def runs_in_cloud(name: str) -> bool:
    """Return whether the name says that the model runs elsewhere."""
    tag = _split_tag(canonical_name(name))[1]
    return tag == "cloud" or tag.endswith("-cloud")


def is_same(name: str, other: str) -> bool:
    """Return whether two names mean the same model."""
    return canonical_name(name) == canonical_name(other)


def _without_source(name: str) -> str:
    """Return where a name says where its model runs, `:local` goes and `:cloud` joins the tag."""
    start, _, source = name.rpartition(":")
    if source == "local":
        return start
    return f"{start}-cloud" if source == "cloud" and _split_tag(start)[1] else name


def _split_tag(name: str) -> tuple[str, str]:
    start, _, tag = name.rpartition(":")
    return (start, tag) if start and "/" not in tag else (name, "")
