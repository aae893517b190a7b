"""The numbers that the claims are about, from the tables of one or more seeds, with their bootstrap."""

import numpy as np

from snlib.data.quantities import PARAMETERS
from snlib.evaluation.bootstrap import draw_weights, over_seeds
from snlib.random_streams import stream

__all__ = ["Evidence"]

_TEST_EVENTS, _PRIOR_SAMPLES = 0, 1  # what is drawn again
_NICKEL = [parameter.name for parameter in PARAMETERS].index("ni56_mass_msun")


class Evidence:
    """Tables of `snlib.replication.results` by name, each a sequence over the same seeds.

    Every number comes as an array of shape (1 + replicates,): the estimate, then its bootstrap
    replicates.  Methods are compared on the same draws of events.

    Parameters
    ----------
    tables : dict of str to sequence of pandas.DataFrame
    """

    def __init__(self, tables):
        self.tables = tables
        n_events = [int(table["event"].max()) + 1 for table in tables["spectra"]]
        self.weights = [_weights(n, seed, _TEST_EVENTS) for seed, n in enumerate(n_events)]

    def rmse_ratio(self, above, below, recipe):
        """RMSE of one model in units of another's: geometric mean over phases and seeds."""
        return self._ratio(self._mse(above, recipe), self._mse(below, recipe), power=0.5)

    def coverage(self, model, recipe):
        """Coverage of the latent-only 90 % interval, mean over phases and seeds."""
        where = {"model": f"{model} ({recipe})", "interval": "latent"}
        return over_seeds([values.mean(1) for values in self._phases("spectra", "coverage_90", where)])

    def width_ratio(self, above, below, recipe):
        """Width of one model's latent-only intervals in units of another's, as `rmse_ratio`."""
        widths = (
            self._phases("spectra", "width_90_dex", {"model": f"{model} ({recipe})", "interval": "latent"})
            for model in (above, below)
        )
        return self._ratio(*widths)

    def masked_rmse_ratio(self, hidden, recipe):
        """RMSE with a share of the points hidden in units of that with none, as `rmse_ratio`."""
        return self._ratio(*self._masked("mse_dex2", hidden, recipe), power=0.5)

    def masked_distance_ratio(self, hidden, recipe):
        """Distance of prediction and mean spectrum likewise."""
        return self._ratio(*self._masked("model_mean_dex", hidden, recipe))

    def masked_distance_before_peak(self, hidden, recipe):
        """The same ratio at the first phase, in units of its geometric mean over the later ones."""
        pairs = zip(*self._masked("model_mean_dex", hidden, recipe), strict=True)
        logs = [np.log(above / below) for above, below in pairs]
        return np.exp(over_seeds([log[:, 0] - log[:, 1:].mean(1) for log in logs]))

    def generated_ratio(self, value, above, below, recipe):
        """Mean of a column of the generated spectra, a kind in units of another; geometric over seeds."""
        logs = []
        for seed, table in enumerate(self.tables["generation"]):
            means = []
            for kind in (above, below):
                where = {"kind": kind, "recipe": "none" if kind == "truth" else recipe}
                of = _select(table, where)[value].to_numpy()
                # Truth and conditional spectra are of the test events, prior ones of nobody.
                weights = _weights(len(of), seed, _PRIOR_SAMPLES) if kind == "prior" else self.weights[seed]
                means.append(weights @ of / weights.sum(1))
            logs.append(np.log(means[0] / means[1]))
        return np.exp(over_seeds(logs))

    def nickel_ratio(self, method, recipe):
        """Error of the nickel mass in units of the smallest error among the other parameters."""

        def ratio(errors):
            return errors[:, _NICKEL] / np.delete(errors, _NICKEL, axis=1).min(1)

        return over_seeds([ratio(errors) for errors in self._errors(method, "test", recipe)])

    def parameters_won(self, method, recipe):
        """Number of the six parameters that a method misses by less than the end-to-end model does."""
        pairs = zip(
            self._errors(method, "test", recipe), self._errors("end to end", "train", recipe), strict=True
        )
        return over_seeds([(ours < theirs).sum(1) for ours, theirs in pairs])

    def _mse(self, model, recipe):
        if model == "mean spectrum":
            return self._phases("spectra", "mse_dex2", {"model": model})
        interval = "none" if model.startswith("contrastive") else "latent"
        where = {"model": f"{model} ({recipe})", "interval": interval}
        return self._phases("spectra", "mse_dex2", where)

    def _masked(self, value, hidden, recipe):
        return [
            self._phases("masking", value, {"recipe": recipe, "hidden": fraction})
            for fraction in (hidden, 0.0)
        ]

    def _errors(self, method, fitted_to, recipe):
        where = {"method": method, "data": "light curve", "fitted_to": fitted_to, "recipe": recipe}
        names = [parameter.name for parameter in PARAMETERS]
        return [
            weights @ _select(table, where)[names].to_numpy() / weights.sum(1, keepdims=True)
            for table, weights in zip(self.tables["parameters"], self.weights, strict=True)
        ]

    def _phases(self, name, value, where):
        """Of each seed: mean of a column over the pixels of all events, (1 + replicates, phases)."""
        means = []
        for table, weights in zip(self.tables[name], self.weights, strict=True):
            rows = _select(table, where)
            n = rows["n_pixels"]
            total = (rows[value] * n).where(n > 0, 0.0)  # without pixels there is no value
            sums = rows.assign(total=total, n=n).pivot(
                index="event", columns="phase_days", values=["total", "n"]
            )
            means.append(weights @ sums["total"].to_numpy() / (weights @ sums["n"].to_numpy()))
        return means

    def _ratio(self, above, below, power=1.0):
        logs = [power * np.log(a / b).mean(1) for a, b in zip(above, below, strict=True)]
        return np.exp(over_seeds(logs))


def _weights(n, seed, what):
    return draw_weights(n, stream("bootstrap of events", 0, seed, what))


def _select(table, where):
    rows = table[(table[list(where)] == list(where.values())).all(axis=1)]
    if rows.empty:
        raise ValueError(f"no results of {where}")
    return rows
