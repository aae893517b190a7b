"""What the MMVAE is worth after the paper's 500 passes, by weights that a GPU trained.

python benchmarks/full_length_profile.py [--weights FOLDER] [--cpu FOLDER] [--out FOLDER]

The weights, a pair of files and a history for each recipe, are made by

snlib train mmvae --profile full --recipe RECIPE --device cuda --precision tf32 --out FOLDER

and with --device cpu, for as long as one likes to wait, what they are compared with.
"""

import argparse
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from measure import machine

from snlib.evaluation.scores import event_scores
from snlib.files import DATA, replacing, write_json
from snlib.inference.posteriors import from_light_curve, from_spectra, mean_spectrum, spectrum_posteriors
from snlib.model.recipes import RECIPES
from snlib.model.weights import load_model, read_tensors
from snlib.replication.evidence import Evidence
from snlib.replication.results import table
from snlib.replication.run import Run, open_run
from snlib.replication.stages import digest
from snlib.replication.trained import Trained
from snlib.replication.verdicts import judge_by, verdict_table

ALONE = ("C4", "C6", "C7", "C8")  # claims that need no other model
JUDGED_AT = (0.0, 0.5, 0.9)  # hidden fractions of these claims


@dataclass(frozen=True)
class WithWeights(Run):
    """A run whose MMVAEs are those in a folder, wherever they were trained."""

    weights: Path = None

    def trained(self, model, recipe):
        path = self.weights / f"{model}-{recipe}.safetensors"
        loaded, _, provenance = load_model(path, self.device)
        if provenance["made_from"]["dataset"] != self.dataset().digest():
            raise ValueError(f"{path}: trained on other events than those of {self.folder}")
        return Trained(loaded, pd.read_csv(path.with_suffix(".csv")), provenance)


def spectra_scores(run):
    """`snlib.evaluation.scores.event_scores` of the mean spectrum and of each recipe, from each modality."""
    dataset, n_samples = run.dataset(), run.profile.n_posterior_samples
    train, test, scaling = dataset.part("train"), dataset.part("test"), dataset.scaling
    rows = {("mean spectrum", "predictive"): mean_spectrum(train, len(test))}
    for recipe in RECIPES:
        model = run.trained("mmvae", recipe).model
        for name, posterior_of in {
            f"MMVAE ({recipe})": partial(from_light_curve, model, scaling, device=run.device),
            f"MMVAE, from spectra ({recipe})": partial(
                from_spectra, model.spectrum, scaling, device=run.device
            ),
        }.items():
            found = spectrum_posteriors(posterior_of, model.spectrum, scaling, test, n_samples, run.seed)
            rows |= {(name, interval): posterior for interval, posterior in found.items()}
    tables = {key: event_scores(posterior, test.spectra) for key, posterior in rows.items()}
    return pd.concat(tables, names=["model", "interval", "row"]).reset_index(["model", "interval"])


def cpu_history(folder):
    """Validation bounds of the same trainings on a CPU, unfinished ones too, from their checkpoints."""
    rows = []
    for recipe in RECIPES:
        _, place = read_tensors(folder / recipe / "checkpoints" / f"mmvae-{recipe}.safetensors")
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
    opened = open_run(options.profile, options.device)
    run = WithWeights(**{**vars(opened), "folder": opened.folder / "full_length"}, weights=options.weights)
    opened.dataset().events.save(run.folder / "events.npz")
    masking = table(run, "masking")
    tables = {
        "masking": masking[masking["hidden"].isin(JUDGED_AT)],
        "generation": table(run, "generation"),
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
