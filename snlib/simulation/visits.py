"""The visits of a Rubin survey, found by position with a k-d tree."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from snlib.data.quantities import BANDS
from snlib.files.guard import Array, require_file
from snlib.files.npz import read_npz
from snlib.files.places import DATA
from snlib.files.sqlite import SQLITE_MAGIC
from snlib.simulation.opsim import read_opsim

__all__ = ["RUBIN_VISITS", "Visits", "load_visits"]

#: The file of visits that comes with snlib, from Rubin's simulated baseline survey.
RUBIN_VISITS = DATA / "rubin_visits.npz"

_HALF_BOX_DEG = 1.75
_PACKED_FIELDS = {
    "mjd_start": Array(0),
    "mjd_step": Array(1),
    "ra_centideg": Array(1),
    "dec_centideg": Array(1),
    "band": Array(1, "iu"),
    "depth_centimag": Array(1),
}


@dataclass(frozen=True)
class Visits:
    """The visits of a survey, in time order.

    Attributes
    ----------
    mjd : ndarray, shape (V,)
        Start of the exposure, days, ascending.
    ra_deg, dec_deg : ndarray, shape (V,)
        Centre of the field, degrees: RA in [0, 360), Dec in [-90, 90].
    band : ndarray of int, shape (V,)
        Index into `snlib.data.quantities.BANDS`.
    five_sigma_depth : ndarray, shape (V,)
        AB magnitude of a point source detected at 5 sigma.

    Raises
    ------
    ValueError
        If a field has another shape or impossible values; the message names it.
    """

    mjd: np.ndarray
    ra_deg: np.ndarray
    dec_deg: np.ndarray
    band: np.ndarray
    five_sigma_depth: np.ndarray

    def __post_init__(self):
        """Check shapes and values."""
        valid = {
            "mjd": np.isfinite(self.mjd) & (np.diff(self.mjd, prepend=self.mjd[:1]) >= 0),
            "ra_deg": (self.ra_deg >= 0) & (self.ra_deg < 360),
            "dec_deg": np.abs(self.dec_deg) <= 90,
            "band": np.isin(self.band, np.arange(len(BANDS))),
            "five_sigma_depth": np.isfinite(self.five_sigma_depth),
        }
        for name, ok in valid.items():
            values = getattr(self, name)
            if values.shape != (self.mjd.size,) or not values.size:
                raise ValueError(f"{name}: shape {values.shape} for {self.mjd.size} visits")
            if not ok.all():
                wrong = np.argmin(ok)
                reason = "not finite, or earlier than the visit before" if name == "mjd" else "out of range"
                raise ValueError(f"{name}: {values[wrong]:g} at visit {wrong} is {reason}")

    def near(self, ra_deg, dec_deg):
        """Find the visits whose field, a box of 3.5 deg, holds a position.

        As in the published code the box is in RA and Dec themselves, without cos(Dec).

        Parameters
        ----------
        ra_deg, dec_deg : float
            Degrees, RA in [0, 360).

        Returns
        -------
        ndarray of int, shape (K,)
            Indices of the visits, in time order.
        """
        found = self._tree.query_ball_point((ra_deg, dec_deg), _HALF_BOX_DEG, p=np.inf, return_sorted=True)
        return np.array(found, dtype=int)

    @cached_property
    def _tree(self):
        # Periodic in RA (period 360), not in Dec (0).
        positions = np.column_stack([self.ra_deg, self.dec_deg])
        return cKDTree(positions, leafsize=64, balanced_tree=False, boxsize=(360.0, 0.0))


def load_visits(path=RUBIN_VISITS):
    """Read visits; by default the simulated survey that comes with the repository.

    Parameters
    ----------
    path : path-like
        Either the npz file that ``data/make_rubin_visits.py`` writes, or the SQLite database of an
        OpSim run, told by its first bytes; see `snlib.simulation.opsim.read_opsim`.

    Returns
    -------
    Visits

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, lacks a field, or holds impossible values; the message names both.
    """
    with open(require_file(path), "rb") as file:
        is_database = file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    try:
        return Visits(*read_opsim(path)) if is_database else _from_packed(path)
    except ValueError as error:
        raise ValueError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None


def _from_packed(path):
    packed = read_npz(path, _PACKED_FIELDS)
    start, steps, ra, dec, band, depth = packed.values()
    return Visits(start + 1e-4 * np.cumsum(steps), ra / 100, dec / 100, band, depth / 100)
