# The front door for developers and users: `make` lists what there is.
# Needs Python 3.11 or newer, git and make; everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet

.DEFAULT_GOAL := help
.PHONY: help run demo test lint format bench bench-pages soak campaign evaluate browser-test api-test example model lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(VENV)/.installed ## start the service with vigie.toml, or with the built-in defaults
	$(BIN)/vigie run

demo: $(VENV)/.installed ## replay a crisis on a newsroom inside this machine: no network, no configuration
	$(BIN)/vigie demo

test: $(VENV)/.developer ## run the test suite
	$(BIN)/python -m pytest -q --numprocesses 3 --dist loadscope -m "not browser and not alone"
	$(BIN)/python -m pytest -q -m "alone and not browser" $$(grep -l "mark.alone" tests/test_*.py)

lint: $(VENV)/.developer ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.developer ## write the code in its one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.developer ## measure speed on this machine, the page on a million articles; PAGES=20000 crawls for longer
	PAGES=$(PAGES) STORIES="$(STORIES)" ARTICLES=$(ARTICLES) ARCHIVE="$(ARCHIVE)" $(BIN)/python -m tests.bench

bench-pages: $(VENV)/.developer ## of it, the page only; ARTICLES=100000 for less, ARCHIVE=folder keeps it elsewhere
	ARTICLES=$(ARTICLES) ARCHIVE="$(ARCHIVE)" REQUESTS=$(REQUESTS) ONLY="$(ONLY)" $(BIN)/python -m tests.bench_pages

soak: $(VENV)/.developer ## replay a day of 85 sources at sixty times the speed (24 minutes; HOURS=2 for less)
	$(BIN)/python -m tests.soak $(HOURS)

campaign: $(VENV)/.developer ## kill and fault the real service, hours of it; ONLY=A1,C2 SCALE=0.1 SEED=7 for less
	$(BIN)/python -m tests.campaign.run $(if $(ONLY),--only $(ONLY)) $(if $(SCALE),--scale $(SCALE)) $(if $(SEED),--seed $(SEED))

evaluate: $(VENV)/.developer ## score detection and extraction on known texts, with floors they may not sink below
	$(BIN)/python -m tests.evaluate

browser-test: $(VENV)/.browser ## drive the page, and pages that need scripts, in headless Chromium (Debian: chromium)
	$(BIN)/python -m pytest -q -m browser tests

api-test: $(VENV)/.developer ## hold a running server to its OpenAPI with schemathesis; EXAMPLES=1000 for longer
	$(BIN)/python -m tests.api_contract $(EXAMPLES)

example: $(VENV)/.installed ## write vigie.example.toml anew
	cp vigie/example.toml vigie.example.toml

model: $(VENV)/.developer ## train detection's second path anew on the labelled texts
	$(BIN)/pip install -q --disable-pip-version-check -e ".[training]"
	$(BIN)/python -m tests.train_paraphrase tests/data/detection_articles.jsonl tests/data/detection_sentences.jsonl tests/data/detection_tune.jsonl

lock: ## renew the lock files from pyproject.toml (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements-dev.lock

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked dependencies into $(VENV) (about a minute, once)…"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.developer: requirements-dev.lock $(VENV)/.installed
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.browser: $(VENV)/.developer
	@$(PIP) install 'scrapy-playwright>=0.0.48,<0.1' 'playwright>=1.65,<2' 'axe-playwright-python>=0.1.8,<0.2'
	@touch $@
