"""What a claim of the paper is, and how it is judged.

A row of the ledger is one statement: a number, and the range in which it must lie.  It holds if at least
97.5 % of the bootstrap replicates lie in the range, fails if at most 2.5 % do, and is open otherwise.
Where it is about what a model takes from a light curve, it is not applicable if the expert for light curves
says the same of every event in most of the seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snlib.evaluation.bootstrap import interval, share_within

__all__ = ["MOST_SEEDS", "SURE", "VERDICTS", "Claim"]

VERDICTS = ("holds", "fails", "open", "not applicable")
SURE = 0.975
MOST_SEEDS = 0.5


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, and the number and range that decide it.

    Attributes
    ----------
    id : str
        "C1"; statements of one claim share the number: "C6a", "C6b".
    claim : str
        What is claimed, in short.
    paper : str
        The paper's words.
    where : str
        Where it says so, and what its figure shows, where text or caption tell.
    words : str
        What the number is.
    measure : callable
        Of an `Evidence` and the name of a recipe: estimate and replicates.
    chapter : str
        The notebook about it.
    at_least, at_most : float
    known : bool
        Whether the numbers of the profile "quick" were at hand when the range was written.
    of_light_curves : bool
        Whether it says nothing of a model whose expert for light curves is dead.
    """

    id: str
    claim: str
    paper: str
    where: str
    words: str
    measure: Callable
    chapter: str
    at_least: float = -np.inf
    at_most: float = np.inf
    known: bool = True
    of_light_curves: bool = False

    def tolerance(self):
        """The range in words."""
        if np.isinf(self.at_least):
            return f"at most {self.at_most:.3g}"
        if np.isinf(self.at_most):
            return f"at least {self.at_least:.3g}"
        return f"{self.at_least:.3g} to {self.at_most:.3g}"

    def judge(self, evidence, recipe):
        """Estimate, 95 % interval and verdict for a recipe."""
        values = self.measure(evidence, recipe)
        estimate, low, high = (float(value) for value in interval(values))
        share = share_within(values, self.at_least, self.at_most)
        verdict = "holds" if share >= SURE else "fails" if share <= 1 - SURE else "open"
        if self.of_light_curves and evidence.share_dead(recipe) > MOST_SEEDS:
            verdict = "not applicable"
        return {"recipe": recipe, "estimate": estimate, "low": low, "high": high, "verdict": verdict}
