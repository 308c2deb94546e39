# smartmeter: what a person runs. `make` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `make demo SECONDS=30`: bash counts a variable of that name up by itself, so it goes on under another one.
DEMO_SECONDS := $(SECONDS)
unexport SECONDS
# Words of a person: scripts get them as they are, by `value`, and no command that stands in one is run.
unexport NAME ROLE HOST BROKER ARCH VERSION
# Told before anything is built: digits, at most one dot, not only zeros.
ifneq ($(and $(filter demo chaos,$(MAKECMDGOALS)),$(DEMO_SECONDS)),)
ifneq ($(shell case '$(subst ','\'',$(DEMO_SECONDS))' in (*[!0-9.]*|*.*.*) ;; (*[1-9]*) echo good ;; esac),good)
$(error SECONDS: expected a number above 0, got "$(DEMO_SECONDS)")
endif
endif

ifneq ($(filter test-gpio,$(MAKECMDGOALS)),)
ifneq ($(shell case '$(subst ','\'',$(PIN))' in ([0-9]|1[0-9]|2[0-7]) echo good ;; esac),good)
$(error PIN: expected a BCM pin number, 0 to 27, got "$(PIN)")
endif
endif

.PHONY: help venv demo www doctor devices install uninstall user remove-user certificates test test-gpio test-arm test-homeassistant check format chaos cluster fuzz mutations peers bench dashboards clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 28

venv: $(VENV)/ready ## make the virtual environment .venv/ with everything for running and testing

$(VENV)/ready: pyproject.toml scripts/make-venv
	@PYTHON="$(PYTHON)" scripts/make-venv $(VENV) dev

demo: venv ## everything on this machine with a simulated meter (SECONDS=30: ends by itself)
	@scripts/get-mosquitto
	@exec $(BIN)/python -m demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

www: ## build the live page, one file: build/www/index.html (needs npm)
	@PYTHON="$(PYTHON)" scripts/make-www

install: ## install on this machine with systemd, or bring it up to date (BROKER=no: leave this machine's Mosquitto alone)
	@scripts/install $(if $(value BROKER),--broker '$(subst ','\'',$(value BROKER))')

uninstall: ## take that off again; settings and data stay
	@scripts/uninstall

user: ## let a person or device log in to the broker (NAME=homeassistant ROLE=home, viewer or relay)
	@scripts/broker-access user '$(subst ','\'',$(value NAME))' '$(subst ','\'',$(value ROLE))'

remove-user: ## and no longer (NAME=homeassistant)
	@scripts/broker-access remove-user '$(subst ','\'',$(value NAME))'

certificates: ## make or renew what the broker needs for TLS (HOST=name: by which others reach it, if not by this machine's)
	@scripts/broker-access certificates $(foreach host,$(value HOST),'$(subst ','\'',$(host))')

doctor: ## say what is wrong with smartmeter on this machine, and what mends it (ARGS=--json)
	@export PYTHONDONTWRITEBYTECODE=1; [ ! -x $(BIN)/python ] || exec $(BIN)/python -m doctor $(ARGS); exec $(PYTHON) -m doctor $(ARGS)

devices: ## write into .env which port and pins of this machine docker compose uses
	@scripts/devices

test: venv ## set up what the tests need and run them all
	@scripts/get-test-parts
	@scripts/get-home-assistant || true
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

test-gpio: venv ## the tests of the GPIO driver on a pin of this Raspberry Pi, which they switch (PIN=17, its BCM number)
	@TEST_GPIO_PIN=$(PIN) $(BIN)/python -m tests.test_gpio

test-arm: ## build the image for a Raspberry Pi and run the unit tests in it, under qemu (ARCH=armhf or arm64)
	@scripts/test-arm '$(subst ','\'',$(value ARCH))' $(ARGS)

test-homeassistant: venv ## what Home Assistant makes of meter and loads, in each version that can be had here (VERSION=2026.2.3: one)
	@scripts/get-mosquitto
	@scripts/get-home-assistant $(if $(value VERSION),'$(subst ','\'',$(value VERSION))',$$(scripts/get-home-assistant --known)) || true
	@HOME_ASSISTANT='$(or $(subst ','\'',$(value VERSION)),all)' $(BIN)/python -m pytest tests/homeassistant $(ARGS)

check: venv ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: venv ## bring the code into the house's format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

chaos: venv ## kill, pull, fill and cut off everything for 2 minutes: nothing may be lost (SECONDS=60 SEED=7 SEEDS=20 POWER_CUT=1)
	@scripts/get-test-parts
	@$(BIN)/python -m tests.chaos --seconds $(or $(DEMO_SECONDS),120) --seed $(or $(SEED),1) --seeds $(or $(SEEDS),1) \
	    $(if $(POWER_CUT),--power-cut)

cluster: venv ## houses at three RabbitMQ nodes, of which one dies, for 4 minutes: nothing may be lost or doubled (needs Docker)
	@$(BIN)/python -m tests.cluster

fuzz: venv ## bytes that search for a crash in the cores, 60 s (SECONDS=600: longer; crashes stay under build/fuzz)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || scripts/make-venv $(VENV) fuzz >/dev/null 2>&1 || \
	    { echo "fuzzing needs the package atheris, which cannot be installed here" >&2; exit 1; }
	@$(BIN)/python -m tests.fuzz --seconds $(or $(DEMO_SECONDS),60)

mutations: venv ## count what the checksum lets through of a million changed telegrams (COUNT=10000: fewer)
	@$(BIN)/python -m tests.fuzz.mutations --count $(or $(COUNT),1000000)

peers: venv ## compare our decode with dsmr_parser's (DIR=folder: of more telegrams)
	@$(BIN)/python -c 'import dsmr_parser' 2>/dev/null || scripts/make-venv $(VENV) peers
	@$(BIN)/python -m tests.peers $(DIR)

bench: venv ## measure on this machine, as a table, kept in benchmarks/RESULTS.md (ARGS="decode latency": these; ARGS=--json)
	@scripts/get-test-parts $(if $(findstring --json,$(ARGS)),>&2)
	@$(BIN)/python -c 'import dsmr_parser' 2>/dev/null || scripts/make-venv $(VENV) peers >/dev/null 2>&1 || true
	@$(BIN)/python -m benchmarks $(ARGS)

dashboards: ## make Grafana's dashboards anew (docs/grafana/dashboards)
	@$(PYTHON) -m scripts.dashboards

clean: ## remove what was made (never data/ and config.ini)
	rm -rf $(VENV) build run .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
