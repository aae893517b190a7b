"""How fast light curves are made: from the repository's root, ``python benchmarks/light_curves.py``.

One process; ``OMP_NUM_THREADS=1`` shows what one core does.
"""

import argparse
import time

import numpy as np
import pandas as pd

from snlib.grid import draw_parameters
from snlib.photometry import band_magnitudes
from snlib.simulate import simulate
from snlib.surrogate import PHOTOMETRY_WAVELENGTH_AA, Surrogate
from snlib.survey import PHOTOMETRY_PHASES_DAYS, SELECTIONS, draw_cadence
from snlib.visits import load_visits

PAPER_EVENTS = 4500


def seconds(function, n):
    """Time `n` calls, each given its own random generator."""
    generators = [np.random.default_rng((0, 0, i)) for i in range(n)]
    start = time.perf_counter()
    for rng in generators:
        function(rng)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=500, help="default: %(default)s")
    n = parser.parse_args().events
    start = time.perf_counter()
    visits, surrogate = load_visits(), Surrogate.load()
    visits.near(0.0, 0.0)  # builds the k-d tree
    print(f"loading and indexing {len(visits.mjd)} visits: {time.perf_counter() - start:.1f} s")

    wavelength_aa = PHOTOMETRY_WAVELENGTH_AA
    parameters = draw_parameters(np.random.default_rng(0))[None]
    surface = surrogate.log10_fnu(parameters, PHOTOMETRY_PHASES_DAYS, wavelength_aa)[0]
    band_magnitudes(wavelength_aa, surface)  # reads the filters
    steps = {f"cadence, {name}": lambda rng, s=name: draw_cadence(visits, rng, s) for name in SELECTIONS} | {
        "surface": lambda rng: surrogate.log10_fnu(parameters, PHOTOMETRY_PHASES_DAYS, wavelength_aa),
        "photometry, 81 days x 6 bands": lambda rng: band_magnitudes(wavelength_aa, surface),
    }
    times = {name: seconds(function, n) for name, function in steps.items()}
    start = time.perf_counter()
    simulate(n, seed=0)
    times["simulate: all of it, and spectra"] = time.perf_counter() - start
    table = pd.DataFrame({"s": times})
    table["events/s"] = n / table["s"]
    table[f"s for {PAPER_EVENTS}"] = PAPER_EVENTS * table["s"] / n
    print(table.round(1).to_string())


if __name__ == "__main__":
    main()
