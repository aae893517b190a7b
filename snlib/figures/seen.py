"""Figures of spectra as the observer has them.  Each function draws into the axes that it is given."""

from snlib.figures.style import phase_title

__all__ = ["plot_seen"]

_UNIT = 1e-15  # erg/s/cm^2/Angstrom
_SHOWN_AA = (3300.0, 8200.0)
_COLOURS = ("C0", "C1")


def plot_seen(ax, nights, observed=None):
    """Draw predicted spectra of a night, the first with its 90 % interval, and the observed one.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    nights : dict of str to pandas.DataFrame
        By what they were predicted from: ``phase_days``, ``wavelength_aa`` and ``f_lambda`` with its
        interval, as `snlib.observed.as_observed.write_as_observed` writes them.
    observed : pandas.DataFrame, optional
        ``wavelength`` and ``flux``.
    """
    for index, (name, night) in enumerate(nights.items()):
        night = night[night["wavelength_aa"].between(*_SHOWN_AA)]
        wavelength, colour = night["wavelength_aa"], _COLOURS[index]
        ax.plot(wavelength, night["f_lambda"] / _UNIT, color=colour, label=f"predicted from {name}")
        if not index:
            low, high = (night[f"{end}_90_f_lambda"] / _UNIT for end in ("low", "high"))
            ax.fill_between(
                wavelength, low, high, color=colour, alpha=0.25, linewidth=0, label="90 % interval"
            )
    if observed is not None:
        seen = observed[observed["wavelength"].between(*_SHOWN_AA)]
        ax.plot(seen["wavelength"], seen["flux"] / _UNIT, color="k", linewidth=0.8, label="observed")
    ax.set(title=phase_title(night["phase_days"].iloc[0]), xlabel="Wavelength of the observer [Å]")
    ax.set_ylim(0, None)
