#!/usr/bin/env bash
# Scores base, overlays and all components with kube-score and checkov. What they find is cured, or
# excepted by an annotation beside the object that says why. Both tools stay out of .venv.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kube_score=1.20.0 checkov=3.2.501
tools=${XDG_CACHE_HOME:-$HOME/.cache}/ollama-chatbot/bin
built=$(mktemp -d)
trap 'rm -rf "$built" k8s/.all' EXIT

# scale-on-waiting-keda has no HPA to score, and model-image takes the place of model-volume.
mkdir -p k8s/.all
{
  echo 'namespace: chatbot'
  echo 'resources: [../base]'
  echo "components: [$(find k8s/components -mindepth 1 -maxdepth 1 ! -name '*-keda' ! -name model-image -printf '../components/%f,')]"
} >k8s/.all/kustomization.yaml
for folder in k8s/base k8s/overlays/* k8s/.all; do
  kubectl kustomize "$folder" >"$built/${folder##*/}.yaml"
done

[[ -x $tools/kube-score ]] ||
  GOBIN=$tools CGO_ENABLED=0 go install "github.com/zegl/kube-score/cmd/kube-score@v$kube_score"
"$tools/kube-score" score --exit-one-on-warning --output-format ci "$built"/*.yaml >"$built/scores" || {
  grep -vE '^\[(OK|SKIPPED)\]' "$built/scores" >&2
  exit 1
}
.venv/bin/python -m uv tool run --quiet --from "checkov==$checkov" checkov --quiet --compact \
  --skip-download --framework kubernetes --directory "$built"
echo 'the manifests pass kube-score and checkov'
