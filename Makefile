# make help lists the targets; PROFILE, DEVICE, SEED, SEEDS and CORES may be set on the command line.

PROFILE ?= quick
DEVICE  ?= auto
SEED    ?= 0
SEEDS   ?=
CORES   ?= $(shell getconf _NPROCESSORS_ONLN)
PYTEST  ?=
PYTHON  ?= $(shell command -v python3.11 || command -v python3)

BIN   := .venv/bin
STAMP := .venv/installed
RUN   := $(PROFILE)-seed$(SEED)$(if $(SNLIB_PUBLISHED_SAMPLE),-published)
SITE  := $(or $(SNLIB_GENERATED),$(CURDIR)/data/generated)/$(RUN)/_build/html/index.html

.PHONY: help setup book site publish repeats ablations weights real notebooks test lint clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: $(STAMP) ## install everything into .venv; nothing else installs anything

$(STAMP): pyproject.toml setup.py constraints.txt
	@rm -f $@
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[book,test]'
	@touch $@

# Bring a target of the pipeline up to date, one run at a time in this folder.
PIPELINE = @exec 9> .venv/lock; ! command -v flock > /dev/null || flock -n 9 || \
	    { echo "another run is going on in this folder" >&2; exit 1; }; \
	$(BIN)/snakemake --quiet host rules --cores $(CORES) --nolock --rerun-incomplete

CONFIG = --config profile=$(PROFILE) device=$(DEVICE) seed=$(SEED) seeds=$(SEEDS) \
	    published_sample="$$SNLIB_PUBLISHED_SAMPLE"

book: setup ## your own run: simulate, train, execute, render, in data/generated [PROFILE DEVICE SEED CORES]
	$(PIPELINE) book $(CONFIG)
	@echo "The book: $(SITE)"

site: setup ## render the published run, the committed chapters of book/
	@rm -rf _build
	$(BIN)/jupyter-book build book -W --keep-going -n -q
	@echo "The book: $(CURDIR)/_build/html/index.html"

test: lint ## check style, run the tests and the notebooks, open the site [PYTEST=arguments]
	$(BIN)/pytest tests $(PYTEST)
	$(BIN)/pytest --nbval notebooks $(PYTEST)

lint: setup ## check style only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

notebooks: setup ## after editing a .md in notebooks/: execute it (smoke) and write its .ipynb
	@folder=$$(mktemp -d); trap 'rm -r "$$folder"' EXIT; \
	SNLIB_GENERATED="$$folder" $(BIN)/python -m snlib.replication.notebooks notebooks/*.md

publish: setup ## maintainers: a run becomes the published one [PROFILE=full]
	$(PIPELINE) publish $(CONFIG)

repeats: setup ## maintainers: results of further seeds, for the error bars of the claims [SEEDS=3]
	$(PIPELINE) repeats $(CONFIG)

ablations: setup ## maintainers: the MMVAE with one change at a time, every seed [SEEDS=3]
	$(PIPELINE) ablations $(CONFIG)

weights: setup ## maintainers: train, recalibrate and judge the weights of snlib predict [DEVICE=cuda]
	$(PIPELINE) ship $(CONFIG)

real: setup ## maintainers: judge every method by real models [SNLIB_PUBLISHED_SAMPLE=folder DEVICE=cuda]
	$(PIPELINE) real $(CONFIG)

clean: ## remove everything generated; .venv and the committed results stay
	rm -rf _build build data/generated .snakemake .pytest_cache .ruff_cache .hypothesis
