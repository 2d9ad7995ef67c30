# Everything runs in .venv, which is made from the lock files on first use. Needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
WORKERS ?= 2

.PHONY: help demo test soak bench lint format lock clean
help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

.venv/made: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else "Planward needs Python 3.11 or newer; this is %d.%d. Set PYTHON=/path/to/python3.11" % v[:2])'
	@$(PYTHON) -m venv .venv || { echo "Python cannot make a virtual environment here; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing Planward into .venv ..." >&2
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/made-tests: .venv/made tests/requirements.lock
	@echo "Installing what the tests need into .venv ..." >&2
	@$(PIP) install --quiet --require-hashes -r tests/requirements.lock
	@touch $@

demo: .venv/made-tests ## whole projects on a stand-in Jira, GitHub and calendar: pull, hold against the plan, measure, write back
	@$(BIN)/python -m tests.sandbox.demo

test: .venv/made-tests lint ## all tests with small counts
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: .venv/made-tests ## style, types, layout
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/made-tests ## rewrite in house style
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

soak: .venv/made-tests ## the full counts and the deliberate faults: hours
	@PLANWARD_SOAK=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
	@$(BIN)/python -m tests.mutants

bench: .venv/made-tests ## speed and memory
	@$(BIN)/python -m tests.bench

lock: ## resolve the lock files anew (needs uv in .venv)
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--all-extras --group build --output-file requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--all-extras --group build --group test --constraint requirements.lock --output-file tests/requirements.lock pyproject.toml

clean: ## remove what was made
	@rm -rf .venv dist build demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
