"""Replicas that come and go: no answer is cut, and a bad version takes nobody's place."""

from __future__ import annotations

import httpx
import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.cluster import (
    execute,
    is_ready,
    kubectl,
    name_of,
    page_of,
    pods,
    scale,
    service_url,
    wait_for,
    wait_settled,
)
from tests.support.cluster_visitors import Visitors

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600), pytest.mark.usefixtures("small")]

STORY = "Write a long story"


def test_a_deleted_pod_finishes_the_answer_on_its_page() -> None:
    scale(1)
    (pod,) = pods()
    with StreamlitUser(page_of(pod)) as user:
        asking = user.begin(STORY)
        asking.wait_for_text(30)
        kubectl("delete", "pod", name_of(pod), "--wait=false")
        assert asking.result(60).text
        assert not user.alerts()


def test_a_deleted_pod_finishes_the_answers_of_other_replicas_pages() -> None:
    scale(2)
    ended, stays = pods()
    with httpx.Client(timeout=60) as client:
        # As the other replica's page asks, but of this one for certain.
        body = {"model": _model(), "prompt": STORY, "options": {"num_predict": 80, "num_thread": 1}}
        url = f"http://{ended['status']['podIP']}:11434/api/generate"
        with client.stream("POST", url, json=body) as reply:
            lines = reply.iter_lines()
            next(lines)
            kubectl("delete", "pod", name_of(ended), "--wait=false")
            assert '"done":true' in list(lines)[-1]
    assert is_ready(next(pod for pod in pods() if name_of(pod) == name_of(stays)))


def test_a_new_version_is_rolled_out_under_load_and_no_answer_is_lost() -> None:
    scale(2)
    before = {name_of(pod) for pod in pods()}
    with Visitors(service_url(), 3) as visitors:
        wait_for(lambda: len(visitors.answers) > 3, 60)
        kubectl("set", "env", "deployment/chatbot", "--containers=chatbot", "ROLLED=1")
        wait_settled(180)
        had = len(visitors.answers)
        wait_for(lambda: len(visitors.answers) > had + 3, 60)
    assert not before & {name_of(pod) for pod in pods()}
    assert not visitors.lost
    assert visitors.events["reconnects"]


def test_the_page_survives_the_death_of_ollama_in_its_pod() -> None:
    scale(1)
    (pod,) = pods()
    with StreamlitUser(page_of(pod)) as user:
        first = user.ask("Hello")
        execute(pod, "ollama", ["bash", "-c", "kill -QUIT 1"])  # Go ends with status 2
        answer = user.ask("Are you there?")
        assert first.text and answer.text and not user.alerts()
    wait_settled()
    (after,) = pods()
    assert name_of(after) == name_of(pod)
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0
    assert after["status"]["initContainerStatuses"][0]["restartCount"] == 1


def test_a_bad_model_name_is_told_and_the_old_replicas_go_on_serving() -> None:
    scale(1)
    (old,) = pods()
    kubectl("set", "env", "deployment/chatbot", "--containers=chatbot", "CHAT_MODEL=mistyped:1b")
    new = wait_for(lambda: next((p for p in pods() if name_of(p) != name_of(old)), None), 30)
    told = wait_for(lambda: _readiness(name_of(new)), 30)
    assert "The model mistyped:1b did not come with this deployment" in told
    page = page_of(next(pod for pod in pods() if name_of(pod) == name_of(new)))
    with StreamlitUser(page) as user:
        user.wait_for(lambda: "mistyped:1b did not come with" in user.alerts())
    with StreamlitUser(service_url()) as user:
        assert user.ask("Hello").text
    assert is_ready(next(pod for pod in pods() if name_of(pod) == name_of(old)))
    kubectl("rollout", "undo", "deployment/chatbot")
    wait_settled()


def _readiness(pod: str) -> str:
    """What /readyz of a pod says once it names a model that is missing."""
    found = next(one for one in pods() if name_of(one) == pod)
    if not found["status"].get("podIP"):
        return ""
    try:
        reply = httpx.get(f"{page_of(found)}/readyz")
    except httpx.TransportError:
        return ""
    assert not reply.is_success
    return reply.text if "did not come" in reply.text else ""


def _model() -> str:
    return str(httpx.get(f"{service_url()}/readyz").json()["model"])
