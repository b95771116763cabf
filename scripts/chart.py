"""The Helm chart, made of the manifests that `kubectl apply -k` takes: `make chart` writes it.

`k8s/overlays/example` says which values people change and where each belongs. It is built with a
mark in the place of each value, once for each choice of components: a mark becomes the value in the
template, and a line that some builds lack gets the condition under which it is there.
"""

from __future__ import annotations

import difflib
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from chatbot import __version__

ROOT = Path(__file__).parents[1]
K8S = ROOT / "k8s"
EXAMPLE = K8S / "overlays" / "example"
CHART = ROOT / "charts" / "ollama-chatbot"

# Helm installs into a namespace that is there, and leaves it when it uninstalls.
NOT_OF_THE_CHART = {"Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}

Choice = frozenset[str]  # the components of one build
Condition = tuple[tuple[str, bool], ...]  # components that are, or are not, chosen

_NAMESPACE, _HASH = "mark-namespace", "mark-hash"
_FIRST_NUMBER = 900000001  # marks of whole numbers: no manifest has such ones
_TEXT: dict[str, object] = {"type": "string", "pattern": r"^\S+$"}
_SIZE: dict[str, object] = {"type": "string", "pattern": r"^[0-9.]+[KMGT]i$"}
_COUNT: dict[str, object] = {"type": "integer", "minimum": 1, "maximum": 100}
_SCHEMAS: dict[str, dict[str, object]] = {
    "memory": _SIZE,
    "databaseSize": _SIZE,
    "databaseConnections": _COUNT,
    "slots": _COUNT,
    "replicas": _COUNT,
}


@dataclass(frozen=True)
class Value:
    """A value that people change, as the example's file says it."""

    name: str
    default: str
    comment: str


@dataclass(frozen=True)
class Component:
    """A component that people may add, and whether the example has it."""

    name: str
    is_on: bool
    comment: str


@dataclass(frozen=True)
class Example:
    """What people change."""

    values: tuple[Value, ...]
    components: tuple[Component, ...]


@dataclass
class Line:
    """A line of an object, and the choices of components with which it is there."""

    text: str
    choices: set[Choice]


@cache
def read_example() -> Example:
    """Return the values and components of the example's one file."""
    text = (EXAMPLE / "kustomization.yaml").read_text()
    ((image, comment),) = re.findall(r"newName: (\S+) # (.*)", text)
    (tag,) = re.findall(r"newTag: (\S+)", text)
    values = re.findall(r"^ +- (\w+)=(\S+) # (.*)", text, re.MULTILINE)
    components = re.findall(r"^  (# )?- \S+/components/(\S+) # (.*)", text, re.MULTILINE)
    return Example(
        (Value("image", f"{image}:{tag}", comment), *(Value(*value) for value in values)),
        tuple(Component(name, not off, comment) for off, name, comment in components),
    )


def build(values: Mapping[str, str], components: Iterable[str], namespace: str) -> str:
    """Return what the example builds, as YAML; values that are not given are the example's.

    Raises subprocess.CalledProcessError when it cannot be built.
    """
    quick = {**os.environ, "GOGC": "off"}  # it has ended before its garbage counts
    with tempfile.TemporaryDirectory() as folder:
        _write_overlay(Path(folder), values, {*components}, namespace)
        command = ["kubectl", "kustomize", folder]
        return subprocess.run(command, env=quick, check=True, capture_output=True, text=True).stdout


def _write_overlay(
    folder: Path, values: Mapping[str, str], components: set[str], namespace: str
) -> None:
    """Write a copy of the example with other values, components and namespace."""
    given = {value.name: value.default for value in read_example().values} | {**values}
    overlay = yaml.safe_load((EXAMPLE / "kustomization.yaml").read_text())
    (image,) = overlay["images"]
    image["newName"], _, image["newTag"] = given.pop("image").rpartition(":")
    overlay["configMapGenerator"][0]["literals"] = [f"{key}={text}" for key, text in given.items()]
    names = [component.name for component in read_example().components]
    overlay["components"] = [_path_to(folder, n, "components") for n in names if n in components]
    overlay["resources"] = [_path_to(folder, "base")]
    overlay["namespace"] = namespace
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    (folder / "replacements.yaml").write_text((EXAMPLE / "replacements.yaml").read_text())


def _path_to(folder: Path, name: str, above: str = "") -> str:
    return os.path.relpath(K8S / above / name, folder.resolve())


def make_chart() -> dict[str, str]:
    """Return the chart's files: their paths in its folder, and what is in them."""
    example = read_example()
    return {
        "Chart.yaml": _make_metadata(),
        "values.yaml": _make_values(example),
        "values.schema.json": _make_schema(example),
        "templates/_helpers.tpl": _HELPERS,
        "templates/NOTES.txt": _NOTES,
        **{f"templates/{name}.yaml": text for name, text in _make_templates(example).items()},
    }


def _make_metadata() -> str:
    metadata = {
        "apiVersion": "v2",
        "name": "ollama-chatbot",
        "description": "A self-hosted chat page for models that run in Ollama.",
        "type": "application",
        "version": __version__,
        "appVersion": __version__,
        "kubeVersion": ">=1.30.0-0",
    }
    return yaml.safe_dump(metadata, sort_keys=False)


def _make_values(example: Example) -> str:
    lines = ["# The values of k8s/overlays/example, from which `make chart` makes this."]
    lines += [f"{value.name}: {value.default} # {value.comment}" for value in example.values]
    lines += ["components:"]
    lines += [
        f"  {part.name}: {str(part.is_on).lower()} # {part.comment}" for part in example.components
    ]
    return "\n".join(lines) + "\n"


def _make_schema(example: Example) -> str:
    values: dict[str, object] = {
        value.name: {"description": value.comment, **_SCHEMAS.get(value.name, _TEXT)}
        for value in example.values
    }
    components = {
        part.name: {"description": part.comment, "type": "boolean"} for part in example.components
    }
    schema = {
        "$schema": "https://json-schema.org/draft-07/schema#",
        **_describe_object(
            # Helm itself may add `global`.
            {**values, "components": _describe_object(components), "global": {"type": "object"}}
        ),
    }
    return json.dumps(schema, indent=2) + "\n"


def _describe_object(properties: Mapping[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


_HELPERS = """\
{{- /* Its change gives the ConfigMaps other names, which rolls the Deployments. */}}
{{- define "hash" -}}
{{ list .Chart.Version .Values | toJson | sha256sum | trunc 10 }}
{{- end }}
"""

_NOTES = """\
The chat starts: kubectl -n {{ .Release.Namespace }} rollout status deployment/chatbot
Without an ingress: kubectl -n {{ .Release.Namespace }} port-forward service/chatbot 8501
"""


def _make_templates(example: Example) -> dict[str, str]:
    """Return the templates: kind and name of each object, and its text."""
    marks = {value.name: mark for mark, value in _mark_values(example).items()}
    choices = _choose([component.name for component in example.components])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        texts = pool.map(lambda choice: build(marks, choice, _NAMESPACE), choices)
        objects = {choice: _split(text) for choice, text in zip(choices, texts, strict=True)}
    names = sorted({name for found in objects.values() for name in found})
    return {
        name: _make_template(
            {choice: found.get(name, []) for choice, found in objects.items()}, example
        )
        for name in names
    }


def _mark_values(example: Example) -> dict[str, Value]:
    """Return the values by what stands for each of them while the manifests are built."""
    return {
        str(_FIRST_NUMBER + n)
        if value.default.isdigit()
        else f"mark-{value.name}:mark"
        if value.name == "image"
        else f"mark-{value.name}": value
        for n, value in enumerate(example.values)
    }


def _choose(components: Sequence[str]) -> list[Choice]:
    """Return the choices that tell what each component does: all, all but one, one, none."""
    whole = frozenset(components)
    sizes = (len(whole), len(whole) - 1, 1, 0)
    chosen = itertools.chain(*(itertools.combinations(components, size) for size in sizes))
    return list(dict.fromkeys(map(frozenset, chosen)))


def _split(text: str) -> dict[str, list[str]]:
    """Return the lines of each object of the chart by its kind and name, without hashes."""
    objects = {}
    for part in hide_hashes(text).split("\n---\n"):
        kind, name = _identify(part)
        if kind not in NOT_OF_THE_CHART:
            objects[f"{kind.lower()}-{name.removesuffix(f'-{_HASH}')}"] = part.splitlines()
    return objects


def hide_hashes(text: str) -> str:
    """Return objects with a mark instead of the hash of its content in each ConfigMap's name."""
    for kind, name in map(_identify, text.split("\n---\n")):
        if kind == "ConfigMap":
            text = text.replace(name, re.sub(r"-\w{10}$", f"-{_HASH}", name))
    return text


def _identify(text: str) -> tuple[str, str]:
    """Return kind and name of an object."""
    ((kind, name),) = re.findall(r"^kind: (\S+)\nmetadata:\n(?:  .*\n)*?  name: (\S+)$", text, re.M)
    return kind, name


def _make_template(found: Mapping[Choice, list[str]], example: Example) -> str:
    """Return the template of an object; `found` has its lines in each choice."""
    lines = _merge(found)
    parts = [
        _guard(condition, [_insert_values(line.text, example) for line in group])
        for condition, group in itertools.groupby(
            lines, lambda line: _find_condition(line.choices, found, example)
        )
    ]
    return "\n".join(itertools.chain(*parts)) + "\n"


def _merge(found: Mapping[Choice, list[str]]) -> list[Line]:
    """Return the lines of all choices: those of one choice among them are its text, in order."""
    merged: list[Line] = []
    for choice, texts in found.items():
        former = merged
        matcher = difflib.SequenceMatcher(None, [line.text for line in former], texts, False)
        merged = []
        for tag, start, end, first, last in matcher.get_opcodes():
            merged += former[start:end]
            if tag == "equal":
                for line in former[start:end]:
                    line.choices.add(choice)
            else:
                merged += [Line(text, {choice}) for text in texts[first:last]]
    return merged


def _find_condition(wanted: set[Choice], choices: Iterable[Choice], example: Example) -> Condition:
    """Return the components that are chosen, or not, in the wanted choices and no others."""
    literals = [(part.name, is_on) for part in example.components for is_on in (True, False)]
    for size in range(3):
        for condition in itertools.combinations(literals, size):
            if {choice for choice in choices if _holds(condition, choice)} == wanted:
                return condition
    raise ValueError(f"no two components say when a line is there: {wanted}")


def _holds(condition: Condition, choice: Choice) -> bool:
    return all((name in choice) == is_on for name, is_on in condition)


def _guard(condition: Condition, lines: list[str]) -> list[str]:
    """Return lines of a template that are there under a condition."""
    if not condition:
        return lines
    terms = [_make_term(name, is_on) for name, is_on in condition]
    test = terms[0][1:-1] if len(terms) == 1 else f"and {' '.join(terms)}"
    return [f"{{{{- if {test} }}}}", *lines, "{{- end }}"]


def _make_term(name: str, is_on: bool) -> str:
    value = f'(index .Values.components "{name}")'
    return value if is_on else f"(not {value})"


def _insert_values(line: str, example: Example) -> str:
    """Return a line of a template: values where marks were, foreign braces as they are."""
    line = line.replace("{{", '{{ "{{" }}')
    for mark, value in _mark_values(example).items():
        line = _insert(line, mark, f".Values.{value.name}")
    line = _insert(line, _NAMESPACE, ".Release.Namespace")
    version = "app.kubernetes.io/version: "
    line = line.replace(f"{version}{__version__}", f"{version}{{{{ .Chart.AppVersion }}}}")
    return line.replace(_HASH, '{{ include "hash" . }}')


def _insert(line: str, mark: str, value: str) -> str:
    """Return a line with a value in place of its mark, quoted where it is the whole text."""
    is_text = not mark.isdigit() or f'"{mark}"' in line
    line = re.sub(rf'(?<=[:-] )"?{mark}"?$', f"{{{{ {value}{' | quote' * is_text} }}}}", line)
    return line.replace(mark, f"{{{{ {value} }}}}")


def main() -> None:
    """Write the chart; what it no longer has goes."""
    files = make_chart()
    shutil.rmtree(CHART, ignore_errors=True)
    for name, text in files.items():
        (CHART / name).parent.mkdir(parents=True, exist_ok=True)
        (CHART / name).write_text(text)


if __name__ == "__main__":
    main()
