#!/usr/bin/env bash
# Whether chatbot/web/assets is what frontend/src makes, byte for byte.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
PATH=$PWD/.venv/bin:$PATH node frontend/build.mjs "$made/assets"
if ! diff -rq "$made/assets" chatbot/web/assets >&2; then
  echo 'error: chatbot/web/assets is not what frontend/src makes: make frontend' >&2
  exit 1
fi
