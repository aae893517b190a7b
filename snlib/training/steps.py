"""Optimiser steps in blocks, without a word between host and device inside a block.

At the paper's sizes a step is about a thousand small kernels, and starting them one by one takes
far longer than they run.  On CUDA a whole step (forward, backward, clipping, AdamW) is therefore
compiled into fewer kernels and recorded as one CUDA graph, which is then replayed, what is
independent side by side (see `snlib.training.side_by_side`).
"""

import ctypes
from contextlib import contextmanager, suppress

import torch
from lightning_fabric import Fabric
from threadpoolctl import threadpool_limits
from torch import nn

from snlib.model.mmvae import MMVAE
from snlib.model.predictive import PredictiveMMVAE
from snlib.training.draws import Draws
from snlib.training.side_by_side import SideBySide

__all__ = [
    "BLOCK",
    "PRECISIONS",
    "RecordedSteps",
    "Steps",
    "compile_however_many",
    "new_fabric",
    "new_optimiser",
    "precision_of",
    "use_one_core",
]

BLOCK = 100  # most steps of a block
PRECISIONS = ("32-true", "tf32", "bf16-mixed")
COMPILER = {"combo_kernels": True}  # joins small kernels that do not depend on each other
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_MOST_COMPILED = 256  # variants of a function
_STEPS_BEFORE_RECORDING = 3  # let compiler, optimiser and libraries allocate what they keep


def use_one_core():
    """From now on, let this process work with one thread on the CPU and keep the memory it frees.

    The tensors are small: a second thread saves a quarter, but if anything else runs on its core
    the two wait for each other at every operation and take many times as long.  Memory that is
    given back after a step is fetched anew, page by page, in the next: a tenth of its time.
    """
    torch.set_num_threads(1)
    threadpool_limits(1)
    with suppress(OSError, AttributeError):  # where the C library is another than glibc
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_MMAP_THRESHOLD, 2**30)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def new_fabric(device, precision="32-true", processes=1):
    """Where and how to train: device, precision and number of processes.

    Parameters
    ----------
    device : {"cpu", "cuda"}
    precision : {"32-true", "tf32", "bf16-mixed"}
        Weights are float32; with the last two, factors of matrix products are rounded to TensorFloat-32
        (in the whole process, until the next call) or bfloat16.
    processes : int
        More than one share each batch (on CUDA, one a card); started by ``Fabric.launch``.

    Returns
    -------
    lightning_fabric.Fabric

    Raises
    ------
    ValueError
        If the device has no such precision, or the number of processes is not positive.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}, expected one of {PRECISIONS}")
    if precision == "tf32" and device != "cuda":
        raise ValueError(f"precision is 'tf32', which is for cuda, but the device is {device!r}")
    if processes < 1:
        raise ValueError(f"processes is {processes}, expected at least 1")
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    strategy, stored = "ddp" if processes > 1 else "auto", "32-true" if precision == "tf32" else precision
    return Fabric(accelerator=device, devices=processes, precision=stored, strategy=strategy)


def precision_of(fabric):
    """The precision that `new_fabric` was last asked for, given what it returned."""
    rounded = torch.get_float32_matmul_precision() == "high"
    return "tf32" if rounded else fabric.strategy.precision.precision


def new_optimiser(model, parameters=None):
    """AdamW for `Steps`: one kernel for all parameters (the model's own by default), rate on the device."""
    parameters = list(model.parameters() if parameters is None else parameters)
    device = parameters[0].device
    rate = torch.tensor(model.recipe.learning_rate, device=device)
    return torch.optim.AdamW(parameters, lr=rate, fused=True, capturable=device.type == "cuda")


def compile_however_many(function):
    """Compile a function or a module, of which this process may already have compiled many like it."""
    # Past the limit the next would silently not be compiled.
    torch._dynamo.config.recompile_limit = _MOST_COMPILED
    return torch.compile(function, dynamic=False, options=COMPILER)


class _MeanLoss(nn.Module):
    """The mean loss of a batch of pairs: what Fabric wraps, so its arguments are plain tensors."""

    def __init__(self, model, pairs):
        super().__init__()
        self.model, self.pairs = model, pairs

    def forward(self, index, noise, pixels, shown):
        return self.model(self.pairs.take(index, shown), noise, pixels).mean()


class RecordedSteps:
    """Steps in blocks, on CUDA recorded as a graph; `_optimise` of a subclass says what a step is.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
    optimiser : torch.optim.Optimizer
        With one group of parameters, and a learning rate on the device.
    device : torch.device
    recorded : bool, optional
        Record the step as a CUDA graph.  By default on one CUDA device only.
    n_losses : tuple of int
        Shape of the losses of a step.
    """

    def __init__(self, fabric, optimiser, device, recorded=None, n_losses=()):
        self.fabric, self.optimiser, self.device = fabric, optimiser, device
        on_cuda = device.type == "cuda"
        self._recorded = on_cuda and fabric.world_size == 1 if recorded is None else recorded
        # Only a stream of its own can be recorded.
        self._stream = torch.cuda.Stream(device) if self._recorded else None
        self._graph, self._n_run = None, 0
        # What a step reads and writes: its place in the block, and the block's draws, rates and losses.
        self._row = torch.zeros(1, dtype=torch.int64, device=device)
        self._losses = torch.zeros(BLOCK, *n_losses, device=device)
        self._rates = torch.zeros(BLOCK, device=device)
        self._draws = None

    def start(self, draws, rates):
        """Start a block of steps; on CUDA, return while the device works.

        Parameters
        ----------
        draws : Draws
            Of n steps, at most `BLOCK`, on the CPU; each block's steps alike in shape.  Of several
            processes each does its share of every batch.
        rates : sequence of n float
            Learning rates.
        """
        n = len(rates)
        draws = draws.share(self.fabric.global_rank, self.fabric.world_size)
        with self._on_stream():
            if self._draws is None:
                self._draws = Draws(
                    *(x.new_zeros((BLOCK, *x.shape[1:]), device=self.device) for x in vars(draws).values())
                )
            for held, new in zip(vars(self._draws).values(), vars(draws).values(), strict=True):
                self._send(new, held[:n])
            self._send(torch.tensor(rates, dtype=torch.float32), self._rates[:n])
            self._row.zero_()
            for _ in range(n):
                self._run()

    def losses(self, n):
        """The losses of the block's n steps, as a tensor on the CPU; waits for them.

        The mean over processes: the loss of the whole batch.
        """
        if self._stream is not None:
            torch.cuda.current_stream(self.device).wait_stream(self._stream)
        losses = self._losses[:n].clone()  # the next block overwrites them
        return self.fabric.all_reduce(losses, reduce_op="mean").cpu()

    @contextmanager
    def _on_stream(self):
        if self._stream is None:
            yield
        else:
            self._stream.wait_stream(torch.cuda.current_stream(self.device))
            with torch.cuda.stream(self._stream):
                yield

    def _send(self, source, target):
        # From pinned memory the copy need not be waited for.
        source = source.pin_memory() if self.device.type == "cuda" else source
        target.copy_(source, non_blocking=True)

    def _run(self):
        if self._recorded and self._graph is None and self._n_run == _STEPS_BEFORE_RECORDING:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=self._stream):  # records, and runs nothing
                self._step()
            self._graph = graph
        if self._graph is not None:
            self._graph.replay()
        else:
            self._step()
            self._n_run += 1

    def _step(self):
        """The step of the current row; touches the host in no way, so that it can be recorded."""
        draws = [held.index_select(0, self._row)[0] for held in vars(self._draws).values()]
        self.optimiser.param_groups[0]["lr"].copy_(self._rates.index_select(0, self._row)[0])
        losses = self._optimise(*draws)
        self._losses.index_copy_(0, self._row, losses[None])
        self._row += 1


