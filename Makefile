# make demo   set everything up and run the example job
# make test   set everything up and pass every test
# make docs   the documentation, into site/
# make guide  run the guide's notebooks, and save what they show; WHAT=jobs takes one
# make prove  the property tests with ten times as many examples; WHAT=cdc takes some of them
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test guide prove check static fast docs javascript setup lock format clean

demo: setup
	@$(BIN)/nbkit run notebooks/flights/job.json

# Kernels, Spark and browsers. No test is run twice: one that fails now and then is a defect.
test: check
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -r fE --durations 30 -m "e2e or slow"

guide: setup
	@PYTHONPATH=tests $(BIN)/python -m guide.saved_outputs $(WHAT)

# A failure prints the smallest input that shows it, ready to be pasted into a test as @example.
prove: setup
	@$(BIN)/pytest -m prove --hypothesis-profile=prove --durations 15 $(if $(WHAT),-k "$(WHAT)")

# format, lint, types, layers, the documentation and the tests that need neither kernels nor Spark
# Types and documentation take one core for a minute; the tests have the others meanwhile.
check: setup
	@$(MAKE) --no-print-directory -j 2 static fast

static: $(READY)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory javascript docs

fast: $(READY)
	@$(BIN)/pytest -q -n 2 -m "not e2e and not slow"

# A link that leads nowhere is an error. Nothing is fetched: site/index.html opens without a network.
docs: $(READY)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# JavaScript is linted and type-checked where npm is there to fetch what does it (CI has it)
javascript:
	@if command -v npm >/dev/null; then cd tests/javascript && \
	  npm install --no-package-lock --no-fund --no-audit --silent && npm run --silent check; \
	else echo "npm is not here: JavaScript is not checked"; fi

setup: $(READY)
	@$(BIN)/nbkit doctor --fix

# uv only because it installs these packages in a fifth of pip's time; it reads the same file.
$(READY): requirements.lock requirements.uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "nbkit needs Python 3.11 or newer as $(PYTHON); name another one with: make PYTHON=python3.12"; exit 3; }
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

# plain requirements with hashes and no index addresses, for every platform and Python
lock: $(READY)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --group dev pyproject.toml --output-file requirements.lock

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

clean:
	rm -rf $(VENV) .nbkit runs/*
