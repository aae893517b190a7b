"""The claims of the paper, each with the range that decides it, written down before the results.

Each is put to every recipe; see `snlib.replication.claim`.  The ranges are round numbers, the same for all.
"""

from functools import cache

import numpy as np

from snlib.evaluation.bootstrap import N_REPLICATES
from snlib.evaluation.lengths import cost_exponent
from snlib.model.registry import new_model, recipe_for
from snlib.replication.claim import Claim
from snlib.replication.evidence import Evidence

__all__ = ["CLAIMS"]

_CLOSE = 1.25  # "comparable", "resembles", "robust": within this factor; smaller ones the eye does not see
_COLLAPSED = 0.5  # of the distance that there was
_MOST = 4  # of the six parameters

_RETRIEVED = {
    "a": ("contrastive", "of the nearest light curve", True),
    "b": ("contrastive, nearest spectrum", "nearest to the light curve", False),
}


def _on_retrieval():
    """Claims C2 and C3, for both readings of what is retrieved."""
    for part, (method, which, known) in _RETRIEVED.items():
        yield Claim(
            f"C2{part}",
            f"Spectra from light curves are better than the spectra {which} in the contrastive embedding.",
            "“superior performance in cross-modality generation to nearest-neighbor searches in a "
            "contrastively-trained latent space”",
            "Abstract, Section 3; Figure 4: its residuals are larger",
            f"RMSE of the MMVAE, in units of that of the spectra {which}",
            lambda e, r, method=method: e.rmse_ratio("MMVAE", method, r),
            "11_metrics",
            at_most=1.0,
            known=known,
        )
    for part, (method, which, known) in _RETRIEVED.items():
        yield Claim(
            f"C3{part}",
            f"Contrastive retrieval (the spectra {which}) gives essentially the mean spectrum.",
            "“the contrastive method, which essentially retrieves the average SN Ia spectrum at each phase”",
            "Section 3",
            f"RMSE of the spectra {which}, in units of the mean spectrum's",
            lambda e, r, method=method: e.rmse_ratio(method, "mean spectrum", r),
            "11_metrics",
            at_least=1 / _CLOSE,
            at_most=_CLOSE,
            known=known,
        )


_OF_SPECTRA = (
    Claim(
        "C1",
        "Spectra from light curves are about as good as spectra reconstructed from themselves.",
        "“reconstruction performance comparable to the spectra-only VAE”",
        "Section 3; Figure 4: “similar reconstruction accuracy to a model trained only on spectra”",
        "RMSE of the MMVAE, in units of the spectra-only VAE's",
        lambda e, r: e.rmse_ratio("MMVAE", "spectra-only VAE", r),
        "11_metrics",
        at_most=_CLOSE,
    ),
    *_on_retrieval(),
    Claim(
        "C4",
        "The 90 % intervals of the decoded means cover too little.",
        "“The posterior samples of the model, however, are not well-calibrated, as the CIs exhibit "
        "undercoverage.”",
        "Section 3; Figure 4, middle row: “low CI coverage”",
        "Coverage of the MMVAE's latent-only 90 % interval",
        lambda e, r: e.coverage("MMVAE", r),
        "11_metrics",
        at_most=0.88,
    ),
)

_OF_THE_PRIOR = (
    Claim(
        "C6a",
        "Prior samples are as diverse as the spectra of the test events.",
        "“The samples resemble the observed diversity in the test sample”",
        "Section 3; Figure 5, 50 samples at +10 d",
        "Diversity (standard deviation) of prior samples, in units of the test spectra's",
        lambda e, r: np.sqrt(e.generated_ratio("variance_dex2", "prior", "truth", r)),
        "12_prior",
        at_least=1 / _CLOSE,
        at_most=_CLOSE,
    ),
    Claim(
        "C6b",
        "Prior samples are smoother than spectra.",
        "“with some smoothing of high-frequency information, as is commonly observed in VAEs”",
        "Section 3, Appendix B.1; Figure 5",
        "Power of prior samples below 3,000 km/s, in units of the test spectra's",
        lambda e, r: e.generated_ratio("power_fine_dex2", "prior", "truth", r),
        "12_prior",
        at_most=1 / _CLOSE,
    ),
    Claim(
        "C6c",
        "Light curves add diversity to what the prior has.",
        "“this diversity is enhanced by the inclusion of cross-modality information”",
        "Figure 5: samples of the prior (left) and given light curves of the test set (right)",
        "Diversity of samples given test light curves, in units of the prior samples'",
        lambda e, r: np.sqrt(e.generated_ratio("variance_dex2", "conditional", "prior", r)),
        "12_prior",
        at_least=1.0,
        of_light_curves=True,
    ),
    Claim(
        "C6d",
        "Prior samples have the blended absorption near 4200 Å.",
        "“Our model captures key spectroscopic diversity in SNe Ia e.g., the blended absorption near 4200 Å”",
        "Figure 5",
        "Mean depth of the absorption in prior samples, in units of the test spectra's",
        lambda e, r: e.blend_depth_ratio("prior", "truth", r),
        "12_prior",
        at_least=1 / _CLOSE,
        at_most=_CLOSE,
        known=False,
    ),
    Claim(
        "C6e",
        "Its depth is as diverse in prior samples as in spectra.",
        "“Our model captures key spectroscopic diversity in SNe Ia e.g., the blended absorption near 4200 Å”",
        "Figure 5",
        "Standard deviation of that depth among prior samples, in units of that among the test spectra",
        lambda e, r: e.blend_spread_ratio("prior", "truth", r),
        "12_prior",
        at_least=1 / _CLOSE,
        at_most=_CLOSE,
        known=False,
    ),
)

