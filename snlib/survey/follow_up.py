"""What to look at again: from the summaries of a survey to a table of objects to follow up."""

import numpy as np
import pandas as pd
from pyarrow import compute as pc

__all__ = ["TELLING", "UNLIKE", "follow_up", "looked_through"]

#: Why an object is to be followed up.
UNLIKE, TELLING = "unlike the training set", "its spectrum would teach most"


def looked_through(results, phase_days):
    """What decides whether an object of a survey is to be followed up.

    Parameters
    ----------
    results : pyarrow.Table, N rows
        Of ``snlib predict --summary`` over observed light curves: with the columns of
        `snlib.survey.summary.summary_table` and of `snlib.observed.steps.Steps`.
    phase_days : float
        Of the spectrum that could be taken; one of those that were predicted.

    Returns
    -------
    pandas.DataFrame, N rows
        By the identifier: ``redshift, n_points, misfit_mag, unlike``; ``r_mag``, the apparent magnitude that
        is predicted, without K-correction; ``width_dex``, the mean width of the 90 % interval of log10 F_nu
        over wavelengths; and ``width_per_mag``, the former over the latter.

    Raises
    ------
    ValueError
        If nothing was predicted at that phase.
    """
    spectra, features = (_flat(results, name, phase_days) for name in ("spectra", "features"))
    width = (spectra["high_90_log10_fnu"] - spectra["low_90_log10_fnu"]).groupby(spectra["row"]).mean()
    r_mag = features[features["feature"] == "r_mag"].set_index("row")["mean"]
    names = ["redshift", "n_points", "misfit_mag", "unlike"]
    table = results.select(names).to_pandas()
    table.index = pd.Index(results.column(0).to_pandas(), name=results.column_names[0])
    table["r_mag"] = r_mag.to_numpy(float) + results["distance_modulus"].to_numpy()
    table["width_dex"] = width.to_numpy(float)
    return table.assign(width_per_mag=table["width_dex"] / table["r_mag"])


def _flat(results, name, phase_days):
    """Values of a nested column at a phase, with the row of each."""
    nested = results[name].combine_chunks()
    lists = {field.name: nested.field(field.name) for field in nested.type}
    first = next(iter(lists.values()))
    row = pc.list_parent_indices(first).to_numpy()
    flat = {field: one.flatten().to_numpy(zero_copy_only=False) for field, one in lists.items()}
    table = pd.DataFrame({"row": row} | flat)
    table = table[np.isclose(table.pop("phase_days"), phase_days)]
    if table.empty:
        raise ValueError(f"{name}: nothing was predicted at {phase_days:g} d")
    return table


def follow_up(table, n=10):
    """Choose objects: those most unlike the training set, and those whose spectrum would teach most.

    The first have the largest misfit.  The second have, among the others (whose intervals can be believed
    more), the widest interval per apparent magnitude, since a spectrum of a faint object costs more.  Objects
    without a usable point are neither.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `looked_through`.
    n : int
        Of each, or fewer if there are not so many.

    Returns
    -------
    pandas.DataFrame
        Its rows, first the unlike and then the telling ones, each in order, with ``why`` in front: `UNLIKE`
        or `TELLING`.
    """
    usable = table[table["n_points"] > 0]
    unlike = usable.nlargest(n, "misfit_mag")
    telling = usable.drop(index=unlike.index).nlargest(n, "width_per_mag")
    chosen = pd.concat([unlike, telling])
    chosen.insert(0, "why", [UNLIKE] * len(unlike) + [TELLING] * len(telling))
    return chosen
