"""The numbers that the claims are about, from the tables of one or more seeds, with their bootstrap."""

from itertools import pairwise

import numpy as np

from snlib.data.quantities import PARAMETERS
from snlib.evaluation.bootstrap import draw_weights, over_seeds, weights_of_seeds
from snlib.evaluation.experts import DEAD_BELOW
from snlib.random_streams import stream

__all__ = ["HARDLY", "Evidence"]

_NAMES = [parameter.name for parameter in PARAMETERS]
_NICKEL = _NAMES.index("ni56_mass_msun")
_MAJORITIES = (0.3, 0.5, 0.7, 0.9)  # fractions hidden, as the paper's majority of the observations is lost
# To which events the models from light curves to parameters are fitted in the paper.
_FITTED_TO = {"MMVAE": "test", "contrastive": "test", "end to end": "train"}
HARDLY = 0.8  # of the error of the training mean


class Evidence:
    """Tables of `snlib.replication.results` by name, each a sequence over the same seeds.

    A seed may lack a recipe, or a model of it; a number then comes from those that have what it compares.
    Every number but `share_dead` comes as an array of shape (1 + replicates,): the estimate, then its
    bootstrap replicates.  Methods are compared on the same draws of events, and so are seeds that were judged
    by the same events.

    Parameters
    ----------
    tables : dict of str to sequence of pandas.DataFrame
    events : sequence, optional
        By which events each seed was judged: equal for the same ones.  By default each had its own.
    """

    def __init__(self, tables, events=None):
        self.tables = tables
        self.weights = weights_of_seeds(tables["spectra"], events)

    @property
    def recipes(self):
        """Names of the recipes that any seed tells of, in the order of the tables."""
        return list(dict.fromkeys(name for table in self.tables["experts"] for name in table["recipe"]))

    def n_seeds(self, recipe):
        """How many seeds tell of the MMVAE of a recipe."""
        return len(self._coverage("MMVAE", recipe))

    def rmse_ratio(self, above, below, recipe):
        """RMSE of one model in units of another's: geometric mean over phases and seeds."""
        return self._ratio(self._mse(above, recipe), self._mse(below, recipe), power=0.5)

    def coverage(self, model, recipe):
        """Coverage of the latent-only 90 % interval, mean over phases and seeds."""
        return over_seeds([values.mean(1) for values in self._coverage(model, recipe).values()])

    def masked_rmse_ratio(self, hidden, recipe):
        """RMSE with a share of the points hidden in units of that with none, as `rmse_ratio`."""
        return self._ratio(*self._masked("mse_dex2", hidden, recipe), power=0.5)

    def length_rmse_ratio(self, every, recipe):
        """RMSE of spectra reconstructed from some of their pixels in units of that from all, likewise."""
        some, all_pixels = (
            self._phases("lengths", "mse_dex2", {"recipe": recipe, "every": one}) for one in (every, 1)
        )
        return self._ratio(some, all_pixels, power=0.5)

    def masked_distance_ratio(self, hidden, recipe):
        """Distance of prediction and mean spectrum likewise."""
        return self._ratio(*self._masked("model_mean_dex", hidden, recipe))

    def masked_distance_before_peak(self, hidden, recipe):
        """The same ratio at the first phase, in units of its geometric mean over the later ones."""
        logs = _logs(*self._masked("model_mean_dex", hidden, recipe))
        return np.exp(over_seeds([log[:, 0] - log[:, 1:].mean(1) for log in logs]))

    def masked_distance_by_wavelength(self, hidden, recipe):
        """The same ratio where it is largest among bins of wavelength: geometric mean over seeds in each."""
        logs = _logs(*self._masked("model_mean_dex", hidden, recipe, "masked_distances", "wavelength_aa"))
        return np.exp(over_seeds(logs)).max(1)

    def masked_step_ratio(self, recipe):
        """Distance in units of that with fewer points hidden: the largest step from 30 % to 90 % hidden.

        Each step is a geometric mean over phases and seeds.
        """
        distances = [self._hidden("model_mean_dex", fraction, recipe) for fraction in _MAJORITIES]
        return np.max([self._ratio(more, fewer) for fewer, more in pairwise(distances)], axis=0)

    def share_dead(self, recipe):
        """Share of the seeds whose light-curve expert says the same of every event: a plain number."""
        where = {"recipe": recipe, "expert": "light curve"}
        experts = self._rows("experts", where).values()
        return float(np.mean(np.array([rows["spread"].iloc[0] for rows in experts]) < DEAD_BELOW))

    def generated_ratio(self, value, above, below, recipe):
        """Mean of a column of the generated spectra, a kind in units of another; geometric over seeds."""
        return _geometric(*self._generated(_mean, value, (above, below), recipe))

    def blend_depth_ratio(self, above, below, recipe):
        """Mean depth of the blended absorption of generated spectra, a kind in units of another.

        Arithmetic over seeds: where there is a bump, the depth is negative.
        """
        depths = self._generated(_mean, "blend_depth_dex", (above, below), recipe)
        return over_seeds(list(_over(*depths).values()))

    def blend_spread_ratio(self, above, below, recipe):
        """Standard deviation of that depth over samples, a kind in units of another; geometric over seeds."""
        return _geometric(*self._generated(_spread, "blend_depth_dex", (above, below), recipe))

    def parameters_won(self, method, recipe):
        """Number of the six parameters that a method misses by less than the end-to-end model does."""
        ours = self._errors(_mean, method, "test", recipe)
        pairs = _of_same_seed(ours, self._errors(_mean, "end to end", "train", recipe))
        return over_seeds([(ours < theirs).sum(1) for ours, theirs in pairs])

    def hardly_recovered(self, recipe):
        """Number of the 18 pairs of a method and a parameter whose error is hardly less than the mean's.

        At least 0.8 of the error of the mean of the training events, that is.
        """
        seeds = _of_same_seed(*(self._relative_errors(method, recipe) for method in _FITTED_TO))
        return over_seeds([(np.hstack(errors) >= HARDLY).sum(1) for errors in seeds])

    def nickel_skill_ratio(self, method, recipe):
        """Error of the nickel mass in units of the geometric mean over the other parameters, and over seeds.

        Each error is taken in units of the training mean's.
        """
        logs = [np.log(errors) for errors in self._relative_errors(method, recipe).values()]
        others = (np.delete(log, _NICKEL, axis=1).mean(1) for log in logs)
        return np.exp(over_seeds([log[:, _NICKEL] - other for log, other in zip(logs, others, strict=True)]))

    def scatter_exceeds_gain(self, method, recipe):
        """Number of the six parameters where the scatter of a method's errors hides what it gains.

        The standard deviation of its absolute errors over events, against the difference between its mean
        error and that of the end-to-end model.
        """
        scatter, ours, theirs = (
            self._errors(statistic, name, _FITTED_TO.get(name), recipe)
            for statistic, name in ((_spread, method), (_mean, method), (_mean, "end to end"))
        )
        seeds = _of_same_seed(scatter, ours, theirs)
        return over_seeds([(width > np.abs(mine - other)).sum(1) for width, mine, other in seeds])

    def _coverage(self, model, recipe):
        where = {"model": f"{model} ({recipe})", "interval": "latent"}
        return self._phases("spectra", "coverage_90", where)

    def _mse(self, model, recipe):
        if model == "mean spectrum":
            return self._phases("spectra", "mse_dex2", {"model": model})
        interval = "none" if model.startswith("contrastive") else "latent"
        where = {"model": f"{model} ({recipe})", "interval": interval}
        return self._phases("spectra", "mse_dex2", where)

    def _masked(self, value, hidden, recipe, name="masking", along="phase_days"):
        return [self._hidden(value, fraction, recipe, name, along) for fraction in (hidden, 0.0)]

    def _hidden(self, value, fraction, recipe, name="masking", along="phase_days"):
        return self._phases(name, value, {"recipe": recipe, "hidden": fraction}, along)

    def _generated(self, statistic, value, kinds, recipe):
        """Of each kind and seed: a statistic of a column of the generated spectra, (1 + replicates,)."""
        return [self._of_samples(statistic, value, kind, recipe) for kind in kinds]

    def _of_samples(self, statistic, value, kind, recipe):
        where, found = {"kind": kind, "recipe": "none" if kind == "truth" else recipe}, {}
        for seed, rows in self._rows("generation", where).items():
            of = rows[value].to_numpy()
            # Truth and conditional spectra are of the test events, prior ones of nobody.
            weights = _weights_of_samples(len(of), seed) if kind == "prior" else self.weights[seed]
            known = np.isfinite(of)  # a true spectrum may have no pixels where a value is measured
            found[seed] = statistic(weights[:, known], of[known])
        return found

    def _errors(self, statistic, method, fitted_to, recipe):
        """Of each seed: a statistic of a method's errors from light curves, (1 + replicates, 6)."""
        where = {"method": method, "data": "light curve", "fitted_to": fitted_to, "recipe": recipe}
        return self._of_parameters(statistic, where)

    def _relative_errors(self, method, recipe):
        """Likewise, the mean in units of that of the training mean."""
        errors = self._errors(_mean, method, _FITTED_TO.get(method), recipe)
        return _over(errors, self._of_parameters(_mean, {"method": "training mean"}))

    def _of_parameters(self, statistic, where):
        return {
            seed: statistic(self.weights[seed], rows[_NAMES].to_numpy())
            for seed, rows in self._rows("parameters", where).items()
        }

    def _rows(self, name, where):
        """By seed, the rows of a table where columns have some values; of the seeds that have them."""
        found = {seed: _select(table, where) for seed, table in enumerate(self.tables[name])}
        found = {seed: rows for seed, rows in found.items() if not rows.empty}
        if not found:
            raise ValueError(f"no results of {where}")
        return found

    def _phases(self, name, value, where, along="phase_days"):
        """Of each seed: mean of a column over the pixels of all events, (1 + replicates, phases).

        Along another column than the phase, (1 + replicates, its values).
        """
        means = {}
        for seed, rows in self._rows(name, where).items():
            n, weights = rows["n_pixels"], self.weights[seed]
            total = (rows[value] * n).where(n > 0, 0.0)  # without pixels there is no value
            sums = rows.assign(total=total, n=n).pivot(index="event", columns=along, values=["total", "n"])
            means[seed] = weights @ sums["total"].to_numpy() / (weights @ sums["n"].to_numpy())
        return means

    def _ratio(self, above, below, power=1.0):
        above, below = (
            over_seeds([power * np.log(values).mean(1) for values in of.values()]) for of in (above, below)
        )
        return np.exp(above - below)


