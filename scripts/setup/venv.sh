#!/usr/bin/env bash
# Makes .venv hold the pins of the named requirements files; does nothing when it does already.
set -Eeuo pipefail
unset CDPATH PYTHONHOME PYTHONPATH # of other programs
export PIP_USER=0                  # a pip.conf may say otherwise
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

reporter=''

say() { printf 'set-up: [%3d s] %s\n' "$SECONDS" "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints the first Python that the pins were made for, else the first that is newer.
find_python() {
  local python end
  for end in 15 99; do
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3}; do
      if "$python" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $end))" 2>/dev/null; then
        printf '%s\n' "$python"
        return
      fi
    done
  done
  return 1
}

# Lets one set-up work at a time. The lock is a link to the id of the process that holds it.
take_lock() {
  local holder told=''
  if ! [[ -w . ]]; then
    fail "user $(id -un) cannot write to $PWD: run make as $(find . -prune -exec ls -ld {} + | awk '{ print $3 }'), or in a copy of your own"
  fi
  until ln -s "$$" .venv.lock 2>/dev/null; do
    holder=$(readlink .venv.lock) || continue
    if ! kill -0 "$holder" 2>/dev/null; then
      rm -f .venv.lock
    else
      if [[ -z $told ]]; then say "waiting for the set-up of process $holder" && told=yes; fi
      sleep 1
    fi
  done
  trap clean_up EXIT
}

clean_up() {
  if [[ -n $reporter ]]; then kill "$reporter" 2>/dev/null || true; fi
  rm -f .venv.lock
}

make_venv() {
  local python
  python=$(find_python) ||
    fail 'Python 3.11 or newer was not found: install it, for example with: sudo apt-get install python3 python3-venv'
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null && ! scripts/setup/apt.sh python3-venv; then
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
  while sleep 10 & wait "$!" && kill -0 "$$" 2>/dev/null; do
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
  count=$(($(cat "$@" | grep '^[a-z]' | cut -d = -f 1 | sort -u | wc -l)))
  say "installing $count packages from $*"
  : >"$log"
  report "$log" "$count" &
  reporter=$!
  # Without its stamp, what an interrupted installation leaves is made anew.
  rm -f .venv/requirements*.txt
  # Whatever index this machine has, it brings what somebody has looked at, or nothing.
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile --progress-bar off \
    --require-hashes "${files[@]}" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    if grep -q 'DO NOT MATCH THE HASHES' "$log"; then
      fail "the package registry has other files than those of $*: use another one, then run make again"
    fi
    if grep -q 'No space left' "$log"; then fail "the disk of $PWD is full: free 1 GB on it, then run make again"; fi
    fail 'pip could not install the packages above: check the connection to the package registry, then run make again'
  }
  # A copy of each file is the stamp: the next run compares, and installs nothing.
  cp "$@" .venv/
  say 'the packages are installed'
}

# Whether .venv holds the pins of the files, and its Python runs: after an upgrade of the system's
# it may be gone, or of another version.
is_complete() {
  local file
  for file in "$@"; do
    if ! cmp -s "$file" ".venv/$file"; then return 1; fi
  done
  .venv/bin/python -c 'import pip' 2>/dev/null
}

main() {
  if is_complete "$@"; then return; fi
  take_lock
  if is_complete "$@"; then return; fi
  if ! [[ -f .venv/$1 ]] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then make_venv; fi
  install_pins "$@"
}

main "$@"
