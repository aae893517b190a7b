"""Figures of the judgement by observed spectra.  Each function draws into the axes that it is given."""

import numpy as np

from snlib.figures.axes import side_by_side
from snlib.figures.spectra import mean_and_bands, plot_prediction
from snlib.figures.style import (
    FNU_LABEL,
    WAVELENGTH_LABEL,
    method_colour,
    method_marker,
    phase_title,
)

__all__ = [
    "plot_neighbours",
    "plot_observed_errors",
    "plot_observed_residuals",
    "plot_observed_spectra",
    "plot_reliability",
]

_STEP = 0.12  # from one method's mark to the next, of the distance of two phase bins
_PHASE_LABEL = "Phase of the spectrum [days from peak]"
_MARKERS = "osD^"  # of phase bins, early to late
_GREYS = ("0.75", "0.55", "0.35", "0.1")


def plot_observed_errors(axes, table, floor):
    """Draw the errors in level and shape, and in shape alone, by phase, a colour a method.

    Parameters
    ----------
    axes : sequence of 2 matplotlib.axes.Axes
    table : pandas.DataFrame
        `snlib.evaluation.observed_scores.mean_over_supernovae` by ``method`` and ``phase_bin``.
    floor : dict of str to float
        By column: how well repeated spectra of one supernova agree.
    """
    bins = list(dict.fromkeys(table["phase_bin"]))
    by_method = list(table.groupby("method", sort=False))
    for ax, (column, title) in zip(
        axes, {"raw_dex": "Level and shape", "shape_dex": "Shape alone"}.items(), strict=True
    ):
        for shift, (method, rows) in zip(side_by_side(len(by_method), _STEP), by_method, strict=True):
            style = {"color": method_colour(method), "fmt": method_marker(method), "label": method}
            places = rows["phase_bin"].map(bins.index).to_numpy() + shift
            ax.errorbar(places, rows[column], rows[f"{column}_error"], markersize=5, **style)
        ax.axhline(floor[column], color="0.5", linestyle=":", label="repeated observations")
        ax.set(title=title, xlabel=_PHASE_LABEL, ylim=(0, None))
        ax.set_xticks(range(len(bins)), map(_with_minus, bins))
    axes[0].set_ylabel("RMS difference [dex]")


def plot_neighbours(ax, table):
    """Draw the error in shape with one more spectrum of a supernova, against the days between the two.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        A row a separation, such as "3 to 6"; the means and errors of the columns of
        `snlib.replication.joint_scores.neighbour_table`.  Of the plain ways the best is drawn.
    """
    plain = [name for name in table if name.startswith("plain_") and not name.endswith("_error")]
    best = table[plain].idxmin(axis=1)
    lines = {
        "light curve alone": ("truth", ["alone_dex"] * len(table)),
        "residual carried over, best share": ("nearest supernova", list(best)),
        "joint transceiver": ("joint transceiver", ["joint_dex"] * len(table)),
    }
    for shift, (name, (method, columns)) in zip(side_by_side(3, _STEP), lines.items(), strict=True):
        values, errors = (
            [row[f"{column}{end}"] for (_, row), column in zip(table.iterrows(), columns, strict=True)]
            for end in ("", "_error")
        )
        style = {"color": method_colour(method), "fmt": method_marker(method), "label": name}
        ax.errorbar([i + shift for i in range(len(table))], values, errors, markersize=5, **style)
    ax.set_xticks(range(len(table)), table.index)
    ax.set(xlabel="Days between the two spectra", ylabel="RMS difference in shape [dex]", ylim=(0, None))
    ax.legend(fontsize="small", loc="lower right")


def plot_observed_residuals(axes, table):
    """Draw predicted less observed spectra against wavelength, a panel a phase bin, with 95 % bands.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
        One a phase bin; they share their axes.
    table : pandas.DataFrame
        Of `snlib.evaluation.observed_scores.mean_residuals`.
    """
    colour = method_colour("MMVAE")
    for ax, (name, rows) in zip(axes, table.groupby("phase_bin", sort=False), strict=True):
        x, y, error = (rows[column] for column in ("wavelength_aa", "residual_dex", "error_dex"))
        ax.fill_between(x, y - 1.96 * error, y + 1.96 * error, color=colour, alpha=0.3, linewidth=0)
        ax.plot(x, y, color=colour)
        ax.axhline(0, color="0.5", linewidth=0.8)
        ax.set(title=f"{_with_minus(name)} d", xlabel=WAVELENGTH_LABEL)
    axes[0].set_ylabel("Predicted − observed [dex]")


def plot_reliability(ax, table):
    """Draw how many observed pixels lie in intervals against how many should, a grey a phase bin.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        `snlib.evaluation.observed_scores.mean_over_supernovae` of one method, a row a ``phase_bin``, with
        columns such as ``coverage_90`` and ``coverage_90_error``.
    """
    columns = [name for name in table if name.startswith("coverage_") and not name.endswith("_error")]
    nominal = np.array([int(name.removeprefix("coverage_")) / 100 for name in columns])
    ax.plot([0, 1], [0, 1], color="0.5", linewidth=0.8, label="calibrated")
    for (_, row), marker, grey in zip(table.iterrows(), _MARKERS, _GREYS, strict=False):
        errors = [row[f"{name}_error"] for name in columns]
        style = {
            "color": grey,
            "marker": marker,
            "markersize": 5,
            "label": f"{_with_minus(row['phase_bin'])} d",
        }
        ax.errorbar(nominal, row[columns].astype(float), errors, **style)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.set(xlabel="Nominal coverage", ylabel="Share of observed pixels inside")


def _with_minus(text):
    """The name of a phase bin as it is printed."""
    return text.replace("-", "−")


def plot_observed_spectra(axes, wavelength_aa, phase_days, observed, samples, others):
    """Draw observed spectra of one supernova, and what was predicted from its light curve.

    Parameters
    ----------
    axes : sequence of P matplotlib.axes.Axes
    wavelength_aa : ndarray, shape (L,)
    phase_days : ndarray, shape (P,)
    observed : ndarray, shape (P, L)
        log10 F_nu.
    samples : ndarray, shape (P, S, L)
        Of the MMVAE.
    others : dict of str to ndarray, shape (P, L)
        By method.
    """
    for i, ax in enumerate(axes):
        style = {"color": method_colour("MMVAE"), "label": "MMVAE (trained on simulations), 90 %"}
        plot_prediction(ax, wavelength_aa, *mean_and_bands(samples[i]), **style)
        for method, spectra in others.items():
            ax.plot(wavelength_aa, spectra[i], color=method_colour(method), linewidth=1, label=method)
        ax.plot(wavelength_aa, observed[i], color=method_colour("truth"), linewidth=1, label="observed")
        ax.set(title=phase_title(phase_days[i]), xlabel=WAVELENGTH_LABEL)
    axes[0].set_ylabel(FNU_LABEL)
