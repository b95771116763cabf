#!/usr/bin/env bash
# Starts Ollama and the chat, watches both and stops both; the same on a laptop and in the image.
#   entrypoint.sh [OPTION…]    serve; the options go to the chat
#   entrypoint.sh COMMAND…     run COMMAND instead, untouched
# Ends with 143 after TERM, 130 after INT, 129 after HUP, else with the status of the one that
# ended first. A second signal kills both.
set -Eeuo pipefail
unset CDPATH # with it, cd may lead elsewhere

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  printf 'error: bash %s is too old, 4.4 is needed; on macOS: brew install bash\n' "$BASH_VERSION" >&2
  exit 1
fi

chat='' ollama='' wanted_host='' signalled=0 signalled_at=0 loggers=()

say() { printf '%s\n' "$*" | label 'start ' >&2; }

# Marks each line of its input with label $1; with LOG_FORMAT=json each becomes an object, unless
# it is one already. Ollama's lines for requests that went well are for debugging only.
label() {
  local edit=(-e 's/[[:cntrl:]]/ /g' -e "s/^/$1 | /")
  if [[ ${LOG_FORMAT:-} == json ]]; then
    edit=(-e '/^{/b' -e 's/[[:cntrl:]]/ /g' -e 's/[\\"]/\\&/g')
    edit+=(-e "s/.*/{\"source\":\"${1// /}\",\"message\":\"&\"}/")
  fi
  if [[ ${LOG_LEVEL:-} != DEBUG ]]; then edit=(-e '/^\[GIN\].*| 200 |/d' "${edit[@]}"); fi
  if sed -u '' </dev/null 2>/dev/null; then exec sed -u "${edit[@]}"; fi
  exec sed -l "${edit[@]}" # BSD's name for it
}

fail() { say "error: $*" && exit 1; }

