"""Figures of objectives and training.  Each function draws into the axes that it is given."""

import numpy as np
import seaborn as sns
from matplotlib.ticker import LogLocator, NullLocator

from snlib.figures.style import method_colour, recipe_colour, recipe_label

__all__ = [
    "plot_convergence",
    "plot_divergence",
    "plot_losses",
    "plot_race",
    "plot_random_decoding",
    "plot_subset_estimates",
    "plot_throughput",
]


def plot_losses(axes, trained, label):
    """Draw the loss against steps, a panel a recipe: training dotted, validation solid.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
    trained : dict of str to snlib.replication.trained_files.Trained
        By recipe; the weights that are kept are marked.
    label : str
        Of the loss, with its unit.
    """
    for ax, (recipe, of_recipe) in zip(axes, trained.items(), strict=True):
        colour, history, best = recipe_colour(recipe), of_recipe.history, of_recipe.best()
        ax.plot(history["step"], history["train_loss"], ":", color=colour, label="training")
        ax.plot(history["step"], history["validation_loss"], color=colour, label="validation")
        ax.plot(best["step"], best["validation_loss"], "o", color=colour, markersize=5, label="weights kept")
        ax.set(title=recipe_label(recipe), xlabel="Training step", ylabel=label)
    axes[-1].legend()


def plot_race(axes, histories):
    """Draw the validation loss against time, a panel a recipe and a line a device.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
    histories : dict of str to dict of str to pandas.DataFrame
        By recipe and device; see `snlib.training.loop.train`.  A dotted line is at the lowest loss of the
        shortest.
    """
    colours = sns.color_palette("colorblind")
    for ax, (recipe, by_device) in zip(axes, histories.items(), strict=True):
        for (device, history), colour in zip(by_device.items(), colours, strict=False):
            minutes = history["seconds"] / 60
            ax.plot(minutes, history["validation_loss"], "o-", color=colour, markersize=3, label=device)
        lowest = min(by_device.values(), key=len)["validation_loss"].min()
        ax.axhline(lowest, color="0.6", linestyle=":", linewidth=1)
        ax.set(title=recipe_label(recipe), xlabel="Time [min]", xlim=(0, None))
    axes[0].set_ylabel("Minus bound of Eq. 3,\nvalidation [nats per pair]")
    axes[-1].legend()


def plot_convergence(ax, bounds, evidence):
    """Draw bounds on a known log evidence against the number of samples, with standard errors.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    bounds : pandas.DataFrame
        Columns ``bound, k, mean, error``, in nats.
    evidence : float
    """
    ax.axhline(evidence, color="black", linewidth=1, label="log evidence, exact")
    for (name, line), marker in zip(bounds.groupby("bound", sort=False), "os^", strict=False):
        ax.errorbar(line["k"], line["mean"], line["error"], marker=marker, capsize=3, label=name)
    ax.set_xscale("log", base=2)
    ax.set_xticks(sorted(set(bounds["k"])), sorted(set(bounds["k"])))
    ax.set(xlabel="Samples per modality, $K$", ylabel="Mean over events [nats]")
    ax.legend()


def plot_divergence(ax, location, closed, integrated):
    """Draw the divergence of Laplace distributions from the prior: closed form, and integrals as dots.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    location : ndarray, shape (n,)
    closed, integrated : dict of float to ndarray, shape (n,)
        By scale, in nats.
    """
    for scale, colour in zip(closed, sns.color_palette("colorblind"), strict=False):
        ax.plot(location, closed[scale], color=colour, label=f"scale {scale:g}")
        ax.plot(location[::8], integrated[scale][::8], "o", color=colour, markersize=4)
    ax.set(xlabel="Location of the posterior", ylabel="Divergence from the prior [nats]")
    ax.legend(title="dots: integrated")


def plot_subset_estimates(ax, estimates, full):
    """Draw rescaled log likelihoods of random subsets about that of all wavelengths.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    estimates : dict of int to ndarray
        By number of wavelengths, relative to that of all.
    full : int
        How many wavelengths there are.
    """
    ax.axhline(0, color="0.6", linewidth=0.8)
    ax.violinplot(list(estimates.values()), widths=0.8, showextrema=False)
    for place, values in enumerate(estimates.values(), 1):
        error = values.std(ddof=1) / np.sqrt(len(values))
        ax.errorbar(place, values.mean(), 4 * error, fmt="o", color="black", markersize=4, capsize=4)
    ax.set_xticks(range(1, len(estimates) + 1), list(estimates))
    ax.set_xlabel(f"Wavelengths decoded, of {full}")
    ax.set_ylabel("Error of the estimated\nlog likelihood [nats]")


def plot_random_decoding(axes, rows, milliseconds):
    """Draw quality and cost of decoding some wavelengths a step; a dot a seed.

    Parameters
    ----------
    axes : sequence of 2 matplotlib.axes.Axes
    rows : pandas.DataFrame
        Columns ``wavelengths, rmse_dex``, a row a training.
    milliseconds : pandas.Series
        Of a step, by number of wavelengths.
    """
    quality, cost = axes
    positions = {n: place for place, n in enumerate(sorted(rows["wavelengths"].unique()))}
    colour = method_colour("MMVAE")
    quality.plot(rows["wavelengths"].map(positions), rows["rmse_dex"], "o", color=colour, alpha=0.6)
    means = rows.groupby("wavelengths")["rmse_dex"].mean()
    quality.plot(means.index.map(positions), means, "_", color="black", markersize=20)
    quality.set_ylim(0, 1.25 * rows["rmse_dex"].max())
    quality.set_ylabel("RMSE on test events [dex]")
    cost.bar([positions[n] for n in milliseconds.index], milliseconds, color=colour, width=0.6)
    cost.set_ylabel("Time of a step, one CPU thread [ms]")
    for ax in axes:
        ax.set_xticks(list(positions.values()), list(positions))
        ax.set_xlabel("Wavelengths decoded a step")


def plot_throughput(ax, steps):
    """Draw pairs trained per second against the size of the batch, a line a mode and precision.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    steps : pandas.DataFrame
        Columns ``batch, mode, precision, pairs/s``; see ``benchmarks/training.py``.
    """
    colours = dict(zip(steps["mode"].unique(), sns.color_palette("colorblind"), strict=False))
    marks = {"fp32": "o-", "tf32": "s:", "bf16": "^--"}
    for (mode, precision), line in steps.sort_values("batch").groupby(["mode", "precision"], sort=False):
        label = f"{mode}, {precision}"
        ax.loglog(line["batch"], line["pairs/s"], marks[precision], color=colours[mode], label=label)
    ax.set(xlabel="Pairs in a batch", ylabel="Pairs trained per second")
    ax.set_xticks(steps["batch"].unique(), [f"{batch:,}" for batch in steps["batch"].unique()])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.legend(fontsize="small")
