"""Which Ollama answers on a real cluster: the one that knows a conversation, never a wrong one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.cluster import kubectl, name_of, page_of, pods, scale
from tests.support.deployments import Deployments, write_kustomization

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

TURNS, USERS = 5, 4
# Two caches of 2048 tokens fit the memory of the small replicas.
VARIABLES = {
    "OLLAMA_NUM_PARALLEL": 2,
    "NUM_CTX": 2048,
    "MAX_NUM_CTX": 2048,
    "NUM_PREDICT": 16,
    "OLLAMA_DEBUG": 1,  # tells what is read of each prompt
}

each_way = pytest.mark.parametrize("components", [(), ("gateway",)], ids=["pages", "gateway"])


@each_way
def test_later_turns_read_only_what_is_new(
    cluster: Deployments, tmp_path: Path, components: Sequence[str]
) -> None:
    cluster.replace(write_kustomization(tmp_path, components, VARIABLES))
    scale(2)
    page = page_of(pods()[0])
    with ThreadPoolExecutor(USERS) as pool:
        list(pool.map(lambda number: _chat(page, number), range(USERS)))
    by_pod = [_list_reads(name_of(pod)) for pod in pods()]
    assert all(by_pod)
    later = sorted(read for reads in by_pod for read in reads)[USERS:]
    known = [read for read in later if 2 * read[1] >= read[0]]
    assert len(later) == USERS * (TURNS - 1)
    assert len(known) >= 0.8 * len(later), later


def _chat(page: str, number: int) -> None:
    with StreamlitUser(page, timeout=120) as user:
        for turn in range(TURNS):
            assert user.ask(f"{number}, part {turn}: what is a river, and where does it go?").text


def _list_reads(pod: str) -> list[tuple[int, int]]:
    """Return of each prompt that a pod's Ollama read its tokens, and how many of them it knew."""
    log = kubectl("logs", pod, "--container", "ollama")
    found = re.findall(r"loading cache slot.* prompt=(\d+) used=(\d+)", log)
    return [(int(prompt), int(used)) for prompt, used in found]
