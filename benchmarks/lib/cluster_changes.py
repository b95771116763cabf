"""What may happen to a deployment while people chat, each change until all is settled again."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.support.cluster import kubectl, name_of, pods, scale, wait_settled

Deploy = Callable[..., None]
Change = Callable[[Deploy], None]


def scale_up_and_down(deploy: Deploy) -> None:
    """Remove two replicas and add them again."""
    scale(1)
    scale(3)


def roll_out_another_window(deploy: Deploy) -> None:
    """Change NUM_CTX: for a while some replicas have the former one."""
    deploy(NUM_CTX=896, MAX_NUM_CTX=896)
    wait_settled()


def evict_page(deploy: Deploy) -> None:
    """Evict the oldest replica, as the drain of its node does."""
    name = name_of(pods()[0])
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    path = f"/api/v1/namespaces/chatbot/pods/{name}/eviction"
    kubectl("create", "--raw", path, "--filename", "-", stdin=json.dumps(eviction))
    scale(3)


def delete_pod(deploy: Deploy) -> None:
    """Delete the youngest replica."""
    kubectl("delete", "pod", name_of(pods()[-1]), timeout=400)
    scale(3)


def kill_database(deploy: Deploy) -> None:
    """Kill PostgreSQL, which comes back with its data."""
    kubectl("delete", "pod", "postgres-0", "--force", "--grace-period=0")
    wait_settled()


CHANGES: tuple[Change, ...] = (
    scale_up_and_down,
    roll_out_another_window,
    evict_page,
    delete_pod,
    kill_database,
)


def describe(change: Change) -> str:
    """Return the name of a change in words."""
    return change.__name__.replace("_", " ")
