#!/usr/bin/env bash
# Prints the folder with Helm and Prometheus's promtool, which it builds where they are not there yet:
# minutes, once.
set -Eeuo pipefail

helm=3.22.0 prometheus=0.316.0
tools=${XDG_CACHE_HOME:-$HOME/.cache}/ollama-chatbot/bin

# build NAME MODULE@VERSION OPTION…
build() {
  [[ -x $tools/$1 ]] || GOBIN=$tools CGO_ENABLED=0 go install -trimpath "${@:3}" "$2" >&2
}

build helm "helm.sh/helm/v3/cmd/helm@v$helm"
build promtool "github.com/prometheus/prometheus/cmd/promtool@v$prometheus" -tags remove_all_sd
echo "$tools"
