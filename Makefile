# The make targets of the project, for people and for CI. They need git, make and Python >= 3.11;
# everything else is installed into $(VENV).
#
#   make test ARGS='-k upload'      arguments for pytest
#   make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
# Processes that run tests: two for each core, since tests often wait.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
SCHEDULES ?= 1000

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
OPERATIONS := .cache/operations
DEMO := $(VENV)/.installed-demo
WEB := $(VENV)/.installed-web
DEV := $(VENV)/.installed-dev
# Modules with public names, whose docstrings are complete.
DOCUMENTED := $(addprefix src/anaplan_sdk/,_async/client.py _async/api auth models config.py \
  exceptions.py progress.py regions.py testing.py) src/anaplan_emulator/emulator.py \
  src/anaplan_emulator/tenant_builder \
  $(wildcard integrations/*/src)
MUTANTS := $(VENV)/.installed-mutants
# Each has an environment of its own, and pytest's and mypy's options in its pyproject.toml.
INTEGRATIONS := spark airflow dlt recipes
ENVIRONMENTS := .cache/integrations

.DEFAULT_GOAL := help
.PHONY: help demo web test published interchange integrations soak mutants coverage benchmarks lint types mirror check format data picture reference clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO) ## run the main job on real data against the emulator
	@$(BIN)/anaplan demo

web: $(WEB) ## run a web application that signs in with OAuth against the emulator
	@$(BIN)/python examples/fastapi_app $(ARGS)

test: $(DEV) ## run all tests, about eleven minutes on two cores
	@echo "Running all tests: about eleven minutes on two idle cores"
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

published: $(DEV) ## let six published clients do the main job on the emulator
	@$(BIN)/python tests/published/environments.py
	@$(BIN)/python -m pytest -n $(WORKERS) tests/published $(ARGS)

interchange: $(DEV) ## move tables of polars, pandas, duckdb and pyarrow, oldest and newest versions
	@$(BIN)/python -m tests.interchange.environments
	@$(BIN)/python -m pytest -n $(WORKERS) tests/interchange $(ARGS)

integrations: $(INTEGRATIONS:%=integration-%) ## check and test the integrations, each in its environment

integration-%: $(ENVIRONMENTS)/%/.installed
	@echo "Testing integrations/$*"
	@cd integrations/$* && $(if $(wildcard integrations/$*/src),$(CURDIR)/$(ENVIRONMENTS)/$*/bin/python -m mypy,true)
	@cd integrations/$* && $(CURDIR)/$(ENVIRONMENTS)/$*/bin/python -m pytest $(ARGS)

soak: $(DEV) ## run transfers with thousands of random faults; takes an hour
	@ANAPLAN_SOAK=$(SCHEDULES) $(BIN)/python -m pytest -n $(WORKERS) tests/faults tests/clients -k faults $(ARGS)

mutants: $(MUTANTS) ## run a fixed sample of mutation tests over the modules that decide; takes half an hour
	@$(BIN)/python tools/mutants.py $(ARGS)

coverage: $(DEV) ## generate the table of operations, methods and tests from a test run
	@rm -rf $(OPERATIONS)
	@$(BIN)/python -m pytest -n $(WORKERS) --operations=$(OPERATIONS) $(ARGS)
	@$(BIN)/python tools/operations.py $(OPERATIONS)

benchmarks: | $(BIN)/python ## compare the SDK with the published release; takes a quarter of an hour
	@$(BIN)/python benchmarks $(ARGS)

lint: $(DEV) ## ruff, docstrings and import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pydoclint $(DOCUMENTED)
	@$(BIN)/lint-imports --no-logo

types: $(DEV) ## mypy, and pyright on the SDK
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

mirror: $(DEV) ## generate the sync tree from the async one
	@$(BIN)/python tools/mirror.py

check: lint types ## lint, types, and whether the sync tree and the sample data are up to date
	@$(BIN)/python tools/mirror.py --check
	@$(BIN)/python tools/derive_flights.py --check

format: $(DEV) ## format the code and apply automatic fixes
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

data: $(DEV) ## derive the sample data
	@$(BIN)/python tools/derive_flights.py

picture: $(DEV) ## draw the output of the demo, and a nightly load as a trace
	@$(BIN)/python tools/picture.py
	@$(BIN)/python tools/trace_picture.py

reference: $(DEV) ## generate the reference of the command
	@$(BIN)/python tools/command_reference.py
	@$(BIN)/python tools/tenant_reference.py

clean: ## remove everything the other targets created
	@rm -rf $(VENV) .venv-newest .cache .*_cache dist
	@find src tests tools examples benchmarks -type d -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) lacks venv: install it (Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "Setting up $(VENV)..."
	@$(PYTHON) -m venv $(VENV)

# The demo installs only what it needs, so that it starts soon.
$(DEMO): pyproject.toml | $(BIN)/python
	@echo "Installing the SDK and the emulator into $(VENV): about a minute..."
	@$(PIP) install --editable '.[cli,emulator,tables]'
	@touch $@

# Dependency groups need pip 25.1.
$(WEB): pyproject.toml | $(BIN)/python
	@echo "Installing what the web application needs into $(VENV): about a minute..."
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable . --group web
	@touch $(DEMO) $@

$(DEV): pyproject.toml | $(BIN)/python
	@echo "Installing the tools for tests and checks into $(VENV): a few minutes..."
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable . --group dev
	@touch $(DEMO) $(WEB) $@

$(INTEGRATIONS:%=$(ENVIRONMENTS)/%/.installed): $(ENVIRONMENTS)/%/.installed: \
  pyproject.toml integrations/%/pyproject.toml | $(BIN)/python
	@echo "Installing what integrations/$* needs into $(ENVIRONMENTS)/$*: about a minute..."
	@$(BIN)/python -m venv $(ENVIRONMENTS)/$*
	@$(ENVIRONMENTS)/$*/bin/python -m pip --quiet install --upgrade 'pip>=25.1'
	@$(ENVIRONMENTS)/$*/bin/python -m pip --disable-pip-version-check --quiet install --editable . \
	  $(if $(wildcard integrations/$*/src),--editable integrations/$*) --group integrations/$*/pyproject.toml:dev
	@touch $@

$(MUTANTS): $(DEV)
	@echo "Installing what mutation tests need into $(VENV)..."
	@$(PIP) install --group mutants
	@touch $@
