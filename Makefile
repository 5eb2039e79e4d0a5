# The tasks of development. `make help` lists them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help demo test check conformance bench alerts clean
.DEFAULT_GOAL := help

help:
	@echo "make demo         a sample company, on http://127.0.0.1:8000/graphql"
	@echo "make test         the tests"
	@echo "make check        format, lint, types, import contracts, schema snapshot, tests"
	@echo "make conformance  a running server, tested with real clients; needs Node"
	@echo "make bench        the benchmarks"
	@echo "make alerts       the alerts for Prometheus, evaluated by its promtool, which must be installed"
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

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

alerts:
	promtool check rules deploy/observability/alerts.yml
	promtool test rules deploy/observability/alerts.test.yml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	rm -rf tests/conformance/node_modules tests/conformance/.venv tests/conformance/build
	find api domain projections tests -name __pycache__ -type d -prune -exec rm -rf {} +
