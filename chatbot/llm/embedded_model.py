"""How Ollama makes the embedded model of its GGUF file. It imports nothing: builds use it too."""

from __future__ import annotations

# The temperatures are what its authors recommend. Ollama's own template of this kind ends the last
# answer as well, so that none that was cut could go on.
PARAMETERS = {"temperature": 0.2, "top_p": 0.9, "stop": ["<|im_start|>", "<|im_end|>"]}
TEMPLATE = """\
{{- range $i, $_ := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 -}}
<|im_start|>{{ .Role }}
{{ .Content }}{{ if or (ne .Role "assistant") (not $last) }}<|im_end|>
{{ end }}{{ if and (ne .Role "assistant") $last }}<|im_start|>assistant
{{ end }}{{ end }}"""


def make_modelfile(file: str) -> str:
    """Return what `ollama create` reads."""
    lines = [f"FROM {file}", f'TEMPLATE """{TEMPLATE}"""']
    for name, value in PARAMETERS.items():
        values = value if isinstance(value, list) else [value]
        lines += [f"PARAMETER {name} {one}" for one in values]
    return "\n".join(lines)
