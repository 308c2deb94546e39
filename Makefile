# smartmeter: what a person runs. `make` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := common reader csv_logger influx_bridge relay_controller demo tests
# `make demo SECONDS=30`: bash counts a variable of that name up by itself, so it goes on under another one.
DEMO_SECONDS := $(SECONDS)
unexport SECONDS

.PHONY: help venv demo test check format clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

venv: $(VENV)/ready ## make the virtual environment .venv/ with everything for running and testing

$(VENV)/ready: pyproject.toml scripts/make-venv
	@PYTHON="$(PYTHON)" scripts/make-venv $(VENV) dev
	@touch $@

demo: venv ## everything on this machine with a simulated meter (SECONDS=30: ends by itself)
	@scripts/get-mosquitto
	@exec $(BIN)/python -m demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

test: venv ## set up what the tests need and run them all
	@scripts/get-test-parts
	$(BIN)/python -m pytest $(ARGS)

check: venv ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: venv ## bring the code into the house's format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean: ## remove what was made (never data/ and config.ini)
	rm -rf $(VENV) build run .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
