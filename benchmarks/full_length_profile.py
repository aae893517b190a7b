"""What the MMVAE is worth after the paper's 500 passes, by weights that a GPU trained.

python benchmarks/full_length_profile.py [--weights FOLDER] [--cpu FOLDER] [--out FOLDER]

The weights, a file for each recipe, are made by

snlib train mmvae --profile full --recipe RECIPE --device cuda --precision tf32 --out FOLDER

and with --device cpu, for as long as one likes to wait, what they are compared with.
"""

import argparse
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from measure import machine

from snlib.evaluation.score_table import score_events
from snlib.evaluation.scores import PIT_COLUMNS
from snlib.files import DATA, read_tensors, replacing, write_json
from snlib.inference.samplers import draw_events, spectra_sampler
from snlib.model.recipes import RECIPES
from snlib.replication.evidence import Evidence
from snlib.replication.methods import label, sampler_of
from snlib.replication.results import table
from snlib.replication.run import open_run
from snlib.replication.stages import digest
from snlib.replication.verdicts import judge_by, verdict_table

ALONE = ("C4", "C6", "C7", "C8")  # claims that need no other model
JUDGED_AT = (0.0, 0.3, 0.5, 0.7, 0.9)  # hidden fractions of these claims


def spectra_scores(run):
    """The score table of the mean spectrum and of each recipe, from each modality."""
    dataset, tables = run.dataset(), []
    test, samplers = dataset.part("test"), {"mean spectrum": sampler_of(run, "mean spectrum")}
    for recipe in RECIPES:
        samplers[label("MMVAE", recipe)] = sampler_of(run, "MMVAE", recipe)
        decoder = run.trained("mmvae", recipe).model.spectrum
        samplers[label("MMVAE, from spectra", recipe)] = spectra_sampler(decoder, dataset.scaling, run.device)
    for name, sampler in samplers.items():
        drawn = draw_events(sampler, test, run.profile.n_posterior_samples, run.seed)
        tables.append(score_events(drawn, test).drop(columns=["object_id", *PIT_COLUMNS]))
        tables[-1].insert(0, "model", name)
    return pd.concat(tables, ignore_index=True)


def cpu_history(folder):
    """Validation bounds of the same trainings on a CPU, unfinished ones too, from their checkpoints."""
    rows = []
    for recipe in RECIPES:
        _, place = read_tensors(folder / recipe / "checkpoints" / f"mmvae-{recipe}-seed0.safetensors")
        rows += [{"recipe": recipe} | row for row in place["history"]]
    return pd.DataFrame(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, default=DATA / "weights" / "full")
    parser.add_argument("--cpu", type=Path, help="holds a folder a recipe")
    parser.add_argument("--profile", default="full")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=DATA / "results" / "full_length")
    options = parser.parse_args()
    run = replace(open_run(options.profile, options.device), shipped=options.weights)
    masking = table(run, "masking")
    tables = {
        "masking": masking[masking["hidden"].isin(JUDGED_AT)],
        **{name: table(run, name) for name in ("masked_distances", "generation", "experts")},
        "spectra": spectra_scores(run),
    }
    evidence = Evidence({name: [rows] for name, rows in tables.items()})
    print(verdict_table(judge_by(evidence, ALONE), ALONE).to_string())
    if options.cpu:
        tables["cpu"] = cpu_history(options.cpu)
    for name, rows in tables.items():
        with replacing(options.out / f"{name}.csv") as temporary:
            rows.to_csv(temporary, index=False, float_format="%.4g")
    trained = {recipe: run.trained("mmvae", recipe) for recipe in RECIPES}
    provenance = {
        "events": {name: len(index) for name, index in run.dataset().split.items()},
        "seed": run.seed,
        "training_s": {recipe: round(one.seconds(), 1) for recipe, one in trained.items()},
        "trained_on": {recipe: one.provenance["device"] for recipe, one in trained.items()},
        "judged_on": machine() | {"snlib": version("snlib"), "code": digest("evaluation")[:12]},
    }
    write_json(options.out / "provenance.json", provenance)


if __name__ == "__main__":
    main()
