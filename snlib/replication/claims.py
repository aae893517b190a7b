"""The claims of the paper, each with the test that decides it, written down before the results.

A claim is one or more statements: a number, and the range in which it must lie.  A statement holds if
at least 97.5 % of the bootstrap replicates lie in the range, fails if at most 2.5 % do, and is open
otherwise.  Each is put to both recipes.  A claim holds, or fails, if all its statements do for both;
otherwise it is mixed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snlib.evaluation.bootstrap import interval, share_within

__all__ = ["CLAIMS", "Claim", "Statement"]

_CLOSE = 1.25  # "comparable", "close", "robust": within this factor; smaller ones the eye does not see
_SURE = 0.975


@dataclass(frozen=True)
class Statement:
    """A number and the range in which it must lie.

    Attributes
    ----------
    words : str
        What the number is.
    measure : callable
        Of an `Evidence` and the name of a recipe: estimate and replicates.
    at_least, at_most : float
    """

    words: str
    measure: Callable
    at_least: float = -np.inf
    at_most: float = np.inf

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
        verdict = "holds" if share >= _SURE else "fails" if share <= 1 - _SURE else "open"
        return {"recipe": recipe, "estimate": estimate, "low": low, "high": high, "verdict": verdict}


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes
    ----------
    id, claim : str
    paper : str
        Where and how the paper makes it.
    chapter : str
        The notebook about it.
    statements : tuple of Statement
    """

    id: str
    claim: str
    paper: str
    chapter: str
    statements: tuple


CLAIMS = (
    Claim(
        "C1",
        "Spectra from light curves are about as good as spectra reconstructed from themselves.",
        "Section 3, Figure 4: “reconstruction performance comparable to the spectra-only VAE”",
        "11_metrics",
        (
            Statement(
                "RMSE of the MMVAE, in units of the spectra-only VAE's",
                lambda e, r: e.rmse_ratio("MMVAE", "spectra-only VAE", r),
                at_most=_CLOSE,
            ),
        ),
    ),
    Claim(
        "C2",
        "They are better than the spectra of the nearest neighbour in the contrastive embedding.",
        "Abstract, Section 3, Figure 4: “exceeding that of the contrastive method”",
        "11_metrics",
        (
            Statement(
                "RMSE of the MMVAE, in units of the contrastive retrieval's",
                lambda e, r: e.rmse_ratio("MMVAE", "contrastive", r),
                at_most=1.0,
            ),
        ),
    ),
    Claim(
        "C3",
        "Contrastive retrieval gives essentially the mean spectrum.",
        "Section 3: it “essentially retrieves the average SN Ia spectrum at each phase”",
        "11_metrics",
        (
            Statement(
                "RMSE of the contrastive retrieval, in units of the mean spectrum's",
                lambda e, r: e.rmse_ratio("contrastive", "mean spectrum", r),
                1 / _CLOSE,
                _CLOSE,
            ),
        ),
    ),
    Claim(
        "C4",
        "The 90 % intervals of the decoded means (latent only) cover too little.",
        "Section 3, Figure 4: “the CIs exhibit undercoverage”",
        "11_metrics",
        (
            Statement(
                "Coverage of the MMVAE's latent-only 90 % interval",
                lambda e, r: e.coverage("MMVAE", r),
                at_most=0.88,
            ),
        ),
    ),
    Claim(
        "C5",
        "Intervals from light curves are wider than those from the spectra themselves.",
        "Figure 4, bottom row; the sentence about it in the caption breaks off, this is its natural end",
        "11_metrics",
        (
            Statement(
                "Width of the MMVAE's latent-only interval, in units of the spectra-only VAE's",
                lambda e, r: e.width_ratio("MMVAE", "spectra-only VAE", r),
                at_least=1.0,
            ),
        ),
    ),
    Claim(
        "C6",
        "Prior samples are as diverse as real spectra but smoother; conditioning adds diversity.",
        "Section 3, Appendix B.1, Figure 5",
        "12_prior",
        (
            Statement(
                "Diversity (standard deviation) of prior samples, in units of the test spectra's",
                lambda e, r: np.sqrt(e.generated_ratio("variance_dex2", "prior", "truth", r)),
                1 / _CLOSE,
                _CLOSE,
            ),
            Statement(
                "Power of prior samples below 3,000 km/s, in units of the test spectra's",
                lambda e, r: e.generated_ratio("power_fine_dex2", "prior", "truth", r),
                at_most=1 / _CLOSE,
            ),
            Statement(
                "Diversity of samples given test light curves, in units of the prior samples'",
                lambda e, r: np.sqrt(e.generated_ratio("variance_dex2", "conditional", "prior", r)),
                at_least=1.0,
            ),
        ),
    ),
    Claim(
        "C7",
        "Predictions stand the loss of light-curve points until about 70 % are gone.",
        "Appendix B.2, Figure 6: “some robustness to masking until nearly 70 %”, then a collapse",
        "13_masking",
        (
            Statement(
                "RMSE with 50 % of the points hidden, in units of that with none",
                lambda e, r: e.masked_rmse_ratio(0.5, r),
                at_most=_CLOSE,
            ),
            Statement(
                "RMSE with 90 % of the points hidden, in units of that with none",
                lambda e, r: e.masked_rmse_ratio(0.9, r),
                at_least=_CLOSE,
            ),
        ),
    ),
    Claim(
        "C8",
        "As points are lost predictions approach the mean spectrum, most of all before peak.",
        "Appendix B.2, Figure 7",
        "13_masking",
        (
            Statement(
                "Distance from the mean spectrum, 90 % of the points hidden in units of none hidden",
                lambda e, r: e.masked_distance_ratio(0.9, r),
                at_most=1.0,
            ),
            Statement(
                "That ratio ten days before peak, in units of its mean over the later phases",
                lambda e, r: e.masked_distance_before_peak(0.9, r),
                at_most=1.0,
            ),
        ),
    ),
    Claim(
        "C9",
        "The nickel mass is recovered best, and embeddings beat the end-to-end model on most parameters.",
        "Appendix B.3, Figure 8",
        "14_parameters",
        (
            *(
                Statement(
                    f"Error of the nickel mass from the {method} embedding, in units of the next smallest",
                    lambda e, r, method=method: e.nickel_ratio(method, r),
                    at_most=1.0,
                )
                for method in ("MMVAE", "contrastive")
            ),
            *(
                Statement(
                    f"Parameters of six on which the {method} embedding beats end to end",
                    lambda e, r, method=method: e.parameters_won(method, r),
                    at_least=4.0,
                )
                for method in ("MMVAE", "contrastive")
            ),
        ),
    ),
)
