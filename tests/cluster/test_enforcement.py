"""Under enforced network policies: all that the chat needs passes, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.cluster import KubectlError, get, kubectl, page_of, pods, scale, wait_for
from tests.support.deployments import IMAGE

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

STRANGER = "chatbot-stranger"


@pytest.fixture
def stranger(deploy: Callable[..., None]) -> Iterator[Callable[[str, int], bool]]:
    """A pod of another namespace: `stranger(address, port)` is whether it can connect."""
    deploy("gateway")

    def in_default(*arguments: str) -> str:
        return kubectl("--namespace", "default", *arguments)

    def can_connect(address: str, port: int) -> bool:
        try:
            tried = f"exec 3<>/dev/tcp/{address}/{port}"
            in_default("exec", STRANGER, "--", "timeout", "2", "bash", "-c", tried)
        except KubectlError:
            return False
        return True

    in_default("delete", "pod", STRANGER, "--ignore-not-found", "--force")
    in_default("run", STRANGER, f"--image={IMAGE}", "--command", "--", "sleep", "600")
    in_default("wait", "--for=condition=Ready", f"pod/{STRANGER}", "--timeout=60s")
    yield can_connect
    in_default("delete", "pod", STRANGER, "--force")


def test_a_stranger_reaches_the_page_and_the_metrics_alone(
    stranger: Callable[[str, int], bool],
) -> None:
    (chat,) = pods()
    address = chat["status"]["podIP"]
    (postgres,) = pods("app.kubernetes.io/name=postgres")
    (gateway,) = pods("app.kubernetes.io/component=gateway")
    wait_for(lambda: stranger(address, 8501))
    assert stranger(address, 9464)
    closed = [(chat, 11434), (postgres, 5432), (gateway, 11434)]
    reached = [port for pod, port in closed if stranger(pod["status"]["podIP"], port)]
    assert not reached, "does this cluster enforce network policies?"


def test_the_replicas_answer_through_the_gateway_and_keep_what_they_write(
    deploy: Callable[..., None],
) -> None:
    deploy("gateway")
    scale(2)
    for pod in pods():
        with StreamlitUser(page_of(pod)) as user:
            assert user.ask("Hello").text
            assert not user.alerts()
    assert len(get("networkpolicy")["items"]) >= 5
