# make help lists the targets; PROFILE, DEVICE, SEED, SEEDS and CORES may be set on the command line.

PROFILE ?= quick
DEVICE  ?= auto
SEED    ?= 0
SEEDS   ?=
CORES   ?= $(shell getconf _NPROCESSORS_ONLN)
PYTEST  ?=
PYTHON  ?= $(shell command -v python3.11 || command -v python3)

BIN   := $(CURDIR)/.venv/bin
STAMP := .venv/installed

.PHONY: help setup book repeats ablations weights real site notebooks test lint clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: $(STAMP) ## install everything into .venv

$(STAMP): pyproject.toml constraints.txt
	@rm -f $@
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q -c constraints.txt -e '.[book,test]'
	@touch $@

# Bring a target of the pipeline up to date, one run at a time in this folder.
PIPELINE = @exec 9> .venv/lock; ! command -v flock > /dev/null || flock -n 9 || \
	    { echo "another run is going on in this folder" >&2; exit 1; }; \
	$(BIN)/snakemake --quiet host rules --cores $(CORES) --nolock --rerun-incomplete

CONFIG = --config profile=$(PROFILE) device=$(DEVICE) seed=$(SEED) seeds=$(SEEDS) \
	    published_sample="$$SNLIB_PUBLISHED_SAMPLE"

book: setup ## simulate, train, execute the notebooks, render [PROFILE DEVICE SEED CORES]
	$(PIPELINE) book $(CONFIG)
	@$(MAKE) --no-print-directory site

repeats: setup ## results of further seeds, for the error bars of the claims [SEEDS=3]
	$(PIPELINE) repeats $(CONFIG)

ablations: setup ## the MMVAE with one change at a time, every seed [SEEDS=3]
	$(PIPELINE) ablations $(CONFIG)

weights: setup ## train, recalibrate and judge the weights of snlib predict [DEVICE=cuda]
	$(PIPELINE) ship $(CONFIG)

real: setup ## judge every method by real models [SNLIB_PUBLISHED_SAMPLE=folder DEVICE=cuda]
	$(PIPELINE) real $(CONFIG)

site: setup ## render book/ as it is
	@rm -rf _build
	$(BIN)/jupyter-book build book -W --keep-going -n -q
	@echo "The book: $(CURDIR)/_build/html/index.html"

notebooks: setup ## after editing a .md in notebooks/: execute it (smoke) and write its .ipynb
	@folder=$$(mktemp -d); trap "rm -r $$folder" EXIT; \
	SNLIB_GENERATED=$$folder $(BIN)/python -m snlib.notebooks notebooks/*.md

test: lint ## check style, run the tests and the notebooks, open the site [PYTEST=arguments]
	$(BIN)/pytest tests $(PYTEST)
	$(BIN)/pytest --nbval notebooks $(PYTEST)

lint: setup ## check style only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean: ## remove everything generated; .venv and the committed results stay
	rm -rf _build data/generated .snakemake .pytest_cache .ruff_cache .hypothesis
