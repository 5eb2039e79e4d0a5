# The tasks of development. `make help` lists them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

TOOLS := build/tools
RUNTIME := build/runtime
RELEASE := build/release
PROJECT := $(shell sed -n 's/^version = "\(.*\)"/keyframe-\1/p' pyproject.toml)
LOCK := $(TOOLS)/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint constraints.txt
VERSION ?= 18
TESTS ?=
ROUNDS ?= 40
FAULTS ?= 40
QUESTIONS ?= 10000

.PHONY: help demo test check console conformance bench alerts clean
.PHONY: drill cluster-drill rolling-drill restore-drill pooler-drill alerts-drill test-postgres hashes sbom release lint-image audit digests
.DEFAULT_GOAL := help

help:
	@echo "make demo         a sample company, on http://127.0.0.1:8000"
	@echo "make test         the tests"
	@echo "make check        format, lint, types, import contracts, schema snapshot, tests"
	@echo "make conformance  a running server, tested with real clients; needs Node"
	@echo "make console      the console, built into api/console/static; needs Node"
	@echo "make bench        the benchmarks"
	@echo "make alerts       the alerts for Prometheus, evaluated by its promtool, which must be installed"
	@echo "make drill        kill every process in turn while clients write; ROUNDS=40"
	@echo "make cluster-drill  break a PostgreSQL cluster in turn while clients write; FAULTS=40; needs etcd and haproxy"
	@echo "make rolling-drill  restart every process in turn under load; needs haproxy"
	@echo "make restore-drill  back up, lose and restore an installation"
	@echo "make pooler-drill   callers of different sight on one connection of a pooler; needs pgbouncer; QUESTIONS=10000"
	@echo "make alerts-drill   damage an installation that Prometheus watches; needs prometheus"
	@echo "make test-postgres  the tests of log, projections and API on another PostgreSQL; VERSION=15, 16 or 18, TESTS=…"
	@echo "make release      the wheel, its SBOM, hashes of all dependencies, and SHA256SUMS, in build/release"
	@echo "make hashes       update deploy/requirements from constraints.txt"
	@echo "make sbom         the software bill of materials alone"
	@echo "make lint-image   check the Dockerfiles and the files of Compose"
	@echo "make audit        known vulnerabilities of the dependencies; needs the advisories of PyPI"
	@echo "make digests      the digests of the base images; needs Docker and its registry"
	@echo "make clean        remove environments, caches and builds; keeps data"

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Keyframe needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@echo "Installing Keyframe into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@

demo: $(INSTALLED)
	$(BIN)/keyframe demo

test: $(INSTALLED)
	$(BIN)/python -m pytest

check: $(INSTALLED)
	.ci/check $(BIN)

conformance: $(INSTALLED)
	$(BIN)/python -m tests.conformance

console:
	cd console && npm ci --no-audit --no-fund --loglevel=error && npm run build

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

alerts:
	promtool check rules deploy/observability/alerts.yml
	promtool test rules deploy/observability/alerts.test.yml

# ── drills: real processes on servers of their own ──

drill: $(INSTALLED)
	$(BIN)/python -m deploy.drills.crashes --rounds $(ROUNDS)

cluster-drill: $(INSTALLED)
	$(BIN)/python -m deploy.drills.failover --faults $(FAULTS)

rolling-drill: $(INSTALLED)
	$(BIN)/python -m deploy.drills.rolling

restore-drill: $(INSTALLED)
	$(BIN)/python -m deploy.drills.restore

pooler-drill: $(INSTALLED)
	$(BIN)/python -m deploy.drills.pooler --questions $(QUESTIONS)

alerts-drill: $(INSTALLED)
	$(BIN)/python -m deploy.drills.alerts

test-postgres: $(INSTALLED)
	$(BIN)/python -m deploy.drills.versions $(VERSION) $(TESTS)

# ── releases and what they are made of ──

$(TOOLS)/.installed: deploy/requirements/tools.txt
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement deploy/requirements/tools.txt
	@touch $@

$(RUNTIME)/.installed: deploy/requirements/runtime.txt deploy/requirements/build.txt
	@rm -rf $(RUNTIME) build/backend
	@$(PYTHON) -m venv --without-pip $(RUNTIME)
	@$(PYTHON) -m venv build/backend
	@build/backend/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement deploy/requirements/build.txt
	@build/backend/bin/python -m pip --python $(RUNTIME)/bin/python install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: --requirement deploy/requirements/runtime.txt
	@touch $@

hashes: $(TOOLS)/.installed
	$(LOCK) --output-file deploy/requirements/runtime.txt pyproject.toml
	$(LOCK) --only-build-deps --build-deps-for wheel --output-file deploy/requirements/build.txt pyproject.toml

sbom: $(TOOLS)/.installed $(RUNTIME)/.installed
	@mkdir -p $(RELEASE)
	$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-format JSON \
		--output-file $(RELEASE)/$(PROJECT).cdx.json $(RUNTIME)/bin/python

release: sbom
	rm -f $(RELEASE)/*.whl
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) build/backend/bin/python -m pip wheel --quiet \
		--disable-pip-version-check --no-deps --no-build-isolation --wheel-dir $(RELEASE) .
	cp deploy/requirements/runtime.txt $(RELEASE)/$(PROJECT).requirements.txt
	cd $(RELEASE) && sha256sum $(PROJECT)* > SHA256SUMS

lint-image: $(TOOLS)/.installed
	$(TOOLS)/bin/hadolint Dockerfile deploy/compose/Dockerfile
	$(TOOLS)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml deploy/compose/compose.yml

audit: $(TOOLS)/.installed
	$(TOOLS)/bin/pip-audit --require-hashes --disable-pip --requirement deploy/requirements/runtime.txt

digests:
	@for image in $$(sed -n 's/^ARG PYTHON=//p' Dockerfile) $$(sed -n 's/^    image: \(postgres.*\)/\1/p' docker-compose.yml); do \
		echo "$$image@$$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' $$image)"; \
	done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	rm -rf console/node_modules console/src/generated tests/conformance/node_modules tests/conformance/.venv tests/conformance/build
	find api domain projections tests -name __pycache__ -type d -prune -exec rm -rf {} +
