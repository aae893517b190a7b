"""Measure which light curves the shipped weights call unlike, and how often simulated ones.

From the repository's root::

    python data/judge_unlike.py

Writes results/unlike beside this file, from events that the weights have not seen.  To be run when weights
are replaced; `snlib.evaluation.unlike` says what the tables hold.
"""

import numpy as np
import pandas as pd

from snlib import __version__
from snlib.data.dataset import without_late_points
from snlib.evaluation.unlike import judge_cuts, judge_kinds, judge_shortened, roc, shares
from snlib.files import DATA
from snlib.inference import DEFAULT_WEIGHTS, Forecaster
from snlib.replication.cache import file_digest
from snlib.replication.kept_tables import keep_tables
from snlib.simulation import simulate
from snlib.training.steps import use_one_core

N_EVENTS, SEED = 1000, 1  # the weights were trained on events of seed 0


def main():
    """Write the tables, and from what they were made."""
    use_one_core()
    forecaster = Forecaster.load(DEFAULT_WEIGHTS)
    events = without_late_points(simulate(N_EVENTS, SEED))
    shortened, by_cut, kinds = (
        judge(forecaster, events, SEED) for judge in (judge_shortened, judge_cuts, judge_kinds)
    )
    simulated = pd.concat([shortened.assign(cut="at random", value=np.inf), by_cut])
    limit, folder = forecaster.familiarity.limit, DATA / "results" / "unlike"
    tables = {
        "false_alarms": shares(simulated, ["cut", "value"], limit),
        "kinds": shares(kinds, ["kind", "points"], limit),
        "roc": roc(kinds, shortened),
    }
    made_from = {
        "weights": {"file": DEFAULT_WEIGHTS.name, "sha256": file_digest(DEFAULT_WEIGHTS)},
        "familiarity": forecaster.familiarity.to_dict(),
        "events": {"n_events": N_EVENTS, "seed": SEED, "digest": events.digest()},
        "snlib": __version__,
    }
    keep_tables(folder, tables, made_from)


if __name__ == "__main__":
    main()
