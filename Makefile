# make run    sets up and scores the made-up bureau in data/sample
# make test   sets up and runs every test
PYTHON ?= python3
YEAR   ?= 2023

# Scripts/ on Windows, bin/ elsewhere.
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: run test check lock sample
run: .venv/ready
	$(BIN)/kaohe run --inbox data/sample --year $(YEAR)

test: check
	$(BIN)/python -m pytest

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# uv installs in seconds what takes pip a minute; it is told of a package index (a mirror) that pip is set to use.
INDEX = $(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null)
INSTALL = $(if $(INDEX),UV_DEFAULT_INDEX=$(INDEX)) $(BIN)/uv pip install --quiet --python .venv

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit('kaohe needs Python 3.11 or later' if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python .venv install --quiet --disable-pip-version-check uv==0.13.9
	$(INSTALL) --compile-bytecode --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	$(PYTHON) -c "open('$@', 'w').close()"

# After changing a pin in pyproject.toml.
lock: .venv/ready
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --output-file requirements.lock pyproject.toml

# Write data/sample anew from its generator.
sample: .venv/ready
	$(BIN)/python data/make_sample.py
