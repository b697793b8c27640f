# The verbs of the project, for people and for CI. They need git, make and Python >= 3.11; what else
# they need they install into $(VENV) by themselves.
#
#   make test ARGS='-k upload'      arguments for pytest
#   make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
SCHEDULES ?= 1000

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
OPERATIONS := .cache/operations
DEMO := $(VENV)/.installed-demo
WEB := $(VENV)/.installed-web
DEV := $(VENV)/.installed-dev
# Modules with public names, whose docstrings are complete.
DOCUMENTED := $(addprefix src/anaplan_sdk/,_async/client.py _async/api auth models config.py \
  exceptions.py progress.py regions.py testing.py) src/anaplan_emulator/emulator.py
MUTANTS := $(VENV)/.installed-mutants

.DEFAULT_GOAL := help
.PHONY: help demo web test soak mutants coverage benchmarks lint types mirror check format data picture clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO) ## run the main job on real data against the emulator
	@$(BIN)/python examples/demo.py

web: $(WEB) ## run a web application that signs in with OAuth against the emulator
	@$(BIN)/python examples/fastapi_app $(ARGS)

test: $(DEV) ## run all tests; about five minutes on two cores
	@echo "Running all tests: about five minutes on two idle cores"
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

soak: $(DEV) ## meet transfers with random faults, as often as SCHEDULES says; takes an hour
	@ANAPLAN_SOAK=$(SCHEDULES) $(BIN)/python -m pytest -n auto tests/faults tests/clients -k faults $(ARGS)

mutants: $(MUTANTS) ## run tests against 150 changed copies of the code; takes half an hour
	@$(BIN)/python tools/mutants.py $(ARGS)

coverage: $(DEV) ## make the table of operations, methods and tests from a run of the tests
	@rm -rf $(OPERATIONS)
	@$(BIN)/python -m pytest -n auto --operations=$(OPERATIONS) $(ARGS)
	@$(BIN)/python tools/operations.py $(OPERATIONS)

benchmarks: | $(BIN)/python ## measure the SDK beside the published release; takes ten minutes
	@$(BIN)/python benchmarks $(ARGS)

lint: $(DEV) ## look for mistakes, bad style and imports that go up
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pydoclint $(DOCUMENTED)
	@$(BIN)/lint-imports --no-logo

types: $(DEV) ## check the types
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

mirror: $(DEV) ## make the sync tree from the async one
	@$(BIN)/python tools/mirror.py

check: lint types ## lint, types, and whether what is generated is up to date
	@$(BIN)/python tools/mirror.py --check
	@$(BIN)/python tools/derive_flights.py --check

format: $(DEV) ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

data: $(DEV) ## derive the sample data anew
	@$(BIN)/python tools/derive_flights.py

picture: $(DEV) ## draw what the demo prints anew
	@$(BIN)/python tools/picture.py

clean: ## remove what the other verbs made
	@rm -rf $(VENV) .venv-newest .cache .*_cache dist
	@find src tests tools examples benchmarks -type d -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) lacks venv: install it (Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "Setting up $(VENV)..."
	@$(PYTHON) -m venv $(VENV)

# The demo needs little, so that it starts soon.
$(DEMO): pyproject.toml | $(BIN)/python
	@$(PIP) install --editable '.[cert,emulator]'
	@touch $@

# Dependency groups need pip 25.1.
$(WEB): pyproject.toml | $(BIN)/python
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable . --group web
	@touch $(DEMO) $@

$(DEV): pyproject.toml | $(BIN)/python
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable . --group dev
	@touch $(DEMO) $(WEB) $@

$(MUTANTS): $(DEV)
	@$(PIP) install --group mutants
	@touch $@