class Steps(RecordedSteps):
    """Optimiser steps on a model's loss.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
    model : torch.nn.Module
        As of `snlib.training.loop.train`, on the device of `fabric`.
    optimiser : torch.optim.Optimizer
        From `new_optimiser`, with the state to go on from.
    pairs : snlib.data.batches.Pairs
        Training pairs, on the same device.
    compiled, recorded : bool, optional
        Compile the loss; record the step as a CUDA graph.  Both by default on one CUDA device only.
    """

    def __init__(self, fabric, model, optimiser, pairs, compiled=None, recorded=None):
        self.model, device = model, pairs.flux.device
        on_cuda = device.type == "cuda"
        # Alone on a card, its experts need not wait for each other.
        abreast = on_cuda and isinstance(model, MMVAE) and not isinstance(model, PredictiveMMVAE)
        loss = _MeanLoss(SideBySide(model) if abreast else model, pairs)
        if on_cuda if compiled is None else compiled:
            loss = compile_however_many(loss)
        self._loss_of, optimiser = fabric.setup(loss, optimiser)
        super().__init__(fabric, optimiser, device, recorded)

    def _optimise(self, *draws):
        clip_norm, parameters = self.model.recipe.clip_norm, self.optimiser.param_groups[0]["params"]
        self.optimiser.zero_grad(set_to_none=True)
        loss = self._loss_of(*draws)
        self.fabric.backward(loss)
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
        self.optimiser.step()
        return loss.detach()
