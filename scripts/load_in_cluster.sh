#!/usr/bin/env bash
# Runs the load test of k8s/components/load-test in the cluster that kubectl talks to, copies its
# report to reports/ and ends with its exit code. NAMESPACE, IMAGE and TIMEOUT (seconds) can be set.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

image=${IMAGE:-ollama-chatbot-load:0.1.0}
master=app.kubernetes.io/name=load-test,app.kubernetes.io/component=master

in_namespace() { kubectl --namespace "${NAMESPACE:-chatbot}" "$@"; }

manifests() {
  kubectl kustomize k8s/components/load-test | sed "s|image: ollama-chatbot-load:.*|image: $image|"
}

trap 'manifests | in_namespace delete --ignore-not-found --wait=false -f - >/dev/null' EXIT

manifests | in_namespace apply -f - >/dev/null
in_namespace wait --for=create --timeout=60s pod -l "$master" >/dev/null
pod=$(in_namespace get pod -l "$master" -o name)
in_namespace wait --for=jsonpath='{.status.phase}'=Running --timeout=120s "$pod" >/dev/null
in_namespace logs -f "$pod" &
# Ready means that the report is written.
in_namespace wait --for=condition=Ready --timeout="${TIMEOUT:-3600}s" "$pod" >/dev/null
kill "$!" 2>/dev/null || true
mkdir -p reports
in_namespace exec "$pod" -- tar -C /reports --exclude=./status -cf - . | tar -C reports -xf -
echo 'the report has been copied to reports/'
exit "$(in_namespace exec "$pod" -- cat /reports/status)"
