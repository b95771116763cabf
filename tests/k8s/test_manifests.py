"""The manifests without a cluster: each combination builds, fits the schema, and holds together."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chatbot.settings import Settings
from tests.support.product import ROOT

K8S = ROOT / "k8s"
KUBERNETES = "1.34"
# Defined by others' operators; their schemas are not among Kubernetes's.
FOREIGN = {"ServiceMonitor", "PrometheusRule", "ScaledObject", "HTTPRoute"}
COMPONENTS = sorted(path.name for path in (K8S / "components").iterdir())
OVERLAYS = ["base", "overlays/example", "overlays/laptop", "overlays/production"]
# One takes the other's place.
RIVALS = ({"scale-on-waiting", "scale-on-waiting-keda"}, {"model-volume", "model-image"})

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")


def built(folder: Path) -> str:
    """What a kustomization builds, as YAML."""
    # A build is over before collecting its garbage would pay: a third of its CPU otherwise.
    quick = {**os.environ, "GOGC": "off"}
    done = subprocess.run(
        ["kubectl", "kustomize", folder], env=quick, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{folder}: {done.stderr}"
    return done.stdout


def build(folder: Path) -> list[Any]:
    """The objects of a kustomization."""
    return list(yaml.safe_load_all(built(folder)))


def with_components(components: Iterable[str], folder: Path) -> Path:
    """A kustomization of the base with components, written into folder."""
    folder.mkdir()
    paths = [os.path.relpath(K8S / "components" / name, folder) for name in components]
    kustomization = {"resources": [os.path.relpath(K8S / "base", folder)], "components": paths}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


def combined(components: Iterable[str], folder: Path) -> list[Any]:
    """The objects of the base with components."""
    return build(with_components(components, folder))


def combinations() -> list[tuple[str, ...]]:
    """All that can be chosen: each component is there or not, of two rivals at most one."""
    sizes = range(len(COMPONENTS) + 1)
    chosen = itertools.chain(*(itertools.combinations(COMPONENTS, size) for size in sizes))
    return [names for names in chosen if not any(rivals <= set(names) for rivals in RIVALS)]


def the(objects: list[Any], kind: str, name: str = "chatbot") -> Any:
    """The one object of this kind and name."""
    (found,) = (o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name))
    return found


@pytest.mark.timeout(300)
def test_each_combination_of_components_builds_and_fits_the_schema(tmp_path: Path) -> None:
    wanted = _telling(3 if os.environ.get("CI") else 2)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        folders = [with_components(names, tmp_path / str(n)) for n, names in enumerate(wanted)]
        # Most combinations share most objects: as text they are told apart without being parsed.
        seen = {text for all_ in pool.map(built, folders) for text in all_.split("\n---\n")}
    assert len(wanted) > 1
    for one in map(yaml.safe_load, seen):
        if one["kind"] not in FOREIGN:
            kubernetes_validate.validate(one, KUBERNETES, strict=True)


def _telling(most: int) -> list[tuple[str, ...]]:
    """Those of up to `most` components, and the largest: it takes two to collide."""
    largest = max(map(len, combinations()))
    return [names for names in combinations() if len(names) <= most or len(names) == largest]


@pytest.mark.parametrize("folder", OVERLAYS)
def test_base_and_overlays_fit_the_schema(folder: str) -> None:
    for one in build(K8S / folder):
        if one["kind"] not in FOREIGN:
            kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_each_component_and_overlay_says_in_three_lines_what_it_is() -> None:
    for folder in [*(K8S / "components").iterdir(), *(K8S / "overlays").iterdir()]:
        assert len((folder / "README.md").read_text().splitlines()) == 3, folder


def test_the_hpa_owns_the_replicas() -> None:
    assert "replicas" not in the(build(K8S / "base"), "Deployment")["spec"]


def test_no_object_holds_a_secret() -> None:
    kinds = {one["kind"] for one in build(K8S / "overlays" / "production")}
    assert "Secret" not in kinds


@pytest.mark.parametrize("folder", OVERLAYS)
def test_the_settings_are_ones_that_the_chat_takes(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config,) = (
        one["data"]
        for one in build(K8S / folder)
        if one["kind"] == "ConfigMap"
        and one["metadata"]["name"].startswith("chatbot-")
        and "CHAT_MODEL" in one["data"]
    )
    known = {name.upper() for name in Settings.model_fields}
    ollamas_own = {"OLLAMA_MAX_LOADED_MODELS", "OLLAMA_KEEP_ALIVE", "OLLAMA_NOPRUNE"}
    assert set(config) - ollamas_own <= known
    for name, value in config.items():
        monkeypatch.setenv(name, value)
    assert Settings().has_replicas


@pytest.mark.parametrize("folder", OVERLAYS)
def test_a_pod_has_the_time_to_drain(folder: str) -> None:
    objects = build(K8S / folder)
    spec = the(objects, "Deployment")["spec"]["template"]["spec"]
    leave = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    (drain,) = {
        int(one["data"]["DRAIN_TIMEOUT"])
        for one in objects
        if one["kind"] == "ConfigMap" and "DRAIN_TIMEOUT" in one["data"]
    }
    assert spec["terminationGracePeriodSeconds"] > leave + drain


@pytest.mark.parametrize("folder", ["base", "overlays/laptop", "overlays/production"])
def test_the_database_lets_all_pages_in_during_a_roll_out(folder: str) -> None:
    objects = build(K8S / folder)
    (each,) = {
        int(one["data"]["DATABASE_CONNECTIONS"])
        for one in objects
        if one["kind"] == "ConfigMap" and "DATABASE_CONNECTIONS" in one["data"]
    }
    (replicas,) = {
        one["spec"]["maxReplicas"] for one in objects if one["kind"] == "HorizontalPodAutoscaler"
    }
    assert (2 * replicas + 1) * each + 7 <= 100


def test_every_image_has_the_tag_of_a_release(tmp_path: Path) -> None:
    most = max(combinations(), key=lambda names: ("model-volume" in names, len(names)))
    for one in combined(most, tmp_path / "most"):
        spec = one.get("spec", {}).get("template", {}).get("spec", {})
        for container in spec.get("containers", []) + spec.get("initContainers", []):
            name, _, tag = container["image"].partition(":")
            assert tag and tag != "latest", name


def test_the_metrics_are_for_the_cluster_and_not_at_the_pages_service(tmp_path: Path) -> None:
    objects = combined(["monitoring", "login"], tmp_path / "monitored")
    (port,) = {
        one["data"]["METRICS_PORT"]
        for one in objects
        if one["kind"] == "ConfigMap" and "METRICS_PORT" in one["data"]
    }
    template = the(objects, "Deployment")["spec"]["template"]
    ports = {
        one["name"]: one["containerPort"] for one in template["spec"]["containers"][0]["ports"]
    }
    assert (
        str(ports["metrics"]) == template["metadata"]["annotations"]["prometheus.io/port"] == port
    )
    assert [one["name"] for one in the(objects, "Service")["spec"]["ports"]] == ["http"]
    (served,) = the(objects, "Service", "chatbot-metrics")["spec"]["ports"]
    assert (str(served["port"]), served["targetPort"]) == (port, "metrics")


def pod_templates(objects: list[Any]) -> dict[str, Any]:
    """The pod's description of each workload, by kind and name."""
    return {
        f"{one['kind']} {one['metadata']['name']}": one["spec"]["template"]["spec"]
        for one in objects
        if one["kind"] in ("Deployment", "StatefulSet", "Job")
    }


