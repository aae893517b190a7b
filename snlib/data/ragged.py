"""Light curves of any lengths, end to end: one long light curve costs no other one anything."""

from dataclasses import dataclass

import numpy as np

from snlib.data.events import LightCurves

__all__ = ["RaggedLightCurves"]


@dataclass(frozen=True)
class RaggedLightCurves:
    """N light curves with M points in all.

    Attributes
    ----------
    object_id : ndarray of object, shape (N,)
        Strings of any length.
    start : ndarray of int, shape (N + 1,)
        The points of light curve i are those from ``start[i]`` up to ``start[i + 1]``.
    phase_days : ndarray, shape (M,)
        Rest-frame days from peak, ascending in each light curve.
    magnitude : ndarray, shape (M,)
        Absolute AB magnitudes.
    band : ndarray of int, shape (M,)
        Index into `snlib.data.quantities.BANDS`.
    """

    object_id: np.ndarray
    start: np.ndarray
    phase_days: np.ndarray
    magnitude: np.ndarray
    band: np.ndarray

    def __len__(self):
        """Number of light curves."""
        return len(self.object_id)

    @property
    def n_points(self):
        """Number of points of each light curve, shape (N,)."""
        return np.diff(self.start)

    @classmethod
    def from_points(cls, object_id, place, phase_days, magnitude, band):
        """Sort points into light curves; their order at the beginning does not matter.

        Parameters
        ----------
        object_id : ndarray of object, shape (N,)
            Of the light curves.
        place : ndarray of int, shape (M,)
            Index of the light curve that a point belongs to.
        phase_days, magnitude, band : ndarray, shape (M,)
            See the attributes.

        Returns
        -------
        RaggedLightCurves
        """
        # By all they have, so that the order of rows does not even change the rounding.
        # Keys of 16 bits or less are sorted by their digits, many times faster than others.
        parts_of_place = ((place & 0xFFFF).astype(np.uint16), (place >> 16).astype(np.uint16))
        order = np.lexsort((magnitude, band.astype(np.int8), phase_days, *parts_of_place))
        start = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=len(object_id)))])
        return cls(object_id, start, phase_days[order], magnitude[order], band[order])

    @classmethod
    def from_padded(cls, object_id, light_curves):
        """Leave out the empty slots of light curves that stand side by side.

        Parameters
        ----------
        object_id : ndarray, shape (N,)
        light_curves : LightCurves
            N of them.

        Returns
        -------
        RaggedLightCurves
        """
        place, slot = np.nonzero(light_curves.observed)
        columns = (light_curves.phase_days, light_curves.magnitude, light_curves.band)
        return cls.from_points(object_id, place, *(values[place, slot] for values in columns))

    def only(self, keep):
        """Some of the points; all light curves stay.

        Parameters
        ----------
        keep : ndarray of bool, shape (M,)

        Returns
        -------
        RaggedLightCurves
        """
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        points = (values[keep] for values in (self.phase_days, self.magnitude, self.band))
        return RaggedLightCurves(self.object_id, kept_before[self.start], *points)

    def padded(self, index):
        """Some of the light curves, side by side.

        Parameters
        ----------
        index : ndarray of int, shape (K,)

        Returns
        -------
        LightCurves
            Of shape (K, T) with T the points of the longest of these, at least 1.
        """
        index = np.asarray(index)
        n_points = self.n_points[index]
        slot = np.arange(max(1, n_points.max(initial=0)))
        filled = slot < n_points[:, None]
        source = (self.start[index][:, None] + slot)[filled]

        def side_by_side(values, empty, dtype):
            result = np.full(filled.shape, empty, dtype)
            result[filled] = values[source]
            return result

        return LightCurves(
            side_by_side(self.phase_days, np.nan, float),
            side_by_side(self.magnitude, np.nan, float),
            side_by_side(self.band, 0, int),
        )

    def batches(self, most_slots):
        """All light curves in parts of like lengths, so that hardly a slot is empty.

        Parameters
        ----------
        most_slots : int
            How many slots the light curves of a part have together, side by side; one that is longer than
            this makes a part of its own.

        Yields
        ------
        ndarray of int
            Indices of the light curves of a part; each light curve is in one part.
        """
        n_points = np.maximum(self.n_points, 1)
        order = np.argsort(n_points, kind="stable")
        first = 0
        for last in range(1, len(order) + 1):
            if last == len(order) or (last - first + 1) * n_points[order[last]] > most_slots:
                yield order[first:last]
                first = last
