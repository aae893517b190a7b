"""Judge the shipped weights by observed spectra.

From the repository's root, with ``pip install -e '.[observed]'``::

    python data/judge_observed.py OBSERVED_NPZ SALT3_FOLDER

The table of observed supernovae is not committed, since the surveys' terms of redistribution are unclear;
README beside this file says where it comes from.  Writes results/observed.
"""

import argparse

import matplotlib.pyplot as plt

from snlib import __version__
from snlib.data.quantities import SPECTRUM_PHASES_DAYS
from snlib.evaluation.observed_scores import judged
from snlib.figures.observed import plot_observed_spectra
from snlib.figures.style import use_style
from snlib.files import DATA, replacing
from snlib.inference import DEFAULT_WEIGHTS, Forecaster
from snlib.observed import Salt3, read_observed
from snlib.replication.cache import file_digest
from snlib.replication.kept_tables import keep_tables
from snlib.replication.observed import (
    MEAN_OBSERVED,
    SALT3,
    light_curve_table,
    predict_observed,
    score_tables,
    typical_supernova,
)
from snlib.training.steps import use_one_core

PHASES_DAYS = SPECTRUM_PHASES_DAYS[[0, -1]].tolist()  # what the weights were trained on


def main():
    """Write the tables, and from what they were made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("observed")
    parser.add_argument("salt3")
    given = parser.parse_args()
    use_one_core()
    observed = read_observed(given.observed).between(*PHASES_DAYS)
    forecaster = Forecaster.load(DEFAULT_WEIGHTS)
    predictions = predict_observed(observed, forecaster, Salt3.load(given.salt3))
    tables = score_tables(observed, predictions)
    tables["light_curves"] = light_curve_table(observed, forecaster)
    folder = DATA / "results" / "observed"
    made_from = {
        "weights": {"file": DEFAULT_WEIGHTS.name, "sha256": file_digest(DEFAULT_WEIGHTS)},
        "observed": file_digest(given.observed),
        "supernovae": len(set(observed.spectrum_object)),
        "spectra": len(observed.spectrum_object),
        "phases_days": PHASES_DAYS,
        "snlib": __version__,
    }
    keep_tables(folder, tables, made_from)
    with replacing(folder / "spectra.png") as temporary:
        draw(observed, predictions, typical_supernova(tables["spectra"]), temporary)


def draw(observed, predictions, rows, path):
    """Draw the spectra of some rows, all of one supernova."""
    index, phases = rows["index"].to_numpy(), rows["phase_days"].to_numpy()
    shown = judged(observed.wavelength_aa)
    others = {name: predictions.others[name][index][:, shown] for name in (MEAN_OBSERVED, SALT3)}
    given = observed.log10_fnu[index][:, shown], predictions.samples[index][..., shown], others
    use_style()
    figure, axes = plt.subplots(2, 2, figsize=(9, 6), sharex=True)
    plot_observed_spectra(axes.flat, observed.wavelength_aa[shown], phases, *given)
    figure.suptitle(f"SN {rows['supernova'].iloc[0]}")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.savefig(path, format="png", facecolor="white")


if __name__ == "__main__":
    main()