def secrets_of(pod: Any) -> set[str]:
    """The keys of Secrets without which a pod does not start: `name/key`."""
    references = [
        variable.get("valueFrom", {}).get("secretKeyRef")
        for container in pod["containers"] + pod.get("initContainers", [])
        for variable in container.get("env", [])
    ]
    return {f"{ref['name']}/{ref['key']}" for ref in references if ref and "optional" not in ref}


@pytest.mark.parametrize("components", [[], ["managed-database"]], ids=["own", "managed"])
def test_the_first_apply_makes_each_secret_that_nobody_has_to_bring(
    tmp_path: Path, components: list[str]
) -> None:
    pods = pod_templates(combined(components, tmp_path / "built"))
    made = set(pods["Job secrets"]["containers"][0]["args"])
    needed = set().union(*map(secrets_of, pods.values()))
    assert needed - made == ({"database/url"} if components else set())


def test_a_managed_database_is_verified_and_takes_the_place_of_the_own_one(tmp_path: Path) -> None:
    objects = combined(["managed-database"], tmp_path / "built")
    assert not [one for one in objects if one["metadata"]["name"] == "postgres"]
    (chat,) = pod_templates(objects)["Deployment chatbot"]["containers"]
    variables = {one["name"]: one.get("value") for one in chat["env"]}
    assert variables["PGSSLMODE"] == "verify-full" and "POSTGRES_PASSWORD" not in variables
    folder = variables["PGSSLROOTCERT"].rpartition("/")[0]
    assert folder in [mount["mountPath"] for mount in chat["volumeMounts"]]


