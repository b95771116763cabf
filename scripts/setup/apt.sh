#!/usr/bin/env bash
# Installs the named Debian packages; ends with status 1 where this user or system cannot.
set -Eeuo pipefail

install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

if ((EUID != 0)) || ! command -v apt-get >/dev/null; then exit 1; fi
printf 'set-up: installing Debian packages: %s\n' "$*" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists may be missing or old, which only a failure tells.
if ! install "$@" &>"$log" && ! { apt-get update && install "$@"; } &>"$log"; then
  tail -n 20 "$log" >&2
  exit 1
fi
