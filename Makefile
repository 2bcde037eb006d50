PYTHON ?= python3
PIP_FLAGS ?=
ARGS ?=

VENV := .venv
READY := $(VENV)/.stamp
# Tests run in another order for every commit, and in the same one again for the same commit.
ORDER ?= $(shell echo $$((0x$$(git rev-parse --short=7 HEAD 2>/dev/null || echo 0))))
PYTEST = OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(VENV)/bin/pytest -q -n 2 --randomly-seed=$(ORDER)
SUPPORTED = $(shell { $(PYTHON) -c 'import sys; print(sys.version_info >= (3, 11))'; } 2>/dev/null)

GRIDS := study minilm pdebench specialists fields order
FIELDS := runs/solved
LINES := advection burgers reaction-diffusion diffusion-sorption navier-stokes
PLANES := darcy shallow-water reaction-diffusion

.PHONY: help demo test test-fast lint docs hooks bench study pictures clean

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: $(READY) ## scratch, fine-tuning and PaRe on real data: a table and pictures in demo/
	$(VENV)/bin/isthmus demo --out demo

test: $(READY) ## all tests; ARGS="-k mixing" for some
	$(PYTEST) --dist loadgroup $(ARGS)

test-fast: $(READY) ## the tests that are not marked slow, while you work
	$(PYTEST) --dist worksteal -m "not slow" $(ARGS)

lint: $(READY) ## style and types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

docs: $(READY) ## the documentation, in build/site; a warning or a dead link is an error
	NO_MKDOCS_2_WARNING=1 OMP_NUM_THREADS=1 $(VENV)/bin/mkdocs build --strict --quiet
	@echo 'open build/site/index.html'

hooks: $(READY) ## let git check style and types before every commit
	$(VENV)/bin/pre-commit install

bench: $(READY) ## every script of benchmarks/, one after the other
	@set -e; for script in $(sort $(wildcard benchmarks/*.py)); do echo "== $$script"; $(VENV)/bin/python $$script; done

study: $(READY) ## the grids of docs/results/, many hours; what is finished in runs/ is kept, tables and pictures are made anew
	@set -e; for name in $(LINES:%=%1d:256) $(PLANES:%=%2d:64); do \
		$(VENV)/bin/isthmus data generate pdebench/$${name%:*} --samples 200 --resolution $${name#*:} --root $(FIELDS); \
		$(VENV)/bin/isthmus data prepare pdebench/$${name%:*} --root $(FIELDS); \
	done; for grid in choose tune orca $(GRIDS); do \
		ISTHMUS_DATA=$(FIELDS) $(VENV)/bin/isthmus compare --config benchmarks/study/$$grid.yaml --out runs/$$grid; \
	done; for grid in $(GRIDS); do $(VENV)/bin/isthmus report runs/$$grid --into docs/results/$$grid.md; done
	$(VENV)/bin/python benchmarks/study/pictures.py

pictures: $(READY) ## the pictures of docs/results.md, from the tables of docs/results/
	$(VENV)/bin/python benchmarks/study/pictures.py

clean: ## remove what was made: .venv, caches, builds, demo/; runs/ stays
	rm -rf $(VENV) demo build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamp is written last: without it, .venv is one whose making was cut off, and starts over.
$(READY): pyproject.toml constraints.txt
	$(if $(filter True,$(SUPPORTED)),,$(error isthmus needs Python 3.11 or newer, '$(PYTHON)' is not: make PYTHON=/path/to/python3.11))
	@test -e $@ || rm -rf $(VENV)
	@rm -f $@
	@echo 'setting up $(VENV): a few minutes, once'
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --quiet $(PIP_FLAGS) -c constraints.txt -e '.[demo,test,lint,docs]'
	@touch $@
