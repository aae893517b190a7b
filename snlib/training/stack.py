"""Models of one kind that differ by their seed, trained at the same time.

A step of one small model is bound by the start of its kernels and leaves most of a card idle.  There the
weights of all models are put `Together`, one more dimension a parameter, and a step of all is recorded as
one: its kernels are as many, and each is larger.  On one core of a CPU that saves time for the models of
light curves only (a third), and costs some for an MMVAE (a seventh); there the models take their steps
`InTurn`, each just as it would alone.
"""

from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from snlib.data.batches import Pairs, Photometry
from snlib.random_streams import torch_stream
from snlib.training.draws import Draws
from snlib.training.shared_sums import with_shared_sums
from snlib.training.steps import RecordedSteps, Steps, compile_however_many, new_optimiser, precision_of

# What PyTorch has besides does not know of a further dimension for the models.
_PLAIN_ATTENTION = partial(sdpa_kernel, SDPBackend.MATH)

__all__ = ["InTurn", "StackedSteps", "Together", "can_be_together", "clipped"]


class InTurn:
    """Models that take their steps one after the other: bit for bit what each would do alone.

    Parameters
    ----------
    models : sequence of torch.nn.Module
        Of one kind and recipe, on one device.
    """

    def __init__(self, models):
        self.models = models
        self.optimisers = [new_optimiser(model) for model in models]

    def moments(self):
        """What the optimisers carry along, with a leading dimension for the models."""
        states = [optimiser.state_dict()["state"] for optimiser in self.optimisers]
        return {
            f"{index}.{name}": torch.stack([state[index][name] for state in states])
            for index, moments in states[0].items()
            for name in moments
        }

    def take_moments(self, tensors):
        """Go on from what `moments` gave."""
        for i, optimiser in enumerate(self.optimisers):
            _take_moments(optimiser, {name: tensor[i] for name, tensor in tensors.items()})

    def steps(self, fabric, pairs, seeds):
        """Steps of all models, each on its own pairs and by its own seed."""
        each = zip(self.models, self.optimisers, pairs, strict=True)
        return _StepsInTurn([Steps(fabric, *one) for one in each], seeds, fabric.global_rank)

    def losses(self, pairs, index, noise, pixels):
        """Loss of some pairs by each model, each on its own pairs and with its own noise."""
        each = zip(self.models, pairs, noise, strict=True)
        return torch.stack([model(one.take(index), of_model, pixels) for model, one, of_model in each])

    def part(self):
        """Nothing to do: the models share nothing."""


class _StepsInTurn:
    def __init__(self, steps, seeds, rank):
        self.each, self.seeds, self.rank = steps, seeds, rank

    def start(self, draws, rates, first):
        for steps, of_model, seed in zip(self.each, draws, self.seeds, strict=True):
            with torch_stream("dropout", seed, first, self.rank):
                steps.start(of_model, rates)

    def losses(self, n):
        return torch.stack([steps.losses(n) for steps in self.each], dim=1)


class Together:
    """Models whose weights lie together, so that one operation serves them all.

    The weights of each model become views of those of the stack, until they `part`.

    Parameters
    ----------
    models : sequence of torch.nn.Module
        Of one kind and recipe, on one device.
    """

    def __init__(self, models):
        self.models, self.weights = models, {}
        of_each = [dict(model.named_parameters()) for model in models]
        for name, first in of_each[0].items():
            together = torch.stack([parameters[name].detach() for parameters in of_each])
            self.weights[name] = nn.Parameter(together, requires_grad=first.requires_grad)
            for parameters, of_model in zip(of_each, together, strict=True):
                parameters[name].data = of_model
        self.optimiser = new_optimiser(models[0], self.weights.values())  # works element by element

    def moments(self):
        """What the optimiser carries along, with a leading dimension for the models."""
        return {
            f"{index}.{name}": tensor if tensor.dim() else tensor.expand(len(self.models))  # number of steps
            for index, moments in self.optimiser.state_dict()["state"].items()
            for name, tensor in moments.items()
        }

    def take_moments(self, tensors):
        """Go on from what `moments` gave."""
        _take_moments(
            self.optimiser,
            {name: x[0] if name.endswith(".step") else x for name, x in tensors.items()},
        )

    def steps(self, fabric, pairs, seeds):
        """Steps of all models, each on its own pairs and by its own seed, but for what is dropped out."""
        if not can_be_together(fabric):
            raise ValueError("models train together in one process, in 32-true or tf32")
        return StackedSteps(fabric, self, pairs, seeds)

    def losses(self, pairs, index, noise, pixels):
        """Loss of some pairs by each model, each on its own pairs and with its own noise."""
        of_all, first_pairs = _joined(pairs)
        shared = of_all is pairs[0]
        if not shared:
            index = torch.stack([index + first for first in first_pairs])

        def losses_of(weights, index, noise):
            return functional_call(self.models[0], weights, (of_all.take(index), noise, pixels))

        with _PLAIN_ATTENTION():
            return vmap(losses_of, in_dims=(0, None if shared else 0, 0))(self.weights, index, noise)

    def part(self):
        """Give each model weights of its own again."""
        for model in self.models:
            for parameter in model.parameters():
                parameter.data = parameter.data.clone()


