#!/usr/bin/env bash
# Runs pytest with the arguments given. On a busy machine a real browser or server is late now and
# then: what failed is named and run once more, in a new process with new servers.
set -Eeuo pipefail

status=0
python -m pytest "$@" || status=$?
((status == 1)) || exit "$status"
printf 'what failed is run once more\n' >&2
exec python -m pytest "$@" --last-failed --last-failed-no-failures=none
