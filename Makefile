# `make` prints the targets. What they fetch lies in .venv and in the cache folder
# ($XDG_CACHE_HOME or ~/.cache)/ollama-chatbot; the chat's data lie in DATA_DIR.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
unexport CDPATH PYTHONHOME PYTHONPATH # of other programs
.PHONY: help run frontend test test-frontend test-programs coverage test-image test-cluster test-manifests test-builds fuzz trials lint format load load-ui load-cluster capacity bench figures chart pins audit upgrade version-set clean venv venv-dev node-modules

PYTHON_CODE := $(sort $(dir $(wildcard */*.py)))
SHELL_CODE := entrypoint.sh .ci/run docker/bake-models $(wildcard scripts/*.sh scripts/setup/*.sh)
PY := .venv/bin/python
# Tests bring their own servers and settings. A CI must not skip what it could not get.
TEST_ENV := env -u OLLAMA_BASE_URL -u OLLAMA_HOST -u CHAT_MODEL -u EMBEDDED_MODEL
NPM := PATH="$$PWD/.venv/bin:$$PATH" npm --prefix frontend run -s
OPTIONAL := $(if $(CI),,--optional)
# One worker a core, with servers and a browser of its own; one that is done takes over of another's.
AT_ONCE := -n logical --maxprocesses 4 --dist worksteal

help: ## print these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: venv ## start the chat at http://localhost:8501 (PORT, DATA_DIR, CHAT_MODEL … : see README.md)
	@exec $(PY) -m scripts.setup.provide ./entrypoint.sh

frontend: node-modules ## bundle frontend/src into chatbot/web/assets, which the chat serves
	@$(NPM) build

test: node-modules ## lint, then run all tests, naming what is skipped
	@$(MAKE) --no-print-directory --jobs lint test-frontend test-programs
	@exec $(TEST_ENV) $(PY) -m scripts.setup.provide $(OPTIONAL) python -m pytest $(AT_ONCE) $(PYTEST)

test-frontend: node-modules
	@$(NPM) test

test-programs: venv-dev
	@scripts/test_tools.sh
	@$(TEST_ENV) $(PY) -m scripts.setup.provide $(OPTIONAL) true

coverage: venv-dev ## run TESTS (all without) and print the share of lines that they reach, by module
	@$(PY) -m coverage erase
	@$(TEST_ENV) $(PY) -m scripts.setup.provide $(OPTIONAL) python -m coverage run -m pytest $(TESTS) $(PYTEST)
	@$(PY) -m coverage combine -q && $(PY) -m coverage report --sort cover

test-image: venv-dev ## build the image and test it on the Docker Engine
	@PATH=$$PWD/.venv/bin:$$PATH exec python -m pytest -m image tests/image $(PYTEST)

test-cluster: venv-dev ## score the manifests, then deploy and test them on the cluster of KUBECONFIG
	@scripts/check_manifests.sh
	@PATH=$$PWD/.venv/bin:$$PATH exec python -m pytest -m cluster tests/cluster $(PYTEST)

test-manifests: venv-dev ## compare the chart with the manifests on Helm, and try the alerts on promtool
	@PATH=$$(scripts/manifest_tools.sh):$$PWD/.venv/bin:$$PATH exec python -m pytest -m manifests tests/k8s $(PYTEST)

# With the tools of .ci/run: make test-policies POLICY_UP="../shared/cluster/policy-up kind"
test-policies: venv-dev ## test the network policies alone, under the engine that POLICY_UP starts
	@$(POLICY_UP)
	@PATH=$$PWD/.venv/bin:$$PATH exec python -m pytest -m cluster tests/cluster/test_enforcement.py $(PYTEST)

test-builds: venv-dev ## compile and link Ollama for other processors (an hour, then a minute)
	@exec $(PY) -m pytest -m builds tests/builds $(PYTEST)

fuzz: venv-dev ## give the parsers, the page and the API ten times as many inputs as make test does
	@exec $(TEST_ENV) $(PY) -m pytest --hypothesis-profile=fuzz tests/fuzz tests/page/test_any_act.py $(PYTEST)

trials: venv-dev ## try what a stranger may try, and measure what it costs everybody else
	@exec $(TEST_ENV) $(PY) -m pytest -m 'trials or not trials' tests/trials $(PYTEST)

lint: node-modules ## check style, types, shell scripts, and that the bundle is that of the source
	@$(PY) -m ruff check -q .
	@$(PY) -m ruff format --check -q . || { echo "error: the files above are not formatted: make format" >&2; exit 1; }
	@$(PY) -m mypy $(PYTHON_CODE)
	@$(NPM) types
	@scripts/check_bundle.sh
	@.venv/bin/shellcheck $(SHELL_CODE)
	@! test -x .venv/bin/hadolint || .venv/bin/hadolint docker/Dockerfile docker/load.Dockerfile

format: venv-dev ## format the code and apply the fixes that are safe
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

# make load HOST=http://127.0.0.1:8501 SHAPE=spike USERS=30 GOALS="ttft-p95=2000 errors=1"
HOST ?= http://127.0.0.1:8501
SHAPE ?= smoke
KINDS ?= ChatUser
LOCUST = $(PY) -m locust -f locustfiles/load.py --host $(HOST) --loglevel WARNING \
  $(if $(USERS),--users $(USERS)) $(if $(LENGTH),--length $(LENGTH)) $(if $(COMPARE),--compare $(COMPARE)) \
  $(addprefix --goal-,$(GOALS)) $(LOCUST_OPTIONS)

load: venv-dev ## test HOST with SHAPE, up to USERS users of KINDS against GOALS; docs/load-testing.md
	@exec $(LOCUST) --headless --shape $(SHAPE) $(KINDS)

capacity: venv-dev ## find out how many people can chat at HOST (same variables as load)
	@exec $(LOCUST) --headless --shape sweep ChatUser

load-ui: venv-dev ## test from Locust's own page at http://localhost:8089
	@exec $(LOCUST) --shape $(SHAPE) --web-host 127.0.0.1 $(KINDS)

load-cluster: ## run the test of k8s/components/load-test in the cluster of kubectl (NAMESPACE, IMAGE)
	@exec scripts/load_in_cluster.sh

bench: venv-dev ## measure, one benchmark after the other (a quiet machine, please)
	@for file in benchmarks/[a-z]*.py; do \
	  name=$${file#benchmarks/}; echo "== $$file"; \
	  $(TEST_ENV) $(PY) -m scripts.setup.provide python -m "benchmarks.$${name%.py}"; \
	done

figures: venv-dev ## print the figures of the code's order beside their goals (FIGURES=--list)
	@exec $(PY) -m scripts.figures $(FIGURES)

chart: venv-dev ## make the Helm chart of k8s/overlays/example again
	@exec $(PY) -m scripts.chart

pins: venv-dev ## write requirements*.txt again from pyproject.toml, with the hashes of all their files
	@export UV_CUSTOM_COMPILE_COMMAND="make pins"; uv="$(PY) -m uv pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes"; \
	  $$uv pyproject.toml -o requirements.txt && \
	  $$uv pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt && \
	  $$uv --group load -c requirements-dev.txt -o requirements-load.txt

audit: venv-dev ## say which of the pins have known vulnerabilities; needs the network
	@exec $(PY) -m scripts.audit $(OPTIONAL)

upgrade: venv-dev ## raise all versions, then run the tests that say what the new ones break
	@$(PY) -m scripts.upgrade
	@$(MAKE) --no-print-directory pins UPGRADE=--upgrade
	@$(MAKE) --no-print-directory venv-dev
	@$(TEST_ENV) $(PY) -m pytest -m contract $(PYTEST) || \
	  { echo "error: docs/streamlit-internals.md says what to do; then make test" >&2; exit 1; }
	@echo "What is not documented is as before: make test"

version-set: venv-dev ## write a new version everywhere: VERSION=0.2.0 of the chat, OLLAMA=0.25.0 of Ollama
	@$(PY) -m scripts.versions $(if $(VERSION),--chat $(VERSION)) $(if $(OLLAMA),--ollama $(OLLAMA))
	@exec $(PY) -m scripts.chart

clean: ## remove .venv and all caches of this checkout (models and conversations stay)
	rm -rf .venv frontend/node_modules .mypy_cache .pytest_cache .ruff_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@scripts/setup/venv.sh requirements.txt

venv-dev:
	@scripts/setup/venv.sh requirements.txt requirements-dev.txt

node-modules: venv-dev
	@$(PY) -m scripts.setup.front_end
