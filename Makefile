# `make demo` and `make test` each work alone on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The extension is optional: it is built where there is a Rust compiler, and nobody misses it elsewhere.
# One that does not start, such as rustup's without a toolchain, is none.
CARGO := $(shell for each in "$$(command -v cargo)" "$(HOME)/.cargo/bin/cargo"; do \
	"$$each" --version >/dev/null 2>&1 && echo "$$each" && break; done)
CRATE := Cargo.toml $(wildcard rust/*.* rust/src/*.rs rust/src/*/*.rs)

RUST := PATH="$(dir $(CARGO)):$$PATH" cargo

# Tests start the program hundreds of times, and without its bytecode each start takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage native lint lint-native bench build release clean

demo: $(STAMP)
	$(BIN)/flakestorm demo

# The same examples of property tests each time: `pytest` alone looks for new ones.
test: lint native
	$(BIN)/python -m pytest --numprocesses 2 --hypothesis-seed 0

# The same tests, measured. They take nearly twice as long, so this is a run of its own.
coverage: native
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest --numprocesses 2
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

native: $(if $(CARGO),$(VENV)/.native)

$(VENV)/.native: $(STAMP) $(CRATE)
	PATH="$(dir $(CARGO)):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check ./rust
	touch $@

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(CARGO),$(MAKE) --no-print-directory lint-native)

# What computes is linted and tested without Python, and the description of what it offers compared with it.
lint-native: native
	# A toolchain of Debian's has cargo and neither of these two.
	! $(RUST) fmt --version >/dev/null 2>&1 || $(RUST) fmt --check
	! $(RUST) clippy --version >/dev/null 2>&1 || $(RUST) clippy --quiet --all-targets -- -D warnings
	$(RUST) test --quiet --no-default-features
	MYPYPATH=rust $(BIN)/stubtest --allowlist rust/stubtest_allowlist.txt flakestorm_rust

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py

build: $(STAMP)
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

# make release VERSION=x.y.z
release: $(STAMP)
	$(BIN)/python tools/release.py $(VERSION)
	# Of what the environment is made of, nothing has changed in pyproject.toml.
	touch $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) target dist build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
