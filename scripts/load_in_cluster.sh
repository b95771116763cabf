#!/usr/bin/env bash
# Runs the load test of k8s/components/load-test in the cluster that kubectl talks to, copies its
# report to reports/ and ends with its exit code. NAMESPACE, IMAGE and TIMEOUT (seconds) can be set.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

component=k8s/components/load-test
master=app.kubernetes.io/name=load-test,app.kubernetes.io/component=master
image=${IMAGE:-ollama-chatbot-load:0.1.0}

in_namespace() { kubectl --namespace "${NAMESPACE:-chatbot}" "$@"; }
manifests() { kubectl kustomize "$component" | sed "s|image: ollama-chatbot-load\$|image: $image|"; }
clean_up() { manifests | in_namespace delete --ignore-not-found --wait=false -f - >/dev/null; }

main() {
  local pod log_reader status
  trap clean_up EXIT
  manifests | in_namespace apply -f - >/dev/null
  in_namespace wait --for=create --timeout=60s pod -l "$master" >/dev/null
  pod=$(in_namespace get pod -l "$master" -o name)
  in_namespace logs -f "$pod" --pod-running-timeout=120s &
  log_reader=$!
  in_namespace wait --for=condition=Ready --timeout="${TIMEOUT:-3600}s" "$pod" >/dev/null
  kill "$log_reader" 2>/dev/null || true
  status=$(in_namespace exec "$pod" -- cat /reports/status)
  in_namespace exec "$pod" -- tar -C /reports --exclude=./status -cf - . | tar -C "$(reports)" -xf -
  printf 'the report is in %s\n' "$(reports)"
  exit "$status"
}

reports() { mkdir -p reports && printf 'reports\n'; }

main
