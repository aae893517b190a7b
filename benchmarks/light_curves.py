"""How fast light curves are made: from the repository's root, ``python benchmarks/light_curves.py``.

One process; ``OMP_NUM_THREADS=1`` shows what one core does.
"""

import argparse
import time

import numpy as np
import pandas as pd

from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.simulator import simulate
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_grid import SurrogateGrid
from snlib.simulation.survey import SELECTIONS, draw_cadence
from snlib.simulation.visits import load_visits

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
    visits, grid = load_visits(), SurrogateGrid(Surrogate.load())
    visits.near(0.0, 0.0)  # builds the k-d tree
    print(f"loading and indexing {len(visits.mjd)} visits: {time.perf_counter() - start:.1f} s")

    surface = grid.surface(0, seed=0)
    band_magnitudes(surface.wavelength_aa, surface.log10_fnu)  # reads the filters
    steps = {f"cadence, {name}": lambda rng, s=name: draw_cadence(visits, rng, s) for name in SELECTIONS} | {
        "surface, with residuals and noise": lambda rng: grid.surface(0, seed=0),
        "photometry, 81 days x 6 bands": lambda rng: band_magnitudes(
            surface.wavelength_aa, surface.log10_fnu
        ),
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
