# Stammkunde: `make run` and `make test` are all that a newcomer needs. `make help` lists the rest.
PYTHON ?= python3
WORKSPACE ?= workspace
SIZE ?= S
PART ?= pollution ingest identity identity_twin arrivals batch outreach machines closed_loop value segments

VENV := .venv
READY := $(VENV)/ready
BIN := $(VENV)/bin
BROWSER := .browser
AXE := axe-core-4.14.1
AXE_SHA256 := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

export DO_NOT_TRACK := 1
export STAMMKUNDE_WORKSPACE := $(abspath $(WORKSPACE))

.DEFAULT_GOAL := help
.PHONY: help run test ui docs browser screenshots bench lint format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Stammkunde needs Python 3.11 to 3.13, and {sys.executable} is {v[0]}.{v[1]}. Name another: make run PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once, a few minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

run: $(READY) ## set up, make a demo workspace if there is none, run the whole batch (WORKSPACE=folder)
	@test -d $(WORKSPACE)/landing || $(BIN)/stammkunde demo
	@$(BIN)/stammkunde run

test: $(READY) ## set up, run every test
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

ui: $(READY) ## the Dagster UI on 127.0.0.1:3000
	@$(BIN)/stammkunde ui

docs: $(READY) ## write the pages of docs/ anew from contracts, presets, settings and commands; pair the notebooks
	@$(BIN)/python -m pipelines.documentation
	@$(BIN)/jupytext --quiet --sync notebooks/*.py

browser: $(BROWSER)/axe.min.js ## what the tests of pages need beside Debian's chromium and chromium-driver: axe-core, through npm

$(BROWSER)/axe.min.js:
	@mkdir -p $(BROWSER)
	@npm pack --silent --pack-destination $(BROWSER) $(subst core-,core@,$(AXE)) > /dev/null
	@echo "$(AXE_SHA256)  $(BROWSER)/$(AXE).tgz" | sha256sum --check --quiet
	@tar --extract --gzip --file $(BROWSER)/$(AXE).tgz --directory $(BROWSER) --strip-components 1 package/axe.min.js
	@touch $@

screenshots: $(READY) ## pictures of the workspace's latest report, two widths by day and by night, in .browser/
	@$(BIN)/python -m browser.screenshots $(WORKSPACE) $(BROWSER)

bench: $(READY) ## measure a whole batch (SIZE=S, M or L), ingest, identity, ... (PART=batch, ingest, pollution, identity, identity_twin, arrivals, outreach, machines, value or segments)
	@for part in $(PART); do case $$part in \
		batch) $(BIN)/python -m benchmarks.batch --size $(SIZE) ;; \
		*) $(BIN)/python -m benchmarks.$$part ;; \
	esac || exit 1; done

lint: $(READY) ## ruff, mypy, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(READY) ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(READY) ## pin the dependencies anew, with hashes and without index addresses 
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-strip-extras --quiet --output-file requirements.lock

clean: ## remove the virtual environment and caches, never a workspace
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
