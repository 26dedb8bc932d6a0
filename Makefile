# Everything runs from .venv; it is made, and made again when the lock file changes, by whatever target needs it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready-to-run
DEV_READY := $(VENV)/.ready-to-develop

MAKE_VENV = test -x $(BIN)/python || { \
  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
    { echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }; \
  $(PYTHON) -m venv $(VENV) || \
    { echo "the venv module is missing; on Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }; }

.DEFAULT_GOAL := help
.PHONY: help demo run scan test test-fast check format lock bench screenshots snapshots catalogue clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(RUN_READY) ## open the terminal app on a host that does not exist
	@$(BIN)/python -m workbench --demo

run: $(RUN_READY) ## open the terminal app on this machine
	@$(BIN)/python -m workbench

scan: $(RUN_READY) ## print the text report of this machine
	@$(BIN)/python -m workbench --headless --fail-on never

test: $(DEV_READY) ## run every test this machine can run
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m "not live"
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m live

test-fast: $(DEV_READY) ## run the tests that ask nothing of the real system
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m "not live"

check: $(DEV_READY) ## lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

format: $(DEV_READY) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(DEV_READY) ## resolve the dependencies again and write the lock files
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --upgrade --extra source -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --upgrade --extra dev -o requirements-dev.lock pyproject.toml

bench: $(DEV_READY) ## measure the scan, the inventory, the services and the recognition of secrets
	$(BIN)/python scripts/bench.py
	$(BIN)/python scripts/bench_inventory.py
	$(BIN)/python scripts/bench_services.py
	$(BIN)/python scripts/bench_secrets.py
	$(BIN)/python scripts/bench_tui.py
	$(BIN)/python scripts/bench_watching.py

screenshots: $(DEV_READY) ## draw the README's pictures again, from a staged host
	$(BIN)/python scripts/screenshots.py

snapshots: $(DEV_READY) ## write the text of every screen again, for the tests to compare; look at what changed
	$(BIN)/python scripts/snapshots.py

catalogue: $(DEV_READY) ## write the lists of checks and fixes, the JSON schemas and the demo, again
	$(BIN)/python scripts/catalogue.py
	$(BIN)/python scripts/schema.py
	$(BIN)/python scripts/demo.py

clean: ## remove what make made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

$(RUN_READY): requirements.lock pyproject.toml
	@$(MAKE_VENV)
	@echo "setting up $(VENV) (once; needs the network)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(DEV_READY): requirements-dev.lock pyproject.toml
	@$(MAKE_VENV)
	@echo "setting up $(VENV) for development (once; needs the network)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@ $(RUN_READY)
