"""Training: AdamW on a loss, the best weights by validation, resumable after any kill."""

import math
from dataclasses import replace

import pandas as pd
import torch
from tqdm import tqdm

from snlib.data.batches import on
from snlib.training.draws import draw_block, draw_noise, spread_pixels
from snlib.training.stack import InTurn, Together, can_be_together
from snlib.training.state import State
from snlib.training.steps import BLOCK, new_fabric

__all__ = ["learning_rate", "mean_loss", "require_equal_shares", "train", "train_stack"]

# Evaluate so often in a run, a short one at least every so many steps.
_N_EVALUATIONS, _MOST_EVALUATIONS, _MOST_STEPS_BETWEEN = 20, 100, 500
_VALIDATION_BATCH = 256  # the same on every device: InfoNCE depends on it


def learning_rate(recipe, step, n_steps):
    """Learning rate at a step: constant, or a cosine rise over 30 % and a cosine fall (OneCycle)."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    peak = max(1.0, 0.3 * n_steps)
    if step < peak:
        fraction = 0.04 + 0.96 * (1 - math.cos(math.pi * step / peak)) / 2
    else:
        fraction = (1 + math.cos(math.pi * (step - peak) / max(1.0, n_steps - peak))) / 2
    return recipe.learning_rate * fraction


def train(model, train_pairs, validation_pairs, n_steps, seed, checkpoint=None, run=None, fabric=None):
    """Minimise the model's loss, and leave it with the weights that its recipe keeps, ready for use.

    All randomness of a step (batch, latent samples, wavelengths, hidden points) is drawn on the CPU
    from a stream of its own, seeded by the seed and the step; so an interrupted run goes on as if
    it had never stopped, and on every device the same numbers are drawn.  What is dropped out is
    drawn on the device, by a stream of each block of steps.

    Parameters
    ----------
    model : torch.nn.Module
        One of `snlib.model.registry.MODELS`, or the readout of a head.
    train_pairs, validation_pairs : snlib.data.batches.Pairs
        On the model's device.
    n_steps : int
    seed : int
    checkpoint : path, optional
        Written at each evaluation and once a minute, and resumed from if it is whole and of the same run;
        with a warning if it is not.
    run : JSON, optional
        What else, beside recipe, steps and seed, tells one run from another (data, code).
    fabric : lightning_fabric.Fabric, optional
        See `snlib.training.steps.new_fabric`; by default one process on the model's device.

    Returns
    -------
    pandas.DataFrame
        Columns ``step, learning_rate, train_loss, validation_loss, seconds``: losses a pair, the
        first averaged over the steps since the last row.

    Raises
    ------
    FloatingPointError
        If a loss is not finite; the message names the step and its pairs.
    ValueError
        If a batch cannot be shared equally among the processes.

    Examples
    --------
    Two steps on eight simulated supernovae; a ninth validates.

    >>> from snlib.data import make_dataset, split_events
    >>> from snlib.model import RECIPES, new_model
    >>> from snlib.simulation import simulate
    >>> dataset = make_dataset(simulate(10, seed=0), split_events(10, seed=0))
    >>> pairs = [dataset.pairs(part, "cpu") for part in ("train", "validation")]
    >>> history = train(new_model("mmvae", RECIPES["text"], seed=0), *pairs, n_steps=2, seed=0)
    >>> history["step"].tolist()
    [1, 2]
    """
    others = train_pairs, validation_pairs, n_steps, [seed], checkpoint, run, fabric
    (history,) = train_stack([model], *others)
    return history


def train_stack(
    models,
    train_pairs,
    validation_pairs,
    n_steps,
    seeds,
    checkpoint=None,
    run=None,
    fabric=None,
    together=None,
    watch=None,
):
    """Train models that differ by their seed at the same time: each as `train` would by itself.

    Each seed has its own batches, latent samples, wavelengths and hidden points, those of its run alone.
    In turn a model gets the same weights as alone, bit for bit; together, the same but for rounding.

    Parameters
    ----------
    models : sequence of torch.nn.Module
        Of one kind and recipe, a model a seed.
    train_pairs, validation_pairs : snlib.data.batches.Pairs or list of Pairs
        On the models' device: for all models, or a list of one a model.
    n_steps, checkpoint, run, fabric
        As of `train`; one checkpoint serves all seeds, and any of them may go on from it.
    seeds : sequence of int
    together : bool, optional
        Whether one operation serves all models (see `snlib.training.stack`).  By default on CUDA, where
        they can; else models take their steps in turn.
    watch : callable, optional
        Called with each model at each evaluation; the numbers that it returns, by name, enter the history.

    Returns
    -------
    list of pandas.DataFrame
        A history a seed, as of `train`; the seconds are those of all.

    Raises
    ------
    FloatingPointError
        If a loss is not finite; the message names the seed, the step and its pairs.
    ValueError
        If a batch cannot be shared equally among the processes, or models are not alike.
    """
    recipe = _common_recipe(models)
    pairs, validation_pairs = (
        of_part if isinstance(of_part, list) else [of_part] * len(models)
        for of_part in (train_pairs, validation_pairs)
    )
    device = pairs[0].flux.device
    fabric = fabric or new_fabric(device.type)
    require_equal_shares(recipe, pairs[0], fabric)
    if together is None:
        together = device.type == "cuda" and len(models) > 1 and can_be_together(fabric)
    stack = (Together if together else InTurn)(models)
    state = State(stack, {"recipe": recipe.to_dict(), "n_steps": n_steps, "run": run}, seeds, checkpoint)
    steps, validation = stack.steps(fabric, pairs, seeds), _Validation(stack, validation_pairs, seeds)
    every = evaluation_interval(n_steps)
    to_draw_from = [replace(one, photometry=on(one.photometry, "cpu")) for one in pairs]

    def prepare(first):
        stop = min(first + BLOCK, first - first % every + every, n_steps)
        rates = [learning_rate(recipe, step, n_steps) for step in range(first, stop)]
        each = zip(to_draw_from, seeds if rates else (), strict=False)
        return [draw_block(models[0], one, first, stop, seed) for one, seed in each], rates

    shown, silent = {}, not fabric.is_global_zero
    with tqdm(total=n_steps, initial=state.step, desc="train", mininterval=2, disable=silent) as progress:
        draws, rates = prepare(state.step)
        while rates:
            steps.start(draws, rates, state.step)
            upcoming = prepare(state.step + len(rates))  # meanwhile, on CUDA
            losses = steps.losses(len(rates))
            state.add(losses, draws)
            shown["loss"] = f"{losses.mean():.4g}"
            progress.update(len(rates))
            if state.step % every == 0 or state.step == n_steps:
                found = validation.losses()
                state.record(rates[-1], found, [watch(model) if watch else {} for model in models])
                shown["validation"] = f"{sum(found) / len(found):.4g}"
            progress.set_postfix(shown, refresh=False)
            if fabric.is_global_zero:
                state.save()
            draws, rates = upcoming
    stack.part()
    for model, best in zip(models, state.best, strict=True):
        if recipe.keeps == "best":
            model.load_state_dict(best)
        model.eval()
    return [pd.DataFrame(history) for history in state.histories]


def _common_recipe(models):
    """The recipe of all models, which must be of one kind."""
    kinds = {(type(model), getattr(model, "modality", None), model.recipe) for model in models}
    if len(kinds) != 1:
        raise ValueError(f"models of {len(kinds)} kinds or recipes cannot be trained as a stack")
    return models[0].recipe


def require_equal_shares(recipe, pairs, fabric):
    """Refuse a number of processes that does not divide the pairs of a batch."""
    batch = min(recipe.batch_size, len(pairs))
    if batch % fabric.world_size:
        raise ValueError(f"{fabric.world_size} processes cannot share equally in batches of {batch}")


def evaluation_interval(n_steps):
    """Steps between evaluations: about 20 of a short run, 100 of a long one."""
    return max(1, n_steps // _MOST_EVALUATIONS, min(n_steps // _N_EVALUATIONS, _MOST_STEPS_BETWEEN))


def mean_loss(model, pairs, seed):
    """Mean loss over pairs: the same random numbers at every call, on any device.

    Decodes as many wavelengths as a training step, but spread evenly.
    """
    return _Validation(InTurn([model]), [pairs], [seed]).losses()[0]


class _Validation:
    """The mean loss of each model of a stack over its pairs."""

    def __init__(self, stack, pairs, seeds):
        self.stack, self.pairs = stack, pairs
        model, (n_events, n_phases, n_pixels) = stack.models[0], pairs[0].flux.shape
        self.n_pairs, self.device = n_events * n_phases, pairs[0].flux.device
        self.noise = torch.stack([draw_noise(model, self.n_pairs, seed) for seed in seeds]).to(self.device)
        self.pixels = spread_pixels(n_pixels, model.recipe.n_wavelengths).to(self.device)

    @torch.no_grad()
    def losses(self):
        modes = [model.training for model in self.stack.models]
        for model in self.stack.models:
            model.eval()
        losses = [
            self.stack.losses(self.pairs, index, self.noise[:, :, :, index], self.pixels)
            for index in torch.arange(self.n_pairs, device=self.device).split(_VALIDATION_BATCH)
        ]
        for model, mode in zip(self.stack.models, modes, strict=True):
            model.train(mode)
        return [of_model.mean().item() for of_model in torch.cat(losses, dim=1)]
