"""Measure the cadences of the authors' published light curves, for the tests of ours.

From the repository's root::

    python data/measure_published_cadences.py --published-sample FOLDER
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from snlib.data.published_sample import read_published_sample
from snlib.data.quantities import FAINTEST_MAGNITUDE
from snlib.evaluation.cadence_statistics import PUBLISHED_CADENCES, cadence_statistics
from snlib.files import replacing


def measure(folder):
    """Statistics of the light curves as published, to the end of the simulations, a row a model.

    The last column is the first phase at which the model is as bright as simulated ones must be.
    """
    events = read_published_sample(folder).events
    curves = events.light_curves
    statistics = cadence_statistics(curves)
    faint_rise = (curves.phase_days < 0) & (curves.magnitude > FAINTEST_MAGNITUDE)
    bright = replace(curves, magnitude=np.where(faint_rise, np.nan, curves.magnitude))
    statistics["first_bright_phase_days"] = cadence_statistics(bright)["first_phase_days"]
    statistics.insert(0, "model", events.object_id)
    return statistics.round(4)


def main():
    """Write the table and say how long it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published-sample", type=Path, required=True, help="folder of the authors' files")
    statistics = measure(parser.parse_args().published_sample)
    with replacing(PUBLISHED_CADENCES) as temporary:
        statistics.to_csv(temporary, index=False)
    print(f"{PUBLISHED_CADENCES}: {len(statistics)} light curves")


if __name__ == "__main__":
    main()
