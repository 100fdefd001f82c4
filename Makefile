# `make` lists the commands. Each command does the set-up that it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EMULATOR := $(VENV)/emulator
EMULATOR_READY := $(EMULATOR)/.ready
STAGE ?= dev
OPERATIONS := $(BIN)/python -m operations --stage $(STAGE)

export DYNAMODB

.DEFAULT_GOAL := help
.PHONY: help run services mail test faults check format bench scale emulator deploy verify diff destroy package

help:
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(READY) ## run the app, its database, inbox and stream on this machine (DYNAMODB=local for DynamoDB Local)
	@exec $(BIN)/python -m local

services: $(READY) ## run the same without the app, for `chalice local --stage local`
	@exec $(BIN)/python -m local services

mail: $(READY) ## show the confirmation mail with sample data while you edit its templates (MAIL_PORT: 8026)
	@exec $(BIN)/python -m local.mail_preview

test: $(READY) ## run the tests, except those that take long
	$(BIN)/python -m pytest -n auto -m "not full"

faults: $(READY) ## play every fault, and write the tables in docs/delivery.md
	FAULTS=write $(BIN)/python -m pytest -n auto --dist worksteal tests/faults

check: $(READY) $(EMULATOR_READY) ## check format, lint and types, and run every test in full, as CI does
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test
	$(BIN)/python -m pytest -n auto -m full
	FAULTS=all $(BIN)/python -m pytest -n auto --dist worksteal tests/faults

bench: $(READY) ## measure, and print a table
	$(BIN)/python -m benchmarks

scale: $(READY) ## calculate what large crowds need, and write the tables in docs/scale.md
	$(BIN)/python -m benchmarks.scale

format: $(READY) ## format the code, and fix what the linter can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

emulator: $(READY) $(EMULATOR_READY) ## run an AWS emulator on this machine, to deploy to without an account
	@exec $(BIN)/python -m local emulator

deploy: $(READY) ## deploy STAGE (dev), or whatever has changed in it, and verify it
	@$(OPERATIONS) deploy

verify: $(READY) ## verify that STAGE works
	@$(OPERATIONS) verify

diff: $(READY) ## say what a deployment of STAGE would change
	@$(OPERATIONS) diff

destroy: $(READY) ## remove STAGE; asks first, and keeps its data unless DELETE_DATA=yes
	@$(OPERATIONS) destroy $(if $(filter yes,$(DELETE_DATA)),--delete-data)

package: $(READY) ## write STAGE as one CloudFormation stack into dist/, for pipelines
	@$(OPERATIONS) package dist/$(STAGE)

$(EMULATOR_READY): $(READY) local/emulator/requirements.txt
	@echo "setting up $(EMULATOR) (once, half a minute)…" >&2
	@$(PYTHON) -m venv $(EMULATOR)
	@$(EMULATOR)/bin/python -m pip install --quiet --disable-pip-version-check -r local/emulator/requirements.txt
	@touch $@

$(READY): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with PYTHON=…" >&2; exit 1; }
	@echo "setting up $(VENV) (once, a minute or two)…" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
