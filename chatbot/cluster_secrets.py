"""`python -m chatbot.cluster_secrets NAME/KEY…`: makes Secrets in the namespace of its pod.

Each gets one random value. What is there already stays as it is, whoever made it: the API server
does not create it again, and the pod's role allows nothing else (k8s/base/secrets-role.yaml).
"""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
import sys
import time
from pathlib import Path

_SERVER = "kubernetes.default.svc"
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_SECRET_BYTES = 32
_TIMEOUT_S = 5
_PAUSE_S = 1
_TRIES = 20  # a pod's network may come a second after the pod
_CREATED, _EXISTS = 201, 409


def create_secret(name: str, key: str) -> str:
    """Create a Secret with a random value at `key`; return what became of it, for the log.

    Raises OSError when the API server does not answer, PermissionError when it refuses.
    """
    trust = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    server = http.client.HTTPSConnection(_SERVER, timeout=_TIMEOUT_S, context=trust)
    namespace, token = ((_ACCOUNT / file).read_text() for file in ("namespace", "token"))
    server.request(
        "POST",
        f"/api/v1/namespaces/{namespace}/secrets",
        json.dumps(_describe_secret(name, key)),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    reply = server.getresponse()
    if reply.status not in (_CREATED, _EXISTS):
        raise PermissionError(f"the API server answers {reply.status}: {reply.read().decode()}")
    return "created" if reply.status == _CREATED else "there already"


def _describe_secret(name: str, key: str) -> dict[str, object]:
    labels = {"app.kubernetes.io/part-of": "chatbot"}
    value = secrets.token_hex(_SECRET_BYTES)
    return {"metadata": {"name": name, "labels": labels}, "stringData": {key: value}}


def main() -> None:
    """Create the Secrets that are named, in this order; end with the reason if it cannot."""
    for wanted in sys.argv[1:]:
        name, key = wanted.split("/")
        for remaining in reversed(range(_TRIES)):
            try:
                sys.stdout.write(f"the Secret {name}: {create_secret(name, key)}\n")
                break
            except OSError as error:
                if not remaining:
                    sys.exit(f"the Secret {name}: {error}")
                time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main()
