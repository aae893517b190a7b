"""Optimiser steps in blocks, without a word between host and device inside a block.

At the paper's sizes a step is about a thousand small kernels, and starting them one by one takes
far longer than they run.  On CUDA a whole step (forward, backward, clipping, AdamW) is therefore
compiled into fewer kernels and recorded as one CUDA graph, which is then replayed.
"""

from contextlib import contextmanager
from dataclasses import replace

import torch

from snlib.draws import Draws

__all__ = ["BLOCK", "PRECISIONS", "Steps", "new_optimiser"]

BLOCK = 100  # most steps of a block
PRECISIONS = ("fp32", "tf32", "bf16")
COMPILER = {"combo_kernels": True}  # joins small kernels that do not depend on each other
_STEPS_BEFORE_RECORDING = 3  # let compiler, optimiser and libraries allocate what they keep


def new_optimiser(model):
    """AdamW for `Steps`: one kernel for all parameters, and a learning rate on the device."""
    device = next(model.parameters()).device
    rate = torch.tensor(model.recipe.learning_rate, device=device)
    return torch.optim.AdamW(model.parameters(), lr=rate, fused=True, capturable=device.type == "cuda")


class Steps:
    """Optimiser steps on a model's bound.

    Parameters
    ----------
    model : MMVAE
    optimiser : torch.optim.Optimizer
        From `new_optimiser`, with the state to go on from.
    pairs : snlib.dataset.Pairs
        Training pairs, on the device of the model.
    precision : {"fp32", "tf32", "bf16"}
        Of matrix products: "tf32" rounds their factors to 11 bits (CUDA only), "bf16" to 8 (mixed
        precision: weights and sums stay in float32).
    compiled, recorded : bool, optional
        Compile the loss; record the step as a CUDA graph.  Both by default on CUDA only.
    """

    def __init__(self, model, optimiser, pairs, precision="fp32", compiled=None, recorded=None):
        if precision not in PRECISIONS:
            raise ValueError(f"precision is {precision!r}, expected one of {PRECISIONS}")
        self.model, self.optimiser, self.pairs, self.precision = model, optimiser, pairs, precision
        self.device = pairs.flux.device
        on_cuda = self.device.type == "cuda"
        compiled = on_cuda if compiled is None else compiled
        self._loss_of = torch.compile(_loss, dynamic=False, options=COMPILER) if compiled else _loss
        self._recorded = on_cuda if recorded is None else recorded
        self._stream = torch.cuda.Stream(self.device) if on_cuda else None
        self._graph, self._n_run = None, 0
        # What a step reads and writes: its place in the block, and the block's draws, rates and losses.
        self._row = torch.zeros(1, dtype=torch.int64, device=self.device)
        self._losses = torch.zeros(BLOCK, device=self.device)
        self._rates = torch.zeros(BLOCK, device=self.device)
        self._draws = None

    def start(self, draws, rates):
        """Start a block of steps; on CUDA, return while the device works.

        Parameters
        ----------
        draws : Draws
            Of n steps, at most `BLOCK`, on the CPU; each block's steps alike in shape.
        rates : sequence of n float
            Learning rates.
        """
        n = len(rates)
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
        """The losses of the block's n steps, as a tensor on the CPU; waits for them."""
        if self._stream is not None:
            torch.cuda.current_stream(self.device).wait_stream(self._stream)
        return self._losses[:n].to("cpu", copy=True)  # the next block overwrites them

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
        source = source.pin_memory() if self._stream is not None else source
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
        recipe, parameters = self.model.recipe, self.optimiser.param_groups[0]
        draws = Draws(*(held.index_select(0, self._row)[0] for held in vars(self._draws).values()))
        parameters["lr"].copy_(self._rates.index_select(0, self._row)[0])
        self.optimiser.zero_grad(set_to_none=True)
        with _matmul_precision("high" if self.precision == "tf32" else "highest"):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
                loss = self._loss_of(self.model, self.pairs, draws)
            loss.backward()
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters["params"], recipe.clip_norm)
        self.optimiser.step()
        self._losses.index_copy_(0, self._row, loss.detach()[None])
        self._row += 1


def _loss(model, pairs, draws):
    """Minus the mean bound of a batch."""
    photometry, spectrum = pairs.take(draws.index)
    photometry = replace(photometry, observed=photometry.observed & draws.shown)
    return -model.bound(photometry, spectrum, draws.noise, draws.pixels).mean()


@contextmanager
def _matmul_precision(name):
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(name)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
