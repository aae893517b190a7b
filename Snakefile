"""Your own run: simulate, train, execute the chapters of notebooks/, render them.  `make book` runs it.

A run keeps everything in data/generated/<profile>-seed<seed>[-published]/ and touches no tracked file:

    events.npz, *.safetensors    what it simulates and trains
    chapters/                    its chapters, executed by papermill
    claims.json, *.png           what they find: the ledger of claims, the picture on the cover
    results/                     tables, metrics.json, provenance.json
    book/, _build/html/          its own book: source and site
    logs/                        of each step

Each chapter is a step, and so is each table of results; then the results are summed up, and the book is built.
What a chapter waits for is in notebooks/chapters.yml: rooms of snlib, committed files, and files that
other chapters make.  Events and weights are kept by what they were made from, so a chapter that is
executed again for its text or its figures finds them and trains nothing.  The device is no part of names
or parameters: changing it makes nothing out of date.

Parameters: --config profile=quick device=auto seed=0 seeds=3, and the folder SNLIB_PUBLISHED_SAMPLE.
Targets for maintainers, such as further seeds, are in maintainers.smk.
"""

import os
import sys
from glob import glob
from pathlib import Path
from shlex import quote

from snlib.replication.parameters import PipelineParameters

from snlib.replication.pipeline import COVER, TABLES, Pipeline, read_chapters
from snlib.workers import ONE_THREAD

os.environ.update(ONE_THREAD)  # each step has one core

try:
    GIVEN = PipelineParameters.read(config, os.environ)
except (ValueError, OSError) as error:
    sys.exit(f"snlib: {error}")
PROFILE, DEVICE, SEED, PUBLISHED = GIVEN.profile, GIVEN.device, GIVEN.seed, GIVEN.published_sample

SUFFIX = "-published" if PUBLISHED else ""
GENERATED = os.environ.get("SNLIB_GENERATED", "data/generated")
RUN = f"{GENERATED}/{PROFILE}-seed{SEED}{SUFFIX}"

CHAPTERS = read_chapters()
STEPS = Pipeline(CHAPTERS, RUN, PROFILE + SUFFIX, SEED)
EXECUTED = [STEPS.executed(name) for name in CHAPTERS]

PYTHON = quote(sys.executable)
SOURCE = f"--published-sample {quote(PUBLISHED)}" if PUBLISHED else ""
RUN_OPTIONS = f"--profile {PROFILE} --device {DEVICE} --seed {SEED} {SOURCE}"
PARAMETERS = f"-p profile {PROFILE} -p device {DEVICE} -p seed {SEED} -r published_sample {quote(PUBLISHED)}"


wildcard_constraints:
    table="|".join(TABLES),


rule book:
    """The run's own site."""
    default_target: True
    input:
        EXECUTED,
        [f"{RUN}/{name}" for name in (COVER, "claims.json", "results/provenance.json")],
        "_config.yml",
        [*glob("book/_static/*"), *glob("book/_extensions/*.py")],
        [*glob("book/*.md"), "book/_toc.yml", "book/references.bib"],
    output:
        f"{RUN}/_build/html/index.html",
    log:
        f"{RUN}/logs/book.log",
    run:
        from snlib.replication import own_book, publishing

        own_book.assemble(RUN, EXECUTED, publishing.public_names(PUBLISHED, GENERATED))
        shell(
            "{PYTHON} -m snlib.replication.rendering {RUN:q}/book {RUN:q} > {log:q} 2>&1 || "
            "(cat {log:q} >&2; exit 1)"
        )


for CHAPTER in CHAPTERS:

    rule:
        name:
            f"chapter_{CHAPTER}"
        input:
            STEPS.needs(CHAPTER),
            notebook=f"notebooks/{CHAPTER}.ipynb",
        output:
            update(STEPS.makes(CHAPTER)),
            chapter=STEPS.executed(CHAPTER),
        log:
            text=f"{RUN}/logs/{CHAPTER}.log",
            notebook=f"{RUN}/logs/{CHAPTER}.ipynb",
        priority: int(STEPS.waited_for(CHAPTER))
        shell:
            """
            echo {input.notebook}: executing, log in {log.text:q}
            if ! {PYTHON} -m papermill -k python3 --log-output --no-progress-bar \
                {PARAMETERS} {input.notebook} {log.notebook:q} > {log.text:q} 2>&1
            then
                tail -n 20 {log.text:q} >&2
                echo {input.notebook}: failed, see {log.text:q} and {log.notebook:q} >&2
                exit 1
            fi
            cp {log.notebook:q} {output.chapter:q}
            """


rule table:
    """A table of results: every model judged by the test events, see snlib/replication/results.py."""
    input:
        STEPS.table_needs(),
    output:
        STEPS.table("{table}"),
    log:
        f"{RUN}/logs/{{table}}.log",
    benchmark:
        f"{RUN}/logs/{{table}}.tsv"
    priority: 1
    shell:
        """
        echo {output:q}: computing, log in {log:q}
        {PYTHON} -m snlib evaluate {wildcards.table} {RUN_OPTIONS} --out {RUN:q}/results > {log:q} 2>&1
        """


rule results:
    """The tables summed up; from what they were made, by which commit, and how long each step took."""
    input:
        EXECUTED,
        tables=[STEPS.table(name) for name in TABLES],
    output:
        f"{RUN}/results/metrics.json",
        f"{RUN}/results/provenance.json",
    run:
        from snlib.replication import publishing
        from snlib.replication.run import open_run

        times = publishing.run_times(EXECUTED, [f"{RUN}/logs/{name}.tsv" for name in TABLES])
        publishing.sum_up(open_run(PROFILE, DEVICE, SEED, PUBLISHED), f"{RUN}/results", times)


include: "maintainers.smk"
