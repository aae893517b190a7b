"""The random numbers of training, drawn on the CPU: one seed gives the same run on any device."""

from dataclasses import dataclass

import numpy as np
import torch

from snlib.random_streams import stream

__all__ = ["Draws", "draw_block", "draw_noise", "spread_pixels"]


@dataclass(frozen=True)
class Draws:
    """All that is random in a step; in a block of n steps each tensor has a leading dimension n.

    Attributes
    ----------
    index : Tensor of int, shape (B,)
        The pairs of the batch.
    noise : Tensor, shape (M, K, B, tokens, dim)
        Standard Laplace numbers behind the latent samples from M posteriors.
    pixels : Tensor of int, shape (n_wavelengths,)
        The wavelengths that are decoded.
    shown : Tensor of bool, shape (B, T)
        False where a light-curve point is hidden from the model.
    """

    index: torch.Tensor
    noise: torch.Tensor
    pixels: torch.Tensor
    shown: torch.Tensor

    def share(self, part, n_parts):
        """Of a block of steps, the draws for every n-th pair: one process's share of each batch."""
        return Draws(
            self.index[:, part::n_parts],
            self.noise[:, :, :, part::n_parts],
            self.pixels,
            self.shown[:, part::n_parts],
        )


def draw_block(model, pairs, first, stop, seed):
    """The draws of the steps `first` to `stop` - 1.

    Every step has a stream of its own (`snlib.random_streams`): a step's draws do not depend on the
    block they are made in, so training may stop and go on anywhere.

    Parameters
    ----------
    model : torch.nn.Module
        Says by its recipe and its number of posteriors what is needed.
    pairs : snlib.data.batches.Pairs
        Training pairs.
    first, stop, seed : int

    Returns
    -------
    Draws
        On the CPU.
    """
    recipe = model.recipe
    batches = _batches(len(pairs), recipe.batch_size, first, stop, seed)
    n_phases, n_pixels = pairs.flux.shape[1:]
    time, observed = (x.cpu().numpy() for x in (pairs.photometry.time, pairs.photometry.observed))
    steps = []
    for step, index in zip(range(first, stop), batches, strict=True):
        rng = stream("steps", seed, step)
        noise = _standard_laplace(rng, model, len(index))
        pixels = rng.permutation(n_pixels)[: recipe.n_wavelengths]
        event = index // n_phases
        shown = _shown(rng, (len(index), time.shape[1]), recipe.hidden_points)
        shown &= _before_end(rng, time[event], observed[event], recipe.ended_early)
        steps.append((index, noise, pixels, shown))
    return Draws(*(torch.from_numpy(np.stack(column)) for column in zip(*steps, strict=True)))


def draw_noise(model, n_pairs, seed):
    """The latent noise of all validation pairs, shape (M, K, n_pairs, tokens, dim)."""
    return torch.from_numpy(_standard_laplace(stream("validation", seed), model, n_pairs))


def spread_pixels(n_pixels, n):
    """Indices of at most n pixels, spread evenly over all."""
    return torch.linspace(0, n_pixels - 1, min(n, n_pixels)).round().long()


def _standard_laplace(rng, model, n_pairs):
    recipe = model.recipe
    latent = (recipe.latent_tokens, recipe.latent_dim)
    shape = (model.n_posteriors, recipe.n_samples, n_pairs, *latent)
    return rng.laplace(size=shape).astype(np.float32)


def _shown(rng, shape, most):
    """Hide a random share of the points of each light curve, uniform in 0 to `most`.

    Few light curves become many, and the encoder learns what little data cannot tell.
    """
    return rng.random(shape) >= most * rng.random((shape[0], 1))


def _before_end(rng, time, observed, share):
    """End a share of the light curves at a time that is uniform between their first and last point."""
    first, last = (
        reduce(time, axis=1, where=observed, initial=start)
        for reduce, start in ((np.min, np.inf), (np.max, -np.inf))
    )
    with np.errstate(invalid="ignore"):  # of a light curve without points
        end = first + (last - first) * rng.random(len(time))
    whole = rng.random(len(time)) >= share
    return whole[:, None] | (time <= end[:, None])


def _batches(n_pairs, batch_size, first, stop, seed):
    """The pairs of some steps: epochs are permutations, the remainder of each is left out."""
    batch_size = min(batch_size, n_pairs)
    per_epoch = n_pairs // batch_size
    epochs = range(first // per_epoch, (stop - 1) // per_epoch + 1)
    order = [
        stream("batches", seed, epoch).permutation(n_pairs)[: per_epoch * batch_size] for epoch in epochs
    ]
    batches = np.concatenate(order).reshape(-1, batch_size)
    return batches[first - epochs[0] * per_epoch :][: stop - first]
