#!/usr/bin/env bash
# Provides Chromium for the browser tests where it can, and says what is skipped where it cannot.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for name in "${CHROMIUM:-chromium}" google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if scripts/setup/apt.sh chromium; then exit 0; fi
printf 'set-up: Chromium is missing, so the browser tests are skipped: sudo apt-get install chromium\n' >&2
