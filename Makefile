# One folder, one environment: .venv. `make run` needs only what reads; `make setup` adds what trains and checks.
# Every target works on a fresh clone, without questions, and does nothing twice.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# 3.11 first: it is the version that has a CPU build of torch wherever one is offered. Any newer one reads too.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)
JOBS ?= 2
DATA ?= ../shared/data
ARGS ?=
KERMANY ?= ../shared/data/kermany/chest_xray
WEIGHTS ?= $(firstword $(wildcard ../shared/weights/mobilenet_v2_imagenet.safetensors) imagenet)
PYTEST ?=
SHIPPED := src/hilum/bundle/shipped

# Known versions: what is set up next month is what is set up today. Empty (as in test-latest) takes the newest.
CONSTRAINTS ?= constraints.txt
VENV ?= .venv
export PIP_CONSTRAINT = $(CONSTRAINTS)
export PIP_BUILD_CONSTRAINT = $(CONSTRAINTS)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --no-input --disable-pip-version-check --quiet
# Linters and tests share the cores with each other, so the libraries below them do not multiply threads.
export OMP_NUM_THREADS ?= 1

.PHONY: help setup run test test-latest constraints check lint format benchmark wheel images reference notebooks site rooms results cards soak retrain-pneumonia ship clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "hilum needs Python 3.11 or newer with the venv module; none was found: install one, or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml $(wildcard $(CONSTRAINTS)) | $(BIN)/python
	$(PIP) --editable .
	@touch $@

# torch goes first and by its range, so that a CPU build is taken where the index or a local folder offers one.
$(VENV)/.dev: pyproject.toml $(wildcard $(CONSTRAINTS)) | $(BIN)/python
	$(PIP) "torch>=2.6,<2.14"
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/.base $@

setup: $(VENV)/.dev  ## create .venv with everything for development; .venv/bin/hilum is the command

run: $(VENV)/.base  ## draw the phantom examples, read them with the embedded model, print the table and where the pages are
	$(BIN)/hilum phantom build/phantoms
	$(BIN)/hilum read build/phantoms --out readings/phantoms

test: $(VENV)/.dev check  ## every check and every test; fails where no test ran
	$(BIN)/python -m pytest -n $(JOBS) --durations=25 $(PYTEST)

# In an environment of its own, made anew, and without the pins: what breaks here will break for who installs today.
test-latest:  ## every check and every test with the newest versions of everything, in .venv-latest
	rm -rf .venv-latest
	$(MAKE) test VENV=.venv-latest CONSTRAINTS=

constraints: $(VENV)/.dev  ## write constraints.txt again from today's newest versions, and say what moved
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT $(BIN)/python .ci/renew_constraints.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lint: check  ## ruff, mypy and the import contracts

format: $(VENV)/.dev  ## put the code into ruff's format and apply its safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmark: $(VENV)/.dev  ## measure all figures of the documentation, what is measured already left out: make benchmark [ARGS="--only peers"]
	$(PIP) --editable '.[bench]'
	env -u OMP_NUM_THREADS $(BIN)/python benchmarks/collect.py --shared $(DATA) $(ARGS)

soak: $(VENV)/.dev  ## send 10,000 files to hilum serve: its rate beside the reader alone, growth of memory, what is lost (about an hour)
	$(BIN)/python benchmarks/service.py --strict --out benchmarks/results

wheel: $(VENV)/.dev  ## build dist/hilum-*.whl
	$(BIN)/python -m build --wheel --outdir dist

images: $(VENV)/.dev  ## draw docs/images again (needs chromium)
	$(BIN)/python docs/make_images.py
	$(BIN)/python docs/make_gate_picture.py

.venv-site/.ready: docs/requirements.txt
	@test -n "$(PYTHON)" || { echo "the site needs Python 3.11 or newer with the venv module; name it: make site PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv-site
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT .venv-site/bin/python -m pip install --no-input --quiet --requirement docs/requirements.txt
	@touch $@

site: .venv-site/.ready  ## build the documentation as a searchable site into build/site, by tools in .venv-site
	NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --strict

rooms: $(VENV)/.dev  ## draw the rooms of the code and write their table again
	$(BIN)/python docs/make_rooms.py

reference: $(VENV)/.dev  ## write docs/reference again from the code
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_conformance.py

notebooks: $(VENV)/.dev  ## write the notebooks of docs/notebooks from their sources
	$(BIN)/python docs/make_notebooks.py

results: $(VENV)/.dev  ## write docs/results.md and the README's results again from the shipped cards, the ledger and the benchmark
	$(BIN)/python docs/make_results.py

cards: $(VENV)/.dev  ## judge the shipped models again, nothing refitted, and write their cards and training images: make cards DATA=… LOOK=NAME=FOLDER
	$(BIN)/python docs/make_cards.py --data $(DATA) $(if $(LOOK),--look $(LOOK)) $(if $(OUT),--out $(OUT))

retrain-pneumonia: $(VENV)/.dev  ## train the paediatric pneumonia specialist again: make retrain-pneumonia KERMANY=… WEIGHTS=…
	$(BIN)/hilum train pneumonia-lungs --data kermany=$(KERMANY) --weights $(WEIGHTS) --out runs/pneumonia-lungs

ship: $(VENV)/.base  ## put a run's bundle into the package, its graph compressed: make ship BUNDLE=runs/pneumonia/bundle
	@test -f "$(BUNDLE)/card.json" || { echo "expected a bundle's folder: make ship BUNDLE=runs/NAME/bundle" >&2; exit 1; }
	name=$$($(BIN)/python -c 'import json, sys; print(json.load(open(sys.argv[1]))["name"])' "$(BUNDLE)/card.json"); \
	mkdir -p "$(SHIPPED)/$$name"; cp "$(BUNDLE)/card.json" "$(SHIPPED)/$$name/"; \
	for file in model.onnx lungs.onnx training-images.bin; do \
		if test -f "$(BUNDLE)/$$file"; then gzip -9nc "$(BUNDLE)/$$file" > "$(SHIPPED)/$$name/$$file.gz"; fi; done; \
	$(BIN)/hilum models show "$$name"

clean:  ## remove what was built here; .venv and your readings stay
	rm -rf build dist readings/phantoms .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +
