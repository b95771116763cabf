#!/usr/bin/env bash
# Prints the folder with Prometheus's promtool, which it builds where it is not there yet.
set -Eeuo pipefail

prometheus=0.316.0
tools=${XDG_CACHE_HOME:-$HOME/.cache}/ollama-chatbot/bin

# build NAME MODULE@VERSION OPTION…
build() {
  [[ -x $tools/$1 ]] || GOBIN=$tools CGO_ENABLED=0 go install -trimpath "${@:3}" "$2" >&2
}

build promtool "github.com/prometheus/prometheus/cmd/promtool@v$prometheus" -tags remove_all_sd
echo "$tools"
