# `make run` and `make test` need python3 (3.11 or newer) and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint format bench bench-quick faults clean

run: .venv/embedded
	@$(BIN)/python manage.py serve --embedded

test: .venv/dev
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/bandit -q -c pyproject.toml -r caching speech speechsite manage.py
	$(BIN)/python .ci/audit.py

# What they measure, and the last figures: docs/performance.md
bench: .venv/dev
	@$(BIN)/python -m benchmarks.speed --json docs/performance.json --plots docs/images $(ARGS)

bench-quick: .venv/dev
	@$(BIN)/python -m benchmarks.speed --quick $(ARGS)

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/embedded: requirements.txt requirements-embedded.txt | .venv/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@grep -v '^#' requirements-embedded.txt | while read -r package; do \
		$(BIN)/python -m pip install -q --disable-pip-version-check "$$package" \
			|| echo "Going on without $$package: there is no build for this machine."; \
	done
	@touch $@

.venv/dev: .venv/embedded requirements-dev.txt requirements-codecs.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

faults: .venv/dev
	$(BIN)/python -m benchmarks.faults $(ARGS)

clean:
	rm -rf .venv var
