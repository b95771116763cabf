"""What somebody has written is there whatever becomes of the pods, and of the deployment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.cluster import (
    SMALL,
    KubectlError,
    apply,
    get,
    kubectl,
    name_of,
    page_of,
    pods,
    scale,
    service_url,
    wait_for,
    wait_settled,
)

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600), pytest.mark.usefixtures("small")]

PROMPT = "Remember me"


@pytest.fixture
def writer(small: None) -> Iterator[StreamlitUser]:
    """Somebody who has had an answer, and whose page is closed."""
    user = StreamlitUser(service_url())
    user.connect()
    assert user.ask(PROMPT).text
    user.close()
    yield user
    user.close()


def has_history(user: StreamlitUser, url: str = "") -> bool:
    """Whether they find what they wrote, with the cookie of before."""
    user.base_url = url or service_url()
    user.connect()
    return ("user", PROMPT) in user.messages() and not user.alerts()


def names() -> set[str]:
    """The names of all pods."""
    return {name_of(pod) for pod in get("pods")["items"]}


def test_it_is_there_at_every_replica_also_at_those_of_a_new_version(writer: StreamlitUser) -> None:
    scale(2)
    assert all(has_history(writer, page_of(pod)) for pod in pods())
    kubectl("rollout", "restart", "deployment/chatbot")
    wait_settled()
    assert has_history(writer)


def test_it_is_there_when_all_pods_were_deleted_the_databases_too(writer: StreamlitUser) -> None:
    before = names()
    kubectl("delete", "pod", "--all", "--wait=false")
    wait_for(lambda: not before & names() or "postgres-0" in before & names())
    wait_settled()
    assert has_history(writer)


def test_it_is_there_when_the_deployment_was_deleted_and_applied_again(
    writer: StreamlitUser,
) -> None:
    with pytest.raises(KubectlError, match="the namespace chatbot keeps the conversations"):
        kubectl("delete", "--kustomize", str(SMALL))
    assert not get("deployment,statefulset,service")["items"]
    wait_for(lambda: not get("pods")["items"])
    secrets = get("secrets")["items"]
    apply(SMALL)
    assert has_history(writer)
    assert [one["data"] for one in get("secrets")["items"]] == [one["data"] for one in secrets]


def test_the_secrets_are_random_and_only_their_maker_has_a_token() -> None:
    secrets = {name_of(one): one["data"] for one in get("secrets")["items"]}
    assert {name: [*data] for name, data in secrets.items()} == {
        "chatbot": ["cookie-secret"],
        "postgres": ["password"],
    }
    assert len({value for data in secrets.values() for value in data.values()}) == 2
    mounts = [
        mount["mountPath"]
        for pod in get("pods")["items"]
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])
        for mount in container["volumeMounts"]
    ]
    assert mounts and not any("serviceaccount" in path for path in mounts)
