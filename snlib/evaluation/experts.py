"""What the two experts of an MMVAE have learned: whether they tell events apart, and what can be decoded."""

import torch

__all__ = ["DEAD_BELOW", "EXPERTS", "expert_scores", "summed_squares"]

EXPERTS = ("light_curve", "spectrum")
#: An expert whose locations vary among events by less of their scale is dead: it says the same of all events.
DEAD_BELOW = 0.1
_BATCH = 500


def summed_squares(vae, z, spectrum):
    """Sum over observed pixels of the squared errors of spectra decoded from one latent each.

    Parameters
    ----------
    vae : snlib.model.vae.VAE
        Of spectra.
    z : Tensor, shape (B, tokens, width)
    spectrum : snlib.data.batches.Spectrum
        Of B true spectra.

    Returns
    -------
    Tensor, shape (B,)
        In z-scores.
    """
    decoded = vae.likelihood(z[None], spectrum).loc[0]
    return torch.where(spectrum.observed, decoded - spectrum.value, 0).square().sum(-1)


@torch.no_grad()
def expert_scores(mmvae, pairs, scaling):
    """Error of spectra decoded from each expert's location, and how far it tells events apart.

    The model is asked as it is used: without dropout, for all wavelengths.

    Parameters
    ----------
    mmvae : snlib.model.mmvae.MMVAE
    pairs : snlib.data.batches.Pairs
        With P phases, on the model's device.
    scaling : snlib.data.scaling.Scaling

    Returns
    -------
    dict of str to float
        For each of `EXPERTS`: ``<expert>_rmse_dex_<p>``, the root mean square error over all observed pixels
        of phase number p (from 0); and ``<expert>_spread``, the standard deviation over events of a latent
        location in units of its mean scale, for the number of the latent where it is largest.
    """
    was_training = mmvae.training
    mmvae.eval()
    n_phases, found = len(pairs.phase), {name: ([], [], []) for name in EXPERTS}
    for index in torch.arange(len(pairs), device=pairs.flux.device).split(_BATCH):
        batch = pairs.take(index)
        posteriors = (mmvae.photometry.posterior(batch.photometry), mmvae.spectrum.posterior(batch.spectrum))
        for posterior, columns in zip(posteriors, found.values(), strict=True):
            square = summed_squares(mmvae.spectrum, posterior.loc, batch.spectrum)
            for column, values in zip(columns, (square, posterior.loc, posterior.scale), strict=True):
                column.append(values)
    mmvae.train(was_training)
    n_pixels = pairs.observed.sum((0, 2))
    scores = {}
    for name, columns in found.items():
        square, loc, scale = (torch.cat(column) for column in columns)
        rmse = scaling.log10_fnu[1] * (square.view(-1, n_phases).sum(0) / n_pixels).sqrt()
        scores |= {f"{name}_rmse_dex_{i}": x for i, x in enumerate(rmse.tolist())}
        by_phase = loc.unflatten(0, (-1, n_phases)).std(0).pow(2).mean(0).sqrt()
        scores[f"{name}_spread"] = (by_phase / scale.mean(0)).max().item()
    return scores
