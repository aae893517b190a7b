"""What is left out of a survey, counted by its reasons."""

import warnings
from dataclasses import dataclass, field

__all__ = ["LeftOut"]


@dataclass
class LeftOut:
    """Points that are left out, counted over many partitions.

    Attributes
    ----------
    reasons : dict of str to list
        For each reason, how many points of how many objects, and the first of these objects.
    warnings : dict of str to None
        Other warnings, each once, in the order in which they came.
    n_empty : int
        Objects of which no point is left.
    """

    reasons: dict = field(default_factory=dict)
    warnings: dict = field(default_factory=dict)
    n_empty: int = 0

    def count(self, reason, names):
        """Count the points of some objects.

        Parameters
        ----------
        reason : str
        names : ndarray of object, shape (K,)
            Of the object of each point.
        """
        if len(names):
            self._add(reason, len(names), len(set(names)), str(names[0]))

    def add(self, other):
        """Count also what was left out elsewhere; an object is in one partition only."""
        for reason, counted in other.reasons.items():
            self._add(reason, *counted)
        self.warnings |= other.warnings
        self.n_empty += other.n_empty

    def _add(self, reason, n_points, n_objects, first):
        before = self.reasons.setdefault(reason, [0, 0, first])
        before[0] += n_points
        before[1] += n_objects

    def warn(self, path):
        """Say it, a line a reason."""
        for text in self.warnings:
            warnings.warn(text, stacklevel=2)
        for reason, (n_points, n_objects, first) in sorted(self.reasons.items()):
            count = f"{n_points:,} points of {n_objects:,} objects"
            warnings.warn(f"{path}: {reason}: {count} left out, first of {first!r}", stacklevel=2)
        if self.n_empty:
            said = f"no point is left of {self.n_empty:,} objects, whose n_points is 0"
            warnings.warn(f"{path}: {said}: what follows is the prior's", stacklevel=2)
