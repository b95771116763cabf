#!/usr/bin/env bash
# Makes .venv hold the pins of the named requirements files; does nothing when it does already.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'set-up: [%3d s] %s\n' "$SECONDS" "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints the first Python that is new enough.
find_python() {
  local python
  for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$python"
      return
    fi
  done
  return 1
}

make_venv() {
  local python
  python=$(find_python) ||
    fail 'Python 3.11 or newer was not found: install it, for example with: sudo apt-get install python3 python3-venv'
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null && ! scripts/apt.sh python3-venv; then
    fail "$python cannot make virtual environments: sudo apt-get install python3-venv"
  fi
  say "making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv ||
    fail "$python cannot make the folder $PWD/.venv: see the lines above, then run make again"
}

# Says every ten seconds how far pip is. $1: its output; $2: how many packages it installs.
report() {
  trap 'kill "$!" && exit' TERM
  while sleep 10 & wait "$!"; do
    if grep -q '^Installing' "$1"; then
      say '  unpacking the packages'
    else
      say "  $(grep -c '^Collecting' "$1") of $2 packages fetched"
    fi
  done
}

install_pins() {
  local log=.venv/pip.log count file files=()
  for file in "$@"; do files+=(-r "$file"); done
  count=$(cat "$@" | grep '^[a-z]' | cut -d = -f 1 | sort -u | wc -l)
  say "installing $count packages from $*"
  : >"$log"
  report "$log" "$count" &
  trap 'kill "$!" 2>/dev/null || true' EXIT
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile --progress-bar off \
    "${files[@]}" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail 'pip could not install the packages above: check the connection to the package registry, then run make again'
  }
  # A copy of each file is the stamp: the next run compares, and installs nothing.
  cp "$@" .venv/
  say 'the packages are installed'
}

main() {
  local file missing=()
  if ! [[ -x .venv/bin/python && -x .venv/bin/pip ]]; then make_venv; fi
  for file in "$@"; do
    if ! cmp -s "$file" ".venv/$file"; then missing+=("$file"); fi
  done
  if ((${#missing[@]})); then install_pins "$@"; fi
}

main "$@"
