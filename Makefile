# Every command sets up what it needs by itself (.venv, from a lock file with hashes); `make` alone lists them.
# ARGS goes to the command: make demo ARGS="--once --json --orders 200"; make test ARGS="tests/verifactu -x"

PYTHON ?= python3
PY := .venv/bin/python
SETUP = $(PYTHON) -I -S scripts/setup.py
NO_SKIPS = $(if $(filter-out 0 false,$(CI)),-p tests.no_skips)
ARGS ?=

.PHONY: help demo up test test-faults check format bench setup clean
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20

demo: ## Two shops' orders become invoices that a stand-in AEAT acknowledges; Ctrl-C ends it
	@$(SETUP) && exec $(PY) manage.py demo $(ARGS)

up: ## Web, workers and simulator in one terminal, on the lasting data under .data
	@$(SETUP) && exec $(PY) manage.py up $(ARGS)

test: ## All tests but the long ones
	@$(SETUP) --dev && exec $(PY) -m pytest -n 2 $(NO_SKIPS) $(ARGS)

test-faults: ## The long ones: processes killed at every step, again and again
	@$(SETUP) --dev && exec $(PY) -m pytest -m faults --timeout 1800 $(NO_SKIPS) $(ARGS)

check: ## Style, import direction, migrations, production settings, types
	@$(SETUP) --dev && exec $(PY) scripts/check.py

format: ## Let ruff put the source in order
	@$(SETUP) --dev && $(PY) -m ruff check --fix-only --quiet . && exec $(PY) -m ruff format .

bench: ## The figures, ours beside others', in one run
	@$(SETUP) --dev && exec $(PY) -m benchmarks $(ARGS)

setup: ## Only .venv, with what tests and checks need
	@exec $(SETUP) --dev

clean: ## Remove .venv and caches; your data in .data stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +
