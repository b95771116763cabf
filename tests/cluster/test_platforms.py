"""What other people have: user ids of OpenShift's kind, a PostgreSQL elsewhere, over TLS."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.certificates import make_certificate
from tests.support.cluster import NAMESPACE, KubectlError, get, kubectl, service_url, wait_for
from tests.support.deployments import Deployments, describe_secret, write_kustomization
from tests.support.product import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

TOOLS = Path(os.environ.get("CLUSTER_TOOLS", ROOT.parent / "shared" / "cluster"))
ADMISSION = TOOLS / "openshift-like.yaml"
LABEL = "test/openshift-uids"
DATABASE = "chatbot-database"
PASSWORD = "Only4Tests"


@pytest.fixture
def openshift(cluster: Deployments) -> Iterator[None]:
    """The namespace has user ids of its own, as OpenShift gives them."""
    if not ADMISSION.exists():
        pytest.skip(f"no {ADMISSION}: name the folder in CLUSTER_TOOLS")
    with contextlib.suppress(KubectlError):
        kubectl("create", "namespace", NAMESPACE)  # it may be there
    kubectl("label", "namespace", NAMESPACE, f"{LABEL}=true", "--overwrite")
    kubectl("apply", "--filename", str(ADMISSION))
    wait_for(lambda: '"runAsUser": 1000650000' in _try_pod(), 30)
    yield
    kubectl("delete", "--filename", str(ADMISSION))
    kubectl("label", "namespace", NAMESPACE, f"{LABEL}-")


def _try_pod() -> str:
    """What the API server would make of a pod that names no user."""
    restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    container = {"name": "any", "image": "any", "securityContext": restricted}
    spec = {"containers": [container], "securityContext": context}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "any"}, "spec": spec}
    options = ("--dry-run=server", "--output", "json", "--filename", "-")
    return kubectl("create", *options, stdin=json.dumps(pod))


def test_on_openshift_each_pod_runs_as_the_namespaces_user(
    openshift: None, cluster: Deployments
) -> None:
    cluster.use("openshift")
    with StreamlitUser(service_url()) as user:
        assert user.ask("Hello").text
        assert not user.alerts()
    users = {pod["spec"]["securityContext"]["runAsUser"] for pod in get("pods")["items"]}
    assert users == {1000650000}


@pytest.fixture
def database(cluster: Deployments) -> Iterator[Any]:
    """A PostgreSQL in another namespace, with TLS; the Secret that says so to the chat."""
    host = f"{DATABASE}.default.svc"
    certificate, key = make_certificate(host)
    objects = (ROOT / "tests" / "cluster" / "database.yaml").read_text()
    tls = describe_secret(DATABASE, **{"tls.crt": certificate, "tls.key": key})
    items = [tls, *yaml.safe_load_all(objects)]
    told = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    _in_default("apply", "--filename", "-", stdin=told)
    _in_default("rollout", "status", f"deployment/{DATABASE}", "--timeout=90s")
    url = f"postgresql://chat:{PASSWORD}@{host}/chat"
    yield describe_secret("database", url=url, **{"ca.crt": certificate})
    _in_default("delete", "deployment,service,secret", DATABASE)


def test_a_managed_database_is_asked_over_tls_alone(
    database: Any, cluster: Deployments, tmp_path: Path
) -> None:
    cluster.replace(write_kustomization(tmp_path, ["managed-database"]), database)
    with StreamlitUser(service_url()) as user:
        assert user.ask("Hello").text
        assert not user.alerts()
    query = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'chat'"
    psql = ("psql", "-h", "/tmp", "-U", "chat", "-At", "chat", "-c", query)
    said = _in_default("exec", f"deployment/{DATABASE}", "--", *psql).split()
    assert "t" in said and said.count("f") == 1  # psql's own
    assert not get("statefulset")["items"]


def _in_default(*arguments: str, stdin: str = "") -> str:
    return kubectl("--namespace", "default", *arguments, stdin=stdin)