class StackedSteps(RecordedSteps):
    """Optimiser steps on the losses of models that are together.

    Forward and backward pass are one function, since what `vmap` does under autograd cannot be recorded.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
        Of one process.
    stack : Together
        With the state to go on from.
    pairs : list of snlib.data.batches.Pairs
        Training pairs of each model, on the same device.
    seeds : sequence of int
        The first one's stream says what all models drop out, each by numbers of its own.
    compiled, recorded : bool, optional
        See `snlib.training.steps.Steps`.

    """

    def __init__(self, fabric, stack, pairs, seeds, compiled=None, recorded=None):
        device, (of_all, self._first_pairs) = pairs[0].flux.device, _joined(pairs)
        super().__init__(fabric, stack.optimiser, device, recorded, (len(stack.models),))
        self._seed = seeds[0]
        learned = [name for name, weight in stack.weights.items() if weight.requires_grad]
        self._learned = {name: stack.weights[name] for name in learned}
        self._fixed = {name: weight for name, weight in stack.weights.items() if name not in learned}
        self._gradients = _gradients_of(stack.models[0], of_all)
        if device.type == "cuda" if compiled is None else compiled:
            self._gradients = compile_however_many(self._gradients)

    def start(self, draws, rates, first):
        """Start a block of steps (see `Steps.start`), with the draws of each model."""
        each = zip(draws, self._first_pairs, strict=True)
        draws = [replace(of_model, index=of_model.index + shift) for of_model, shift in each]
        columns = zip(*(vars(of_model).values() for of_model in draws), strict=True)
        with torch_stream("dropout", self._seed, first, self.fabric.global_rank):
            super().start(Draws(*(torch.stack(column, dim=1) for column in columns)), rates)

    def _optimise(self, *draws):
        learned, fixed = ({k: x.detach() for k, x in some.items()} for some in (self._learned, self._fixed))
        with _PLAIN_ATTENTION():
            gradients, losses = self._gradients(learned, fixed, *draws)
        for weight, gradient in zip(self._learned.values(), gradients, strict=True):
            weight.grad = gradient
        self.optimiser.step()
        return losses


def _gradients_of(model, pairs):
    """A function that gives clipped gradients and mean losses of a batch a model, all models at once."""
    clip_norm, model = model.recipe.clip_norm, with_shared_sums(model)

    def loss_of(learned, fixed, index, noise, pixels, shown):
        batch = pairs.take(index, shown)
        return functional_call(model, learned | fixed, (batch, noise, pixels)).mean()

    def gradients_of(*arguments):
        gradients, losses = vmap(grad_and_value(loss_of), randomness="different")(*arguments)
        gradients = list(gradients.values())
        gradients = gradients if clip_norm is None else clipped(gradients, clip_norm)
        return [gradient.contiguous() for gradient in gradients], losses  # as the optimiser's kernel needs

    return gradients_of


def clipped(gradients, most):
    """Scale the gradients of each model down to a norm: `torch.nn.utils.clip_grad_norm_`, one a model.

    Parameters
    ----------
    gradients : list of Tensor
        Each with a leading dimension for the models.
    most : float

    Returns
    -------
    list of Tensor
    """
    norms = torch.stack([x.reshape(len(x), -1).norm(dim=1) for x in gradients])
    factor = (most / (norms.norm(dim=0) + 1e-6)).clamp(max=1.0)
    return [x * factor.view(-1, *(1,) * (x.dim() - 1)) for x in gradients]


def can_be_together(fabric):
    """Whether one operation can serve several models: not if processes share it, or precision is mixed."""
    return fabric.world_size == 1 and precision_of(fabric) != "bf16-mixed"


def _joined(pairs):
    """The pairs of all models, one model's behind the other's, and where each begins.

    The one set if they share it.
    """
    if all(one is pairs[0] for one in pairs):
        return pairs[0], [0] * len(pairs)
    columns = zip(*(vars(one.photometry).values() for one in pairs), strict=True)
    flux, observed, parameters = (
        torch.cat([getattr(one, name) for one in pairs]) for name in ("flux", "observed", "parameters")
    )
    photometry = Photometry(*(torch.cat(column) for column in columns))
    joined = Pairs(photometry, pairs[0].phase, pairs[0].wavelength, flux, observed, parameters)
    return joined, [i * len(pairs[0]) for i in range(len(pairs))]


def _take_moments(optimiser, tensors):
    state = optimiser.state_dict()
    for name, tensor in tensors.items():
        index, key = name.split(".")
        state["state"].setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict(state)