# Takes off what an env file leaves on the values of the variables named: blanks around them, the
# line end of Windows, and a pair of quotes. An empty one counts as unset.
trim_variables() {
  local name value
  for name in "$@"; do
    value=${!name-}
    value=${value#"${value%%[![:space:]]*}"} value=${value%"${value##*[![:space:]]}"}
    if [[ ${#value} -gt 1 && ${value:0:1} == [\"\'] && ${value:0:1} == "${value: -1}" ]]; then
      value=${value:1:${#value}-2}
    fi
    if [[ -n $value ]]; then export "$name=$value"; else unset "$name"; fi
  done
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

prepare_data_dir() {
  DATA_DIR=${DATA_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/ollama-chatbot}
  case $DATA_DIR in
    \~ | \~/*) DATA_DIR=${HOME:-}${DATA_DIR:1} ;;
    /*) ;;
    *) DATA_DIR=$PWD/$DATA_DIR ;;
  esac
  export DATA_DIR
  if [[ -n ${BAKED_MODELS:-} ]] && ! mountpoint -q "$DATA_DIR"; then
    export DATA_LASTS=false # the page then says so too
    say 'no volume: the history and pulled models end with this container; -v chat:/data keeps them'
    if ! [[ -w $DATA_DIR ]]; then DATA_DIR=${TMPDIR:-/tmp}/ollama-chatbot; fi
  fi
  if (umask 077 && mkdir -p "$DATA_DIR") 2>/dev/null && [[ -w $DATA_DIR && -x $DATA_DIR ]]; then return; fi
  check_data_dir
}

# Ends with the reason, and its cure, when DATA_DIR cannot be used.
check_data_dir() {
  local reason
  reason=$(cd "$here" && python -m chatbot.history.data_dir "$DATA_DIR" 2>&1) || fail "$reason"
}

refuse_models_folder() {
  check_data_dir
  fail "the image's models cannot be linked into $OLLAMA_MODELS (see the line above): free space there, or let user $(id -u) write there"
}

# Puts the image's models beside the pulled ones: links to their blobs, so that nothing is copied,
# and copies of the manifests that are not there. What an older image had goes.
link_baked_models() {
  local manifest digest
  trap refuse_models_folder ERR
  mkdir -p "$OLLAMA_MODELS"/{blobs,manifests}
  find "$OLLAMA_MODELS/blobs" -xtype l -delete
  while read -r manifest; do
    while read -r digest; do
      if ! [[ -e $OLLAMA_MODELS/blobs/${digest/:/-} ]]; then rm -f "$manifest"; fi
    done < <(grep -o 'sha256:[0-9a-f]\{64\}' "$manifest" || true)
  done < <(find "$OLLAMA_MODELS/manifests" -type f)
  cp -rsn "$BAKED_MODELS/blobs/." "$OLLAMA_MODELS/blobs/"
  cp -rn "$BAKED_MODELS/manifests/." "$OLLAMA_MODELS/manifests/"
  trap - ERR
  export CHAT_MODEL=${CHAT_MODEL:-$(<"$BAKED_MODELS/default")}
}

# Prints "quota period" for each cgroup, v2 or v1, from the process's own up to the root.
# $1: where cgroups are mounted; $2: the list of the process's cgroups.
cpu_quotas() {
  local path dir
  while IFS=: read -r _ _ path; do
    if [[ $path == / || $path == *..* ]]; then path=''; fi
    while true; do
      for dir in "$1$path" "$1/cpu$path"; do
        cat "$dir/cpu.max" 2>/dev/null || paste -d ' ' "$dir"/cpu.cfs_{quota,period}_us 2>/dev/null || true
      done
      if [[ -z $path ]]; then break; fi
      path=${path%/*}
    done
  done <"$2"
}

# Prints how many whole CPUs this process may use: the least of its CPU set and its quotas.
cpu_limit() {
  local cpus quota period
  cpus=$(nproc)
  while read -r quota period; do
    if [[ $quota =~ ^[0-9]+$ ]] && ((quota / period < cpus)); then cpus=$((quota / period)); fi
  done < <(cpu_quotas "$@")
  printf '%d\n' "$((cpus > 0 ? cpus : 1))"
}

# Ollama counts the host's cores, not the container's, and is slow with more threads than CPUs.
limit_threads() {
  local cpus
  if [[ -n ${NUM_THREAD:-} ]] || ! command -v nproc >/dev/null; then return; fi
  cpus=$(cpu_limit "$@")
  if ((cpus < $(nproc --all))); then
    export NUM_THREAD=$cpus
    say "NUM_THREAD=$cpus from the CPU limit (the host has $(nproc --all) CPUs)"
  fi
}

# Prints what answers a request at host $1, port $2; status 1 when nothing listens there.
front_page() (
  exec 2>/dev/null 3<>"/dev/tcp/${1//[\[\]]/}/$2" || exit 1
  printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  IFS= read -r -t 2 -d '' reply <&3 || true
  printf '%s' "$reply"
)

# Whether host $1 is this machine, so that a server can listen there.
is_here() {
  if [[ $1 =~ ^(127\..*|localhost|0\.0\.0\.0|\[::1?\])$ ]]; then return; fi
  python -c 'import socket, sys
for family, _, _, _, address in socket.getaddrinfo(sys.argv[1], 0, type=socket.SOCK_STREAM):
    socket.socket(family).bind(address)' "${1//[\[\]]/}" 2>/dev/null
}

# Sets OLLAMA_HOST, to the first free port from the wanted one on, and OLLAMA_BASE_URL.
choose_address() {
  local host=${OLLAMA_HOST:-} port=11434 near page
  host=${host#*://} host=${host%%/*}
  if [[ $host =~ ^(\[.*\]|[^:]*):([^:]*)$ ]]; then
    host=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]:-$port}
  elif [[ $host == *:* && $host != \[* ]]; then
    host=[$host] # an IPv6 address alone
  fi
  if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
    fail "OLLAMA_HOST is '$OLLAMA_HOST': its port must be a number from 1 to 65535"
  fi
  if [[ -z $host && -n ${OLLAMA_HOST:-} ]]; then
    say "OLLAMA_HOST is '$OLLAMA_HOST': Ollama listens for this machine only; 0.0.0.0:$port opens it to all"
  fi
  host=${host:-127.0.0.1} near=$host
  if [[ $host == 0.0.0.0 || $host == '[::]' ]]; then near=127.0.0.1; fi
  is_here "$host" ||
    fail "OLLAMA_HOST is '$OLLAMA_HOST', where the chat cannot start an Ollama, since $host is not this machine; to use the one there: OLLAMA_BASE_URL=http://$host:$port"
  while page=$(front_page "$near" "$port"); do
    if [[ $page == *'Ollama is running'* ]]; then
      say "an Ollama answers on port $port already; to use that one: OLLAMA_BASE_URL=http://$near:$port make run"
    fi
    port=$((port + 1))
  done
  export OLLAMA_HOST=$host:$port OLLAMA_BASE_URL=http://$near:$port
}

# Starts a command, with label $1 before each line of its output; sets $launched to its id.
# It gets a process group of its own, so that a terminal's Ctrl-C reaches this script only.
launch() {
  local log
  exec {log}> >(trap '' HUP INT TERM && label "$1")
  loggers+=($!)
  set -m
  "${@:2}" </dev/null >&"$log" 2>&1 {log}>&- &
  set +m
  launched=$! && exec {log}>&-
}

# When memory is short, the kernel is to end the model's runner, which Ollama survives and tells of.
run_ollama() {
  if [[ -w /proc/self/oom_score_adj ]]; then echo 500 >/proc/self/oom_score_adj; fi 2>/dev/null
  # It keeps a key below its home.
  if ! mkdir -p "${HOME:-}/.ollama" 2>/dev/null || ! [[ -w $HOME/.ollama ]]; then export HOME=$DATA_DIR; fi
  exec ollama serve
}

start_ollama() {
  command -v ollama >/dev/null ||
    fail 'ollama is not on PATH: install it, or name a server, such as OLLAMA_BASE_URL=http://127.0.0.1:11434'
  wanted_host=${OLLAMA_HOST:-}
  choose_address
  export OLLAMA_MODELS=${OLLAMA_MODELS:-$DATA_DIR/models} OLLAMA_KEEP_ALIVE=${OLLAMA_KEEP_ALIVE:--1}
  export OLLAMA_NOPRUNE=${OLLAMA_NOPRUNE:-1} # else a restart throws half-pulled models away
  if [[ -n ${BAKED_MODELS:-} ]]; then link_baked_models; fi
  launch ollama run_ollama && ollama=$launched
}

# Whether somebody is connected to port $1 of this machine.
in_use() {
  grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [^ ]+ 01 " /proc/net/tcp /proc/net/tcp6
}

# Whether another program answers where Ollama was to listen, and has ended.
is_port_lost() {
  local address=${OLLAMA_BASE_URL#http://}
  front_page "${address%:*}" "${address##*:}" >/dev/null
}

# Lets Ollama finish what others, such as another replica's page, have asked for: they get
# DRAIN_TIMEOUT seconds from the signal on.
finish_ollama() {
  local wait=${DRAIN_TIMEOUT:-8}
  while in_use "${OLLAMA_HOST##*:}" && ((SECONDS < signalled_at + 10#0${wait%.*})); do sleep 0.1; done
}

# Tells the chat only: it finishes its answers first, and for them Ollama has to be there.
on_signal() {
  if ((signalled)); then kill_groups && exit "$2"; fi
  signalled=$2 signalled_at=$SECONDS && say "$1: stopping" && tell "$chat"
}

tell() { kill -TERM ${1:+"$1"} 2>/dev/null || true; }

kill_groups() { for pid in $chat $ollama; do kill -KILL -- "-$pid" 2>/dev/null || true; done; }

# Waits for process $1 to end, through signals, and returns its status.
wait_for() {
  while kill -0 "$1" 2>/dev/null; do wait "$1" || true; done 2>/dev/null
  wait "$1"
}

serve() {
  local status=0 again=0
  trap 'on_signal HUP 129' HUP
  trap 'on_signal INT 130' INT
  trap 'on_signal TERM 143' TERM
  trim_variables BIND_HOST CHAT_MODEL DATA_DIR DRAIN_TIMEOUT LOG_FORMAT LOG_LEVEL NUM_THREAD \
    OLLAMA_BASE_URL OLLAMA_HOST OLLAMA_MODELS PORT
  prepare_data_dir
  limit_threads /sys/fs/cgroup /proc/self/cgroup
  if [[ -z ${OLLAMA_BASE_URL:-} ]]; then start_ollama; fi
  cd "$here"
  launch 'chat  ' python -m chatbot "$@" && chat=$launched
  if ((signalled)); then tell "$chat"; else wait -n $ollama "$chat" || true; fi
  if [[ -n $ollama ]] && ! ((signalled)) && ! kill -0 "$ollama" 2>/dev/null; then
    wait_for "$ollama" || status=$?
    if is_port_lost; then again=1; fi
    say "Ollama ended with status $status: stopping" && status=$((status ? status : 1))
    tell "$chat" && { wait_for "$chat" || true; }
  else
    wait_for "$chat" || status=$?
    if [[ -n $ollama ]]; then
      if ((signalled)); then finish_ollama; fi
      tell "$ollama" && { wait_for "$ollama" || true; }
    fi
  fi
  kill_groups # whatever they left behind
  for pid in "${loggers[@]}"; do wait "$pid" || true; done
  if ((again && !signalled)); then
    say "another program took port ${OLLAMA_HOST##*:} meanwhile: starting again"
    unset OLLAMA_BASE_URL
    OLLAMA_HOST=$wanted_host exec "$here/entrypoint.sh" "$@"
  fi
  exit "$((signalled ? signalled : status))"
}

# A kernel without IPv6 has no [::], where else Ollama listens for both families.
fit_host() {
  if [[ -d /proc/net && ! -e $1 && ${OLLAMA_HOST:-} == '[::]'* ]]; then
    export OLLAMA_HOST=0.0.0.0${OLLAMA_HOST#'[::]'}
  fi
}

main() {
  fit_host /proc/net/if_inet6
  if (($#)) && [[ $1 != -* ]]; then exec "$@"; fi
  serve "$@"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
