"""What the cluster does while a benchmark runs: replicas and CPU, once a second."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.support.cluster import CHAT, NAMESPACE, conditions, is_ready, name_of
from tests.support.product import free_port, wait_for

_EVERY_S = 1.0


@dataclass(frozen=True)
class Sample:
    """One moment (time.time): users, Ready replicas, wanted ones, CPU cores of all replicas."""

    at: float
    users: int
    ready: int
    wanted: int
    cores: float


@dataclass
class Watch:
    """Samples until the block ends; `pods` keeps each pod as it was seen last, by its name.

    `users` is how many there are now, which whoever lets them chat says.
    """

    users: int = 0
    samples: list[Sample] = field(default_factory=list)
    pods: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        port = free_port()
        self._proxy = subprocess.Popen(
            ["kubectl", "proxy", f"--port={port}"], stdout=subprocess.DEVNULL
        )
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample_forever, daemon=True)
        self._thread.start()
        wait_for(lambda: self.samples, 20)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()
        self._proxy.terminate()
        self._proxy.wait()

    @property
    def now(self) -> Sample:
        """The last sample."""
        return self.samples[-1]

    def find_first(self, since: float, holds: Callable[[Sample], bool]) -> float:
        """Wait for a sample after `since` for which `holds`; returns its moment."""
        found = wait_for(
            lambda: [s for s in self.samples if s.at > since and holds(s)], 240, every=0.2
        )
        return found[0].at

    def _sample_forever(self) -> None:
        while not self._stop.wait(_EVERY_S):
            try:
                self.samples.append(self._take_sample())
            except (httpx.HTTPError, json.JSONDecodeError, KeyError):
                continue  # the proxy or a metric is not there yet

    def _take_sample(self) -> Sample:
        pods = self._get_json("/api/v1", "pods", labelSelector=CHAT)["items"]
        self.pods.update({name_of(pod): pod for pod in pods})
        hpa = self._get_json("/apis/autoscaling/v2", "horizontalpodautoscalers/chatbot")["status"]
        used = self._get_json("/apis/metrics.k8s.io/v1beta1", "pods", labelSelector=CHAT)["items"]
        cores = sum(_parse_cores(c["usage"]["cpu"]) for pod in used for c in pod["containers"])
        ready, wanted = sum(map(is_ready, pods)), hpa.get("desiredReplicas", 0)
        return Sample(time.time(), self.users, ready, wanted, cores)

    def _get_json(self, group: str, what: str, **query: str) -> Any:
        reply = self._client.get(f"{group}/namespaces/{NAMESPACE}/{what}", params=query)
        return reply.raise_for_status().json()


def start_seconds(pod: Any) -> float:
    """Return the seconds from scheduled to Ready, of which Kubernetes tells whole ones."""
    times = conditions(pod)
    begun, ready = (
        time.mktime(time.strptime(times[name], "%Y-%m-%dT%H:%M:%SZ"))
        for name in ("PodScheduled", "Ready")
    )
    return ready - begun


def _parse_cores(quantity: str) -> float:
    """Kubernetes's CPU quantity, such as 250m or 1234567n, in cores."""
    units = {"n": 1e-9, "u": 1e-6, "m": 1e-3}
    unit = units.get(quantity[-1])
    return float(quantity[:-1]) * unit if unit else float(quantity)
