# `make` lists the commands. Each does the set-up that it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export DYNAMODB

.DEFAULT_GOAL := help
.PHONY: help run services test faults check format bench

help:
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(READY) ## run the app, its database, inbox and stream on this machine (DYNAMODB=local: DynamoDB Local)
	@exec $(BIN)/python -m local

services: $(READY) ## the same without the app, for `chalice local --stage local`
	@exec $(BIN)/python -m local services

test: $(READY) ## every test that this machine can run
	$(BIN)/python -m pytest -n auto

faults: $(READY) ## every fault there is, and the tables in docs/delivery.md
	FAULTS=all $(BIN)/python -m pytest -n 4 --dist worksteal tests/faults

check: $(READY) ## format, lint, types, then the tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

bench: $(READY) ## measure, and print a table
	$(BIN)/python -m benchmarks

format: $(READY) ## format the code, and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(READY): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with PYTHON=…" >&2; exit 1; }
	@echo "setting up $(VENV) (once, a minute or two)…" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