def _weights_of_samples(n, seed):
    """Weights for n prior samples, which are drawn again like events, from a stream of their own."""
    return draw_weights(n, stream("bootstrap of events", 0, seed, 1))


def _select(table, where):
    return table[(table[list(where)] == list(where.values())).all(axis=1)]


def _mean(weights, values):
    """Weighted mean over events, (R,) of values (N,) or (R, 6) of values (N, 6)."""
    return ((weights @ values).T / weights.sum(1)).T


def _spread(weights, values):
    """Weighted standard deviation over events, as `_mean`; that of n draws, so divided by n - 1."""
    n, values = weights.sum(1), values - values.mean(0)  # nearer to zero: less is lost in the difference
    variance = _mean(weights, values**2) - _mean(weights, values) ** 2
    return np.sqrt(np.maximum(variance, 0.0).T * n / (n - 1)).T


def _of_same_seed(*found):
    """What was found by seed, together for each seed that has all of it."""
    return [tuple(of[seed] for of in found) for seed in found[0] if all(seed in of for of in found)]


def _over(above, below):
    return {seed: values / below[seed] for seed, values in above.items() if seed in below}


def _logs(above, below):
    return [np.log(ratio) for ratio in _over(above, below).values()]


def _geometric(above, below):
    return np.exp(over_seeds(_logs(above, below)))
