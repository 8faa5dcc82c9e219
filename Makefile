# The verbs of the house. `make` alone lists them.
# PYTHON names the Python the virtual environment is made from (3.11 or later).

PYTHON ?= python3
VENV := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test fast lint lock trace guards sbom advisories bench demo-reset docs

help: ## List the verbs.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: ## Make the virtual environment and the front-end packages from the lock files.
	@$(PYTHON) setup/install.py

install-dev: ## The same, with what the tests need.
	@$(PYTHON) setup/install.py --dev

run: install ## Run OneLot with its own servers; PORT, DATA_DIR, DEMO_PASSWORD, DATABASE_URL, REDIS_URL.
	@$(VENV) -m mes.run

test: install-dev ## Everything a change must pass; more for pytest in ARGS.
	@$(VENV) setup/gates.py -- $(ARGS)

fast: install-dev ## The tests that need no server: kernel and rules.
	@$(VENV) -m pytest -p tests.setup.fast -q $(ARGS)

lint: install-dev ## The gates that only read: style, types, imports, templates, containers.
	@$(VENV) setup/gates.py lint

lock: ## Make the lock files anew from pyproject.toml and package.json.
	@$(PYTHON) setup/install.py --dev --any-lock
	@$(VENV) setup/lock.py

trace: install-dev ## The validation pack; after make test: make trace ARGS="--results test-results".
	@$(VENV) -m tests.trace $(ARGS)

guards: install-dev ## Take every guard out once and show that its test fails then.
	@$(VENV) -m tests.guards $(ARGS)

sbom: install-dev ## Every component with version, license and hashes: CycloneDX; FILE (var/sbom.cdx.json).
	@$(VENV) setup/sbom.py $(or $(FILE),var/sbom.cdx.json)

advisories: install-dev ## Known weaknesses of the components, where an advisory service can be reached.
	@$(VENV) setup/advisories.py

bench: install-dev ## Measure, each beside its baseline: one JSON object a line.
	@$(VENV) -m tests.bench $(ARGS)

demo-reset: install ## Throw the demo of DATA_DIR away; the next run begins anew.
	@$(VENV) -m mes.run.reset

docs: install-dev ## Make the generated pages of docs/ anew.
	@$(VENV) -m mes.embedded exec -- $(VENV) manage.py write_reference $(ARGS)
