# `make run` and `make test` need python3 (3.11 or newer) and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test clients axe screenshots lint release-check sbom lock format bench bench-quick growth faults mutants clean

run: .venv/embedded var/static/staticfiles.json
	@$(BIN)/python manage.py serve --embedded

# Pages load hashed and compressed files from there.
var/static/staticfiles.json: .venv/embedded $(shell find $(filter-out var/static,$(wildcard */static)) speechsite/theme -type f)
	@echo "Compressing the static files of the pages"
	-@$(BIN)/python manage.py collectstatic --noinput -v0 -i rest_framework -i 'redoc*'

# All of them in several processes; make test ARGS=path::test in one.
test: .venv/dev
	$(BIN)/python -m pytest $(ARGS)

# Client libraries against the gateway. One that cannot be installed here is skipped.
CLIENTS := speech/tests/clients
clients: .venv/dev
	-@$(MAKE) -k -j3 .venv/clients-openai3/installed .venv/clients-openai2/installed .venv/clients-voice/installed \
		$(CLIENTS)/node/node_modules
	$(BIN)/python -m pytest -n0 $(CLIENTS) $(ARGS)

.venv/clients-%/installed: $(CLIENTS)/requirements-%.txt
	$(BIN)/uv venv -q --allow-existing --python $(BIN)/python $(@D)
	$(BIN)/uv pip install -q --system-certs --python $(@D)/bin/python -r $<
	@touch $@

$(CLIENTS)/node/node_modules: $(CLIENTS)/node/package-lock.json
	npm ci --no-audit --no-fund --silent --prefix $(@D)
	@touch $@

# What finds faults of accessibility; the browser tests that need it are skipped without.
axe: .ci/axe/node_modules
.ci/axe/node_modules: .ci/axe/package-lock.json
	npm ci --no-audit --no-fund --silent --prefix $(@D)
	@touch $@

# Pictures of every page, in docs/images/screens; make screenshots ARGS="dashboard requests" for some.
screenshots: .venv/dev var/static/staticfiles.json
	@DJANGO_SETTINGS_MODULE=speechsite.settings $(BIN)/python -m speechsite.tests.screens $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/bandit -q -c pyproject.toml -r caching speech speechsite manage.py
	$(BIN)/python .ci/audit.py $(AUDIT)

# Before a release: like lint, but vulnerabilities must have been looked up. Writes sbom.cdx.json.
release-check: AUDIT = --release
release-check: lint sbom

# Software bill of materials (CycloneDX) of what the gateway runs with, with the hashes of the lock files.
sbom: .venv/dev
	$(BIN)/python -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml --short-PURLs \
		--output-reproducible --no-validate -o sbom.cdx.json

# What they measure, and the last figures: docs/performance.md. With ARGS a run may be partial, and writes nothing.
bench: .venv/dev
	@$(BIN)/python -m benchmarks.speed $(or $(ARGS),--json docs/performance.json --plots docs/images)

bench-quick: .venv/dev
	@$(BIN)/python -m benchmarks.speed --quick $(ARGS)

# Cost against size: entries, clients, ledger, turns, streams, workers. make growth ARGS="--only clients"
growth: .venv/dev
	@$(BIN)/python -m benchmarks.growth $(or $(ARGS),--json docs/growth.json)

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "Creating .venv"
	@$(PYTHON) -m venv .venv

# Every package comes from a lock file, by its hash. What has no build for this machine is left out.
.venv/embedded: requirements.lock requirements-embedded.lock | .venv/bin/python
	@$(BIN)/python .ci/install.py requirements.lock --optional requirements-embedded.lock
	@touch $@

.venv/dev: .venv/embedded requirements-dev.lock
	@$(BIN)/python .ci/install.py requirements-dev.lock
	@touch $@

# Pin every dependency of the requirements files, with hashes.
lock: .venv/dev
	for name in requirements requirements-embedded requirements-otel requirements-sso requirements-s3 requirements-codecs requirements-dev; do \
		$(BIN)/uv pip compile -q --system-certs --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-annotate --custom-compile-command "make lock" $$name.txt -c requirements.txt -o $$name.lock $(ARGS); \
	done

faults: .venv/dev
	$(BIN)/python -m benchmarks.faults $(ARGS)

# Small changes to a module that its tests do not notice: make mutants ARGS=caching.keys
mutants: .venv/dev
	@$(BIN)/python -m benchmarks.mutants $(ARGS)

clean:
	rm -rf .venv var
