# One folder, one environment: .venv. `make run` needs only what reads; `make setup` adds what trains and checks.
# Every target works on a fresh clone, without questions, and does nothing twice.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# 3.11 first: it is the version that has a CPU build of torch wherever one is offered. Any of 3.11 to 3.13 reads.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)
JOBS ?= 2
KERMANY ?= ../shared/data/kermany/chest_xray
WEIGHTS ?= $(firstword $(wildcard ../shared/weights/mobilenet_v2_imagenet.safetensors) imagenet)
PYTEST ?=
SHIPPED := src/hilum/bundle/shipped

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --no-input --disable-pip-version-check --quiet
# Linters and tests share the cores with each other, so the libraries below them do not multiply threads.
export OMP_NUM_THREADS ?= 1

.PHONY: help setup run test check lint format bench wheel images reference results retrain-pneumonia ship clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "hilum needs Python 3.11, 3.12 or 3.13 with the venv module; none was found: install one, or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.base: pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	@touch $@

# torch goes first and by its range, so that a CPU build is taken where the index or a local folder offers one.
.venv/.dev: pyproject.toml | $(BIN)/python
	$(PIP) "torch>=2.6,<2.14"
	$(PIP) --editable '.[dev]'
	@touch .venv/.base $@

setup: .venv/.dev  ## create .venv with everything for development; .venv/bin/hilum is the command

run: .venv/.base  ## draw the phantom examples, read them with the embedded model, print the table and where the pages are
	$(BIN)/hilum phantom build/phantoms
	$(BIN)/hilum read build/phantoms --out readings/phantoms

test: .venv/.dev check  ## every check and every test; fails where no test ran
	$(BIN)/python -m pytest -n $(JOBS) $(PYTEST)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lint: check  ## ruff, mypy and the import contracts

format: .venv/.dev  ## put the code into ruff's format and apply its safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev  ## measure reading speed beside torchxrayvision and the grad-cam library
	$(PIP) --editable '.[bench]'
	env -u OMP_NUM_THREADS $(BIN)/python benchmarks/reading.py --out benchmarks/results

wheel: .venv/.dev  ## build dist/hilum-*.whl
	$(BIN)/python -m build --wheel --outdir dist

images: .venv/.dev  ## draw docs/images again (needs chromium)
	$(BIN)/python docs/make_images.py
	$(BIN)/python docs/make_gate_picture.py

reference: .venv/.dev  ## write docs/reference again from the code
	$(BIN)/python docs/make_reference.py

results: .venv/.dev  ## write the README's results again from the shipped cards, the ledger and the benchmark
	$(BIN)/python docs/make_results.py

retrain-pneumonia: .venv/.dev  ## train the paediatric pneumonia specialist again: make retrain-pneumonia KERMANY=… WEIGHTS=…
	$(BIN)/hilum train pneumonia --data kermany=$(KERMANY) --weights $(WEIGHTS) --out runs/pneumonia

ship: .venv/.base  ## put a run's bundle into the package, its graph compressed: make ship BUNDLE=runs/pneumonia/bundle
	@test -f "$(BUNDLE)/card.json" || { echo "expected a bundle's folder: make ship BUNDLE=runs/NAME/bundle" >&2; exit 1; }
	name=$$($(BIN)/python -c 'import json, sys; print(json.load(open(sys.argv[1]))["name"])' "$(BUNDLE)/card.json"); \
	mkdir -p "$(SHIPPED)/$$name"; cp "$(BUNDLE)/card.json" "$(SHIPPED)/$$name/"; \
	for file in model.onnx training-images.bin; do \
		if test -f "$(BUNDLE)/$$file"; then gzip -9nc "$(BUNDLE)/$$file" > "$(SHIPPED)/$$name/$$file.gz"; fi; done; \
	$(BIN)/hilum models show "$$name"

clean:  ## remove what was built here; .venv and your readings stay
	rm -rf build dist readings/phantoms .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +
