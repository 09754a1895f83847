# Needs nothing but make and Python 3.11 or newer. Variables given to make reach the program: make run DCMS_PORT=8123

SHELL := /bin/sh
BIN := .venv/bin
UV := uv==0.13.9
PYTHON = $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$python; break; }; done)
SHA256 = $(shell command -v sha256sum || echo shasum -a 256)

.DEFAULT_GOAL := help
.PHONY: help run test fuzz faults bench growth migrate rollback migration checksums lint format check audit openapi clients psql lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.stamp ## Start the demo: database, sample data, API and worker
	@exec $(BIN)/dcms demo

test: export DCMS_TEST_PG := $(or $(PG),$(DCMS_TEST_PG))
test: .venv/.stamp ## Run the tests; PG=system on the machine's own PostgreSQL, ARGS="tests/patients -k search" only some
	$(BIN)/pytest -n $(or $(JOBS),2) --dist loadfile $(ARGS)

fuzz: .venv/.stamp ## Send generated requests as each role; EXAMPLES=500 for a long run, ARGS="--role patient" for one role
	@$(BIN)/python -m tests.fuzz.run --examples $(or $(EXAMPLES),20) $(ARGS)

faults: export DCMS_FAULT_ATTEMPTS := $(or $(ATTEMPTS),$(DCMS_FAULT_ATTEMPTS),10000)
faults: export DCMS_FAULT_CLIENTS := $(or $(DCMS_FAULT_CLIENTS),64)
faults: export DCMS_FAULT_DATABASE_KILLS := $(or $(DCMS_FAULT_DATABASE_KILLS),20)
faults: export DCMS_FAULT_SERVER_KILLS := $(or $(DCMS_FAULT_SERVER_KILLS),50)
faults: export DCMS_FAULT_SECONDS := $(or $(DCMS_FAULT_SECONDS),30)
faults: export DCMS_FAULT_OVERLOAD_SECONDS := $(or $(DCMS_FAULT_OVERLOAD_SECONDS),60)
faults: .venv/.stamp ## Kill, cut, slow and overload it, for long; ATTEMPTS=100000 for the longest, ARGS="-k overload" for one part
	$(BIN)/pytest tests/faults -s -m '' $(ARGS)

