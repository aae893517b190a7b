"""Make surrogate.npz and results/surrogate: fit to the published sample, and judge on unseen models.

From the repository's root, with the authors' files in FOLDER::

    python data/fit_surrogate.py --published-sample FOLDER
"""

import argparse
import json
import os
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch

from snlib.data.published_sample import read_published_sample
from snlib.evaluation.surrogate_accuracy import accuracy, compare_noise, cross_validate
from snlib.figures import style as plotting
from snlib.figures.grid import plot_real_and_surrogate
from snlib.files import DATA, replacing, write_json
from snlib.simulation.surrogate_fit import fit, residual_components

RESULTS = DATA / "results" / "surrogate"


def write_figure(events, residual_dex, path):
    """Show a faint, a middling and a bright model beside what they were predicted to be."""
    plotting.use_style()
    order = np.argsort(events.parameters[:, 2])
    chosen = order[np.round(np.array([0.1, 0.5, 0.9]) * (len(order) - 1)).astype(int)]
    figure, axes = plt.subplots(3, 5, figsize=(10, 6), sharex=True, sharey="row")
    plot_real_and_surrogate(axes, events, residual_dex, chosen)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def main():
    """Cross-validate, fit to all models, write everything and print the accuracy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published-sample", default=os.environ.get("SNLIB_PUBLISHED_SAMPLE"))
    arguments = parser.parse_args()
    if not arguments.published_sample:
        parser.error("give --published-sample or set SNLIB_PUBLISHED_SAMPLE")
    torch.set_num_threads(1)  # so that the sums, and the file, are the same on every machine
    events = read_published_sample(arguments.published_sample).events
    unseen = cross_validate(events)
    surrogate = replace(fit(events), residuals=residual_components(unseen.surfaces))
    surrogate.save(DATA / "surrogate.npz")
    tables = accuracy(events, unseen) | {"noise": compare_noise(surrogate, events)}
    write_json(RESULTS / "accuracy.json", tables)
    write_figure(events, unseen.residual_dex["surrogate"], RESULTS / "real_and_surrogate.png")
    print(json.dumps(tables, indent=1))


if __name__ == "__main__":
    main()
