# What a fresh checkout can do with nothing but python3 and make.  `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test test-servers test-postgresql test-crashes lint bench assets lock

PYTHON ?= python3
bin := .venv/bin
install := $(bin)/python -m pip install --quiet --disable-pip-version-check --no-input

help:
	@echo "make setup         .venv/ with what Seogo needs to run; the command is $(bin)/seogo"
	@echo "make demo          a sample transfer, bags, and the portal on this machine (ARGS='--port 8000')"
	@echo "make test          the tests, on the embedded installation"
	@echo "make test-servers  the tests on PostgreSQL, Elasticsearch, two S3 servers and clamd, started for them"
	@echo "make test-postgresql  what asks a database, on PostgreSQL, started for it: as long as make test"
	@echo "make test-crashes  five hundred faults by lot, and kills at every kind of step: about two hours (FAULTS=500, SEED=…)"
	@echo "make lint          style, types and import contracts"
	@echo "make bench         the benchmarks"
	@echo "make assets        the portal's scripts, styles and fonts, from the npm registry"
	@echo "make lock          the two lock files, from pyproject.toml"

setup: .venv/.run

setup-dev: .venv/.dev

.venv/.python:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here.  Install Python 3.11 or newer, or name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Seogo needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1).  Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment.  On Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

.venv/.run: requirements.lock pyproject.toml | .venv/.python
	@echo "Installing what Seogo needs to run into .venv/"
	@$(install) --no-deps --require-hashes -r requirements.lock
	@$(install) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	@echo "Installing what the tests need into .venv/"
	@$(install) --no-deps --no-build-isolation --require-hashes -r requirements-dev.lock
	@touch $@

demo: .venv/.run
	@$(bin)/seogo demo $(ARGS)

# Tests that need a server are left out here and run by `make test-servers`; pytest's summary comes last.
test: .venv/.dev
	@[ -d "$${SEOGO_CORPUS:-../shared/corpus}" ] || echo "No corpus at $${SEOGO_CORPUS:-../shared/corpus}: tests on real files are left out.  Name one with SEOGO_CORPUS."
	@$(bin)/python -m pytest -m "not servers" $(ARGS)

# What needs a server by itself, and every flow, those marked `flow` too, once more on the production stack.
test-servers: .venv/.dev
	@SEOGO_TEST_STACK=production tests/servers/with $(bin)/python -m pytest -m servers $(ARGS)

# Everything that asks a database, once more on PostgreSQL: nightly, for it takes as long as `make test`.
test-postgresql: .venv/.dev
	@SEOGO_TEST_STACK=postgresql tests/servers/with $(bin)/python -m pytest -m "not servers and not browser" tests/access tests/archive tests/ingest tests/preservation $(ARGS)

# The nightly form of tests/crashes; `make test` and `make test-servers` try a small sample of the same faults.
FAULTS ?= 500
test-crashes: .venv/.dev
	@SEOGO_FAULTS=$(FAULTS) $(if $(SEED),SEOGO_SEED=$(SEED)) tests/servers/with $(bin)/python -m pytest tests/crashes --timeout 900 $(ARGS)

lint: .venv/.dev
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@$(bin)/lint-imports

bench: .venv/.run
	@for claim in ingest growth identification peers spine; do $(bin)/python -m benchmarks.$$claim; done

assets: .venv/.dev
	@$(bin)/python -m access.assets.build

# No registry is named: uv takes the one this machine is set up for.
lock: .venv/.run
	@$(install) uv
	@for dev in "" -dev; do \
	  $(bin)/uv pip compile --quiet pyproject.toml --group build $${dev:+--group dev --constraint requirements.lock} \
	    --python-version 3.11 --universal --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" $(ARGS) --output-file requirements$$dev.lock; \
	done