bench growth: export DCMS_BENCH_PG := $(or $(PG),$(DCMS_BENCH_PG))
bench: .venv/.bench-stamp ## Measure against pgbench, asyncpg and FastAPI; CASE=patient SIZE=100000 ROUNDS=9 SECONDS=10 JSON=file
	@$(BIN)/python -m bench $(foreach case,$(CASE),--case $(case)) $(if $(SIZE),--size $(SIZE)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	$(if $(SECONDS),--seconds $(SECONDS)) $(if $(REQUESTS),--requests $(REQUESTS)) $(if $(CONNECTIONS),--connections $(CONNECTIONS)) $(if $(JSON),--json $(JSON)) $(ARGS)

growth: .venv/.stamp ## Count the pages that hot statements touch as a clinic grows; SIZES="10000 1000000 10000000"
	@$(BIN)/python -m bench.growth $(if $(SIZES),--sizes $(SIZES)) $(if $(JSON),--json $(JSON)) $(ARGS)

migrate: .venv/.stamp ## Bring the database in DCMS_OWNER_DATABASE_URL up to date
	@$(BIN)/dcms migrate

rollback: .venv/.stamp ## Take the newest migration back
	@$(BIN)/dcms rollback

migration: ## Begin a migration: make migration name=invoices
	@test -n '$(name)' || { echo 'say how it is called: make migration name=invoices' >&2; exit 1; }
	@last=$$(ls migrations | sed -n 's/^0*\([0-9][0-9]*\)\..*\.sql$$/\1/p' | sort -n | tail -n 1); \
	path=migrations/$$(printf '%04d' $$(($${last:-0} + 1))).$(name); \
	echo '-- Why and what, in a sentence.' >$$path.sql; \
	echo '-- Undoes all of it.' >$$path.rollback.sql; \
	echo "$$path.sql $$path.rollback.sql"

checksums: ## Seal new migrations; FORCE=1 seals edited ones again, for those that never landed
	@cd migrations && touch checksums.txt && \
	if [ -n '$(FORCE)' ]; then : >checksums.txt; fi; \
	for file in *.sql; do grep -q "  $$file\$$" checksums.txt || $(SHA256) "$$file" >>checksums.txt; done; \
	$(SHA256) --check --status checksums.txt || { $(SHA256) --check checksums.txt 2>/dev/null | grep -v ': OK$$'; \
	echo 'a landed migration was edited: write a new one instead' >&2; exit 1; }

lint: .venv/.stamp ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/.stamp ## Set the code in the house style
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

check: lint audit ## Lint, and look up known holes in what we depend on

audit: .venv/.stamp
	@$(BIN)/python .ci/audit.py $(ARGS)

openapi: .venv/.stamp ## Print the OpenAPI document
	@$(BIN)/dcms openapi

clients: .venv/.stamp ## Make a Python and a TypeScript client from it in build/clients, and check their types
	@mkdir -p build/clients
	$(BIN)/dcms openapi >build/clients/openapi.json
	@$(MAKE) --no-print-directory build/clients/.venv/.stamp
	PATH="$(CURDIR)/build/clients/.venv/bin:$$PATH" openapi-python-client generate --path build/clients/openapi.json \
	--config clients/python/generator.yml --output-path build/clients/python --overwrite
	MYPYPATH=build/clients/python $(BIN)/mypy --config-file= --strict --cache-dir build/clients/.mypy_cache \
	--python-executable build/clients/.venv/bin/python clients/python/book.py build/clients/python/dcms_client
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory clients-typescript; \
	else echo 'npm is not installed: no TypeScript client was made'; fi

.PHONY: clients-typescript
clients-typescript:
	@mkdir -p build/clients/typescript
	cp clients/typescript/* build/clients/typescript
	cd build/clients/typescript && npm ci --loglevel=error --no-audit --no-fund && \
	node_modules/.bin/openapi-typescript ../openapi.json --default-non-nullable false --output schema.d.ts && \
	node_modules/.bin/tsc

build/clients/.venv/.stamp: requirements-clients.lock
	$(PYTHON) -m venv --clear build/clients/.venv
	build/clients/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-clients.lock
	@touch $@

psql: .venv/.stamp ## Open the database of DATABASE_URL, or the running demo's
	@url=$${DATABASE_URL:-$$($(BIN)/python -c 'import pathlib, sys, dcms.database.cluster as c; \
	print(c.Cluster(pathlib.Path(sys.argv[1])).url("dcms"))' $(or $(DCMS_DATA_DIR),.dcms)/postgres)}; \
	exec $$(command -v psql || $(BIN)/python -c 'import dcms.database.cluster as c; print(c.embedded_bin_dir() / "psql")') "$$url"

COMPILE = $(BIN)/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(ARGS)
lock: .venv/.stamp ## Pin what pyproject.toml asks for; ARGS=--upgrade takes newer versions
	$(BIN)/pip install --quiet --disable-pip-version-check $(UV)
	$(COMPILE) --extra embedded --extra traces --extra dev --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --extra traces --output-file requirements-runtime.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --extra embedded --extra bench --output-file requirements-bench.lock pyproject.toml
	echo setuptools | $(COMPILE) --constraint requirements.lock --output-file requirements-build.lock -
	$(COMPILE) --group clients --output-file requirements-clients.lock

.venv/.bench-stamp: .venv/.stamp requirements-bench.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

.venv/.stamp: requirements.lock pyproject.toml setup.py
	@test -n '$(PYTHON)' || { echo 'dcms needs Python 3.11 or newer with its venv module (Debian: python3-venv);' \
	'if it is in an unusual place: make PYTHON=/path/to/python3' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

clean: ## Stop the demo's and the tests' databases and remove all that was made, the demo's data too
	@test -z '$(PYTHON)' || '$(PYTHON)' -P dcms/database/cluster.py .dcms/postgres $(wildcard .dcms/bench-*/postgres .dcms/growth-*/postgres) \
	$(foreach folder,/dev/shm /tmp,$(wildcard $(folder)/dcms-tests-$(shell id -u)-*)) $(DCMS_TEST_DIR)
	rm -rf .venv .dcms build dist dcms.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
