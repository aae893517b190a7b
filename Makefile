# make help lists the targets; PROFILE, DEVICE, SEED, SEEDS and CORES may be set on the command line.

PROFILE ?= quick
DEVICE  ?= auto
SEED    ?= 0
SEEDS   ?=
CORES   ?= $(shell getconf _NPROCESSORS_ONLN)
PYTEST  ?=
PYTHON  ?= $(shell command -v python3.11 || command -v python3)

PY    := .venv/bin/python
STAMP := .venv/installed
RUN   := $(PROFILE)-seed$(SEED)$(if $(value SNLIB_PUBLISHED_SAMPLE),-published)
SITE  := $(or $(value SNLIB_GENERATED),$(CURDIR)/data/generated)/$(RUN)/_build/html/index.html

# A value as one word of the shell, whatever is in it.  Tools are called as modules, since a script that pip has
# installed may not find its interpreter in a folder with a blank in its name.
q = '$(subst ','\'',$(1))'

.PHONY: help setup book site publish repeats ablations weights real notebooks test lint clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: $(STAMP) ## install everything into .venv; nothing else installs anything

$(STAMP): pyproject.toml setup.py constraints.txt
	@rm -f $@
	$(call q,$(PYTHON)) -m venv .venv
	$(PY) -m pip install -q -c constraints.txt -e '.[book,test]'
	@touch $@

# Bring a target of the pipeline up to date, if the parameters can be; one run at a time in this folder.
PIPELINE = @$(PY) -m snlib.replication.launch $@ \
	    $(foreach name,PROFILE DEVICE SEED SEEDS CORES,$(call q,$(name)=$($(name))))

book: setup ## your own run: simulate, train, execute, render, in data/generated [PROFILE DEVICE SEED CORES]
	$(PIPELINE)
	@printf 'The book: %s\n' $(call q,$(SITE))

site: setup ## render the published run, the committed chapters of book/
	@$(PY) -m snlib.replication.rendering book .
	@printf 'The book: %s\n' $(call q,$(CURDIR)/_build/html/index.html)

# A worker a core.  Tests go to whichever is free, neighbours to the same while they can; the cells of a notebook
# go to one, which has its kernel.
test: lint ## check style, run the tests and the notebooks, open the site [CORES PYTEST=arguments]
	$(PY) -m pytest tests -n $(call q,$(CORES)) --dist worksteal $(PYTEST)
	$(PY) -m pytest --nbval notebooks -n $(call q,$(CORES)) --dist loadfile $(PYTEST)

lint: setup ## check style only
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

notebooks: setup ## after editing a .md in notebooks/: execute it (smoke) and write its .ipynb
	@folder=$$(mktemp -d); trap 'rm -r "$$folder"' EXIT; \
	SNLIB_GENERATED="$$folder" $(PY) -m snlib.replication.notebooks notebooks/*.md

publish: setup ## maintainers: a run becomes the published one [PROFILE=full]
	$(PIPELINE)

repeats: setup ## maintainers: results of all seeds of a profile, for the error bars of the claims [PROFILE=full]
	$(PIPELINE)

ablations: setup ## maintainers: the MMVAE with one change at a time, every seed [SEEDS=3]
	$(PIPELINE)

weights: setup ## maintainers: train, recalibrate and judge the weights of snlib predict [DEVICE=cuda]
	$(PIPELINE)

real: setup ## maintainers: judge every method by real models [SNLIB_PUBLISHED_SAMPLE=folder DEVICE=cuda]
	$(PIPELINE)

clean: ## remove everything generated; .venv and the committed results stay
	rm -rf _build .site-* build data/generated .snakemake .pytest_cache .ruff_cache .hypothesis