_OF_MASKING = (
    Claim(
        "C7a",
        "Predictions stand the loss of up to 70 % of the light curve.",
        "“some robustness to masking until nearly 70% of photometric observations are masked”",
        "Appendix B.2; Figure 6, one supernova",
        "RMSE with 70 % of the points hidden, in units of that with none",
        lambda e, r: e.masked_rmse_ratio(0.7, r),
        "13_masking",
        at_most=_CLOSE,
        of_light_curves=True,
    ),
    Claim(
        "C7b",
        "With fewer points predictions collapse to the mean spectrum.",
        "“beyond which model predictions appear to collapse to the training-set mean spectrum”",
        "Appendix B.2; Figure 6, the row of 90 %",
        "Distance of predictions from the mean spectrum, 90 % of the points hidden in units of none hidden",
        lambda e, r: e.masked_distance_ratio(0.9, r),
        "13_masking",
        at_most=_COLLAPSED,
        of_light_curves=True,
    ),
    Claim(
        "C8a",
        "The more points are lost, the nearer predictions come to the mean spectrum.",
        "“as the majority of observations are masked, the difference between predicted and average spectra "
        "systematically decreases”",
        "Appendix B.2; Figure 7",
        "Largest ratio of that distance from one step to the next (30, 50, 70, 90 % hidden)",
        lambda e, r: e.masked_step_ratio(r),
        "13_masking",
        at_most=1.0,
        of_light_curves=True,
    ),
    Claim(
        "C8b",
        "They do so at all wavelengths.",
        "“We observe a decrease in |LC2spec-mean| at all wavelengths as more photometry is masked”",
        "Figure 7, one supernova",
        "The same ratio in ten bins of wavelength: the largest",
        lambda e, r: e.masked_distance_by_wavelength(0.9, r),
        "13_masking",
        at_most=1.0,
        known=False,
        of_light_curves=True,
    ),
    Claim(
        "C8c",
        "They do so most of all before peak.",
        "“This phenomenon is most severe when predicting spectra prior to peak light.”",
        "Figure 7",
        "The ratio at 90 % ten days before peak, in units of its mean over the later phases",
        lambda e, r: e.masked_distance_before_peak(0.9, r),
        "13_masking",
        at_most=1.0,
        of_light_curves=True,
    ),
)


def _of_both(letters, claim, paper, where, words, measure, **limits):
    """Statements of C9 about two embeddings, whose names enter the words."""
    for letter, method in zip(letters, ("MMVAE", "contrastive"), strict=True):
        yield Claim(
            f"C9{letter}",
            claim.format(method),
            paper,
            where,
            words.format(method),
            lambda e, r, method=method: measure(e, method, r),
            "14_parameters",
            of_light_curves=method == "MMVAE",
            **limits,
        )


_OF_PARAMETERS = (
    *_of_both(
        "ab",
        "The nickel mass is recovered better than other parameters ({}).",
        "“Parameters closely tied to brightness —such as 56Ni mass— are better predicted.”",
        "Appendix B.3; Figure 8",
        "Error of the nickel mass from the {} embedding, in units of the (geometric) mean of the others, "
        "each relative to the training mean",
        Evidence.nickel_skill_ratio,
        at_most=1.0,
    ),
    *_of_both(
        "cd",
        "The {} embedding beats the end-to-end model on most parameters.",
        "“Both the MMVAE and the contrastively-trained model outperform the end-to-end baseline on most "
        "parameters”",
        "Appendix B.3; Figure 8",
        "Parameters of six on which the {} embedding has the smaller error",
        Evidence.parameters_won,
        at_least=_MOST,
    ),
    *_of_both(
        "ef",
        "The scatter of the errors is large beside that gain ({}).",
        "“Both MMVAE and contrastive models outperform end-to-end regression on most parameters, but with "
        "large scatter.”",
        "Figure 8, means and 1σ standard deviations",
        "Parameters of six where the error of the {} embedding scatters by more than its gain",
        Evidence.scatter_exceeds_gain,
        at_least=_MOST,
    ),
    Claim(
        "C10",
        "From light curves most parameters are recovered only slightly better than by the training mean.",
        "“Recovering most physical parameters from photometry alone proves challenging, and most methods "
        "perform only slightly better than a training-set average.”",
        "Appendix B.3; Figure 8",
        "Pairs of three methods and six parameters (18) with an error of at least 0.8 of the training mean's",
        lambda e, r: e.hardly_recovered(r),
        "14_parameters",
        at_least=9.0,
    ),
)


@cache
def _cost_exponent(recipe):
    return cost_exponent(new_model("mmvae", recipe_for("mmvae", recipe), 0).spectrum)


_OF_LENGTHS = (
    Claim(
        "C11",
        "Inputs may have any length.",
        "“This architecture handles any-length sequences via cross-attention.”",
        "Section 2; Abstract: “natively accommodates variable-length inputs”",
        "RMSE of spectra reconstructed from every eighth of their pixels, in units of that from all",
        lambda e, r: e.length_rmse_ratio(8, r),
        "13_masking",
        at_most=_CLOSE,
        known=False,
    ),
    Claim(
        "C12",
        "The cost stays low as inputs grow.",
        "“our proposed method should be able to […] keep inference costs low as input dimensionality "
        "increases”",
        "Section 1",
        "Power of a spectrum's length that the operations of encoding and decoding it grow with; no interval",
        lambda e, r: np.full(1 + N_REPLICATES, _cost_exponent(r)),
        "13_masking",
        at_most=1.0,
    ),
)

CLAIMS = (*_OF_SPECTRA, *_OF_THE_PRIOR, *_OF_MASKING, *_OF_PARAMETERS, *_OF_LENGTHS)
