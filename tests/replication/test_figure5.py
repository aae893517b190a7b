"""Figure 5 and its claim: what is drawn and judged are spectra ten days after peak, of the right kind."""

import numpy as np
import pytest
import torch

from snlib.data.batches import Spectrum
from snlib.evaluation.generation import absorption_depth
from snlib.model.recipes import RECIPES
from snlib.random_streams import stream
from snlib.replication.results import table
from snlib.replication.tables import GENERATED_AT_DAYS, N_PRIOR, generated_spectra

SEED, TEN_DAYS = 3, 2  # of `small_run`; the third of -10, 0, 10, 20 and 30 d


@pytest.fixture(scope="module")
def spectra(small_run):
    return {
        (recipe, kind): values
        for recipe in ("none", *RECIPES)
        for kind, values in generated_spectra(small_run, recipe).items()
    }


@torch.no_grad()
def decoded(run, recipe, z):
    """Latents, shape (N, 4, 4), decoded by hand at +10 d."""
    scaling, wavelength = run.dataset().scaling, run.dataset().events.spectra.wavelength_aa
    phase, at = (
        torch.tensor((np.atleast_1d(values) - mean) / unit, dtype=torch.float32)
        for values, (mean, unit) in ((10.0, scaling.phase), (wavelength, scaling.wavelength))
    )
    nothing = torch.zeros(1, len(wavelength))
    where = Spectrum(phase, at, nothing, nothing.bool())
    vae = run.trained("mmvae", recipe).model.spectrum
    mean, unit = scaling.log10_fnu
    return mean + unit * vae.likelihood(z[:, None], where).loc[:, 0].numpy()


def test_the_truth_is_ten_days_after_peak(small_run, spectra):
    truth = small_run.dataset().part("test").spectra
    assert GENERATED_AT_DAYS == truth.phase_days[TEN_DAYS] == 10
    np.testing.assert_array_equal(spectra["none", "truth"], truth.log10_fnu[:, TEN_DAYS])
    kinds = {("none", "truth")} | {(recipe, kind) for recipe in RECIPES for kind in ("prior", "conditional")}
    assert set(spectra) == kinds


@pytest.mark.parametrize("recipe", RECIPES)
def test_prior_samples_are_decoded_there(small_run, spectra, recipe):
    z = torch.from_numpy(stream("prior samples", SEED).laplace(size=(N_PRIOR, 4, 4))).float()
    np.testing.assert_allclose(spectra[recipe, "prior"], decoded(small_run, recipe, z), atol=1e-4)


@pytest.mark.parametrize("recipe", RECIPES)
def test_conditional_samples_are_of_the_test_events(small_run, spectra, recipe):
    test = small_run.dataset().part("test")
    photometry = small_run.dataset().scaling.photometry(test.light_curves)
    with torch.no_grad():
        posterior = small_run.trained("mmvae", recipe).model.photometry.posterior(photometry)
    noise = [stream("conditional samples", SEED, event).laplace(size=(4, 4)) for event in range(len(test))]
    z = posterior.loc + posterior.scale * torch.from_numpy(np.stack(noise)).float()
    np.testing.assert_allclose(spectra[recipe, "conditional"], decoded(small_run, recipe, z), atol=1e-4)


def test_the_table_of_the_claim_is_of_these_spectra(small_run, spectra):
    found = table(small_run, "generation")
    for (recipe, kind), values in spectra.items():
        rows = found[(found["recipe"] == recipe) & (found["kind"] == kind)]
        assert len(rows) == len(values)
        depth = absorption_depth(values, small_run.dataset().events.spectra.wavelength_aa)
        assert rows["blend_depth_dex"].to_numpy() == pytest.approx(depth, rel=1e-3, abs=1e-6)
        if kind != "truth":  # which has gaps
            expected = np.var(values, axis=0, ddof=1).mean()
            assert rows["variance_dex2"].mean() == pytest.approx(expected, rel=1e-3)
    assert found["kind"].value_counts().to_dict() == {"prior": 2 * N_PRIOR, "conditional": 8, "truth": 4}
