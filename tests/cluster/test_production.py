"""The overlay for the internet as a whole: https alone, people sign in, programs have a key."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.certificates import make_certificate
from tests.support.cluster import is_ready, is_served, pods, wait_for
from tests.support.deployments import K8S, Deployments, describe_secret, write_kustomization

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

HOST = "chat.example.org"
HTTP = os.environ.get("INGRESS_URL", "http://127.0.0.1:18000")
HTTPS = os.environ.get("INGRESS_TLS_URL", "https://127.0.0.1:18443")
KEY = "Only4Tests" * 4
LOGIN = {"issuer": "https://id.example.org", "client-id": "chat", "client-secret": KEY}


@pytest.fixture
def browser(cluster: Deployments, tmp_path: Path) -> Iterator[httpx.Client]:
    """Asks the deployed overlay by its own name, over TLS that is verified."""
    if not is_served("prometheusrule"):
        pytest.skip("the cluster does not know the kinds of the Prometheus operator")
    certificate, key = make_certificate(HOST)
    secrets = [
        describe_secret("chatbot-tls", **{"tls.crt": certificate, "tls.key": key}),
        describe_secret("login", **LOGIN, **{"api-key": KEY}),
    ]
    overlay = write_kustomization(tmp_path, [], base=K8S / "overlays" / "production")
    cluster.replace(overlay, *secrets)
    trust = ssl.create_default_context(cadata=certificate)
    with httpx.Client(base_url=HTTPS, headers={"Host": HOST}, verify=trust, timeout=60) as client:
        yield client


def ask(client: httpx.Client, method: str, path: str, key: str = "") -> httpx.Response:
    """Ask by the name that the certificate is for; with a key if there is one."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {"prompt": "Hello"} if method == "POST" else None
    name = {"sni_hostname": HOST}
    return client.request(method, path, json=body, headers=headers, extensions=name)


def test_production_is_what_may_stand_on_the_internet(browser: httpx.Client) -> None:
    assert sum(map(is_ready, pods())) == 2
    led = wait_for(lambda: _find(httpx.get(HTTP, headers={"Host": HOST})), 30)
    assert led and (led.status_code, led.headers["location"]) == (308, f"https://{HOST}/")
    page = ask(browser, "GET", "/")
    assert page.status_code == 200 and page.headers["strict-transport-security"]
    cookies = page.headers.get_list("set-cookie")
    assert cookies and all("secure" in cookie.lower() for cookie in cookies)
    assert ask(browser, "GET", "/metrics").status_code == 404
    assert ask(browser, "POST", "/generate_text").status_code == 401
    answer = ask(browser, "POST", "/generate_text", KEY)
    assert answer.status_code == 200 and answer.text


def _find(reply: httpx.Response) -> httpx.Response | None:
    """Nothing while the ingress has not seen the new objects yet."""
    return None if reply.status_code in (404, 502, 503) else reply
