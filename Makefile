# Two commands need nothing but Python 3.11-3.13, make and a network: `make app` and `make test`.

# The interpreter that makes .venv; without PYTHON=..., the first of CANDIDATES that really runs
# and is 3.11-3.13.
PYTHON ?=
CANDIDATES := python3.11 python3.12 python3.13 python3 python

# Passed on: make app ARGS="--workspace DIR --port 8600"
ARGS ?=
# Two processes; tests of one xdist_group stay together. One process: make test PYTEST_ARGS=
PYTEST_ARGS ?= -n 2 --dist loadgroup --durations 10
# Newer versions: make lock UPGRADE=--upgrade
UPGRADE ?=

VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
VENV_PYTHON := $(BIN)/python

PIP_INSTALL := $(VENV_PYTHON) -m pip install --disable-pip-version-check \
	--require-hashes --only-binary :all:
PIP_COMPILE := $(VENV_PYTHON) -m uv pip compile pyproject.toml --quiet --universal \
	--python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url \
	--annotation-style line --custom-compile-command "make lock" $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help app test check browser lock clean install install-dev venv

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: install  ## Open the dashboard on 127.0.0.1:8501; ARGS="--workspace DIR" and the like
	$(VENV_PYTHON) -m cnnlab app $(ARGS)

test: install-dev browser check  ## Run every check: ruff, mypy, unit, page and browser tests
	$(VENV_PYTHON) -m pytest $(PYTEST_ARGS)

check: install-dev  ## Run ruff and mypy only
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy

browser: install-dev  ## Find a headless Chromium, or bring one
	$(VENV_PYTHON) -m tests.browser.chromium

lock: install-dev  ## Write both requirements files anew from pyproject.toml
	$(PIP_COMPILE) --output-file requirements.txt
	$(PIP_COMPILE) --extra dev --extra export --constraint requirements.txt \
		--output-file requirements-dev.txt

clean:  ## Remove .venv and the tools' caches, never a workspace
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find app.py benchmarks cnnlab pages tests -name __pycache__ -prune -exec rm -rf {} +

# What is installed is remembered as a copy of its requirements file inside .venv, so that nothing
# is installed twice and a damaged .venv forgets. The development set contains the other one.
install: venv
	@cmp -s requirements.txt $(VENV)/requirements.txt || { \
		$(PIP_INSTALL) -r requirements.txt && \
		cp requirements.txt $(VENV)/requirements.txt; }

install-dev: venv
	@cmp -s requirements-dev.txt $(VENV)/requirements-dev.txt || { \
		$(PIP_INSTALL) -r requirements-dev.txt && \
		cp requirements.txt requirements-dev.txt $(VENV)/; }

venv:
	@$(VENV_PYTHON) -c 'import pip' 2>/dev/null || { \
		for python in $(or $(PYTHON),$(CANDIDATES)); do \
			if "$$python" -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
				2>/dev/null; then \
				echo "Making $(VENV) with $$($$python --version) ($$python)"; \
				exec "$$python" -m venv --clear $(VENV); \
			fi; \
		done; \
		echo "cnnlab needs Python 3.11, 3.12 or 3.13 with its venv module. Tried: $(or $(PYTHON),$(CANDIDATES))." >&2; \
		echo "Install one (on Debian and Ubuntu: apt install python3-venv) or name it: make PYTHON=/path/to/python" >&2; \
		exit 1; \
	}
