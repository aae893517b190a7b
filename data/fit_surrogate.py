"""Make surrogate.npz: fit the surrogate to the published sample, and report its accuracy.

From the repository's root, with the authors' files in FOLDER::

    python data/fit_surrogate.py --published-sample FOLDER
"""

import argparse
import os
import sys

import numpy as np
import torch

from snlib.files import DATA
from snlib.published import read_published_sample
from snlib.surrogate_fit import fit, residuals

FOLDS = 5


def cross_validate(events):
    """Residuals of models that the fit has not seen, and of the mean spectrum of those it has."""
    fold = np.random.default_rng(0).permutation(len(events)) % FOLDS
    spectra = np.empty(events.spectra.log10_fnu.shape)
    average = np.empty(spectra.shape)
    magnitudes = np.empty(events.light_curves.magnitude.shape)
    for k in range(FOLDS):
        seen, unseen = events.select(fold != k), events.select(fold == k)
        spectra[fold == k], magnitudes[fold == k] = residuals(fit(seen), unseen)
        average[fold == k] = np.nanmean(seen.spectra.log10_fnu, axis=0) - unseen.spectra.log10_fnu
        print(f"fold {k + 1} of {FOLDS}", file=sys.stderr)
    return spectra, average, magnitudes


def report(events):
    """Print the accuracy on unseen models."""
    spectra, average, magnitudes = cross_validate(events)
    print("phase [d]  RMSE [dex]  mean spectrum [dex]")
    for index, phase in enumerate(events.spectra.phase_days):
        errors = (np.sqrt(np.nanmean(x[:, index] ** 2)) for x in (spectra, average))
        print(f"{phase:9.0f}  {next(errors):10.3f}  {next(errors):19.3f}")
    for first, last in ((-20, -5), (-5, 20), (20, 50), (50, 60)):
        phase_days = events.light_curves.phase_days
        within = (phase_days >= first) & (phase_days < last)
        print(f"light curves {first} to {last} d: RMS {np.sqrt(np.nanmean(magnitudes[within] ** 2)):.3f} mag")


def main():
    """Fit to all models, write the file and report the accuracy of fits to four fifths of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published-sample", default=os.environ.get("SNLIB_PUBLISHED_SAMPLE"))
    parser.add_argument("--out", default=DATA / "surrogate.npz")
    arguments = parser.parse_args()
    if not arguments.published_sample:
        parser.error("give --published-sample or set SNLIB_PUBLISHED_SAMPLE")
    torch.set_num_threads(1)  # so that the sums, and the file, are the same on every machine
    events = read_published_sample(arguments.published_sample).events
    fit(events).save(arguments.out)
    print(f"{arguments.out} written")
    report(events)


if __name__ == "__main__":
    main()
