# make run    sets up and scores the made-up bureau in data/sample
# make test   sets up and runs every test
PYTHON ?= python3
YEAR   ?= 2023

# Scripts/ on Windows, bin/ elsewhere.
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: run test check coverage spark lock vulnerabilities docs sample mutations screenshots soak
run: .venv/ready
	$(BIN)/kaohe run --inbox data/sample --year $(YEAR)

test: check spark
	$(BIN)/python -m pytest

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqruff lint sql
	$(BIN)/mypy

# Apache Spark for its tests, where there is a Java for it; else they are skipped.
spark: .venv/ready
	@if java -version >/dev/null 2>&1; then $(MAKE) --no-print-directory .venv/spark \
	  || echo "pyspark could not be installed: the tests on Spark are skipped"; \
	else echo "Java is missing: the tests on Spark are skipped"; fi

# Every test, and whether each branch of what scores rest on was taken.
coverage: check spark
	$(BIN)/python -m pytest --cov

# Break the scoring SQL in every way of tests/mutations; the tests must catch each one. Takes a while.
mutations: .venv/ready
	$(BIN)/python -m tests.mutations

# The long proofs: long tests, runs killed at 200 moments and cut off from power, readers beside a writer, a hundred nights, a server for days.
# Takes two hours.
soak: .venv/ready
	$(BIN)/python -m pytest -m long
	$(BIN)/python -m tests.soak kills
	$(BIN)/python -m tests.soak power
	$(BIN)/python -m tests.soak readers
	$(BIN)/python -m tests.soak nights
	$(BIN)/python -m tests.soak serving

# uv installs in seconds what takes pip a minute; where it cannot reach an index that pip can (a mirror, a certificate or
# a proxy in pip's own settings), pip does it.
PIP = $(PYTHON) -m pip --python .venv --disable-pip-version-check install --quiet
UV  = $(BIN)/uv pip install --quiet --python .venv

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit('kaohe needs Python 3.11 or later' if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv --without-pip .venv
	$(PIP) uv==0.13.9
	$(UV) --compile-bytecode --require-hashes -r requirements.lock || $(PIP) --no-deps --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	$(PYTHON) -c "open('$@', 'w').close()"

.venv/spark: .venv/ready requirements-spark.lock
	$(UV) --require-hashes -r requirements-spark.lock || $(PIP) --no-deps --require-hashes -r requirements-spark.lock
	$(PYTHON) -c "open('$@', 'w').close()"

# After changing a pin in pyproject.toml.
lock: .venv/ready
	$(BIN)/python -c "import tomllib as t; print(*t.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['spark'])" \
	  | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --output-file requirements-spark.lock -
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --output-file requirements.lock pyproject.toml

# Ask PyPI whether any locked version has a known vulnerability; needs the network. Strict, since without that a package
# that could not be asked about counts as good.
vulnerabilities: .venv/ready
	$(BIN)/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes --progress-spinner off --requirement requirements.lock

# Write anew docs/tables.md from the contracts, docs/commands.md from the commands, docs/measures.md from sql/.
docs: .venv/ready
	$(BIN)/python -m kaohe.dictionary
	$(BIN)/python -m kaohe.reference

# Write data/sample anew from its generator.
sample: .venv/ready
	$(BIN)/python data/make_sample

# Write docs/images anew: pictures of the page, the notice, a check-up sheet and the workbook. Needs Chromium, LibreOffice, pdftoppm.
screenshots: .venv/ready
	$(BIN)/python -m tests.screenshots