def test_on_openshift_no_pod_fixes_its_user(tmp_path: Path) -> None:
    others = [name for name in COMPONENTS if name not in ("openshift", "model-image")]
    for name, pod in pod_templates(combined([*others, "openshift"], tmp_path / "all")).items():
        contexts = [pod["securityContext"], *(one["securityContext"] for one in pod["containers"])]
        fixed = {"runAsUser", "runAsGroup", "fsGroup"}
        assert not any(fixed & set(context) for context in contexts), name
        assert pod["securityContext"]["runAsNonRoot"]


def test_a_gpu_is_found_by_its_resource_and_none_has_to_be_spare(tmp_path: Path) -> None:
    spec = the(combined(["gpu"], tmp_path / "built"), "Deployment")["spec"]
    assert "nodeSelector" not in spec["template"]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_policies_name_ports_by_number_and_no_one_clusters_dns(tmp_path: Path) -> None:
    others = [name for name in COMPONENTS if name != "model-image"]
    for one in combined(others, tmp_path / "all"):
        if one["kind"] == "NetworkPolicy":
            rules = one["spec"].get("ingress", []) + one["spec"].get("egress", [])
            ports = [port["port"] for rule in rules for port in rule.get("ports", [])]
            assert all(isinstance(port, int) for port in ports), one["metadata"]["name"]
            assert "kube-dns" not in str(one)


def test_ollama_has_its_variables_from_the_config_map() -> None:
    pod = pod_templates(build(K8S / "base"))["Deployment chatbot"]
    (ollama,) = pod["initContainers"]
    assert ollama["envFrom"] == pod["containers"][0]["envFrom"]


def test_production_is_fit_for_the_internet() -> None:
    objects = build(K8S / "overlays" / "production")
    (config,) = (one["data"] for one in objects if "CHAT_MODEL" in one.get("data", {}))
    (rule,) = the(objects, "Ingress")["spec"]["rules"]
    assert config["PUBLIC_URL"] == f"https://{rule['host']}" and config["TRUSTED_PROXIES"]
    assert the(objects, "HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 2
    chat = pod_templates(objects)["Deployment chatbot"]
    assert chat["topologySpreadConstraints"][0]["whenUnsatisfiable"] == "DoNotSchedule"
    assert "OIDC_ISSUER" in [one["name"] for one in chat["containers"][0]["env"]]
    page, metrics, _ = the(objects, "NetworkPolicy")["spec"]["ingress"]
    assert page["from"] and metrics["from"] != [{"namespaceSelector": {}}]
