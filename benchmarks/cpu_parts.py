"""Where the time of a training step on a CPU goes: by part of the model, by kind of operation."""

import time

import torch
from measure import in_turn, ratio
from synthetic import Case, pairs
from torch.profiler import profile

KINDS = {
    "matrix products": ("mm", "addmm", "bmm", "baddbmm"),
    "softmax": ("_softmax", "_softmax_backward_data"),
    "layer norm": ("native_layer_norm", "native_layer_norm_backward"),
    "GELU": ("gelu", "gelu_backward"),
    "copies": ("copy_", "cat", "fill_", "zero_", "index", "index_select"),
    "sums, other arithmetic": (
        *("add", "add_", "sum", "mul", "mul_", "div", "sub", "neg", "abs", "sin", "cos", "sgn", "log", "exp"),
        *("logsumexp", "softplus", "softplus_backward", "masked_fill", "masked_fill_"),
        *("linalg_vector_norm", "_fused_adamw_"),
    ),
}


def forward_backward(model, value):
    """The work of some value and of its gradients."""

    def work():
        model.zero_grad()
        value().sum().backward()

    return work


def part_works(case):
    """The parts of a step, each as work by itself."""
    model, optimiser = case.model, case.steps.optimiser
    case.run()  # draws, and gradients for the optimiser
    draws = case.draws[1]
    batch = case.data.take(draws.index[0], draws.shown[0])
    some = batch.spectrum.at(draws.pixels[0])
    n_samples, n_pairs = draws.noise.shape[1] * draws.noise.shape[2], draws.noise.shape[3]
    z = torch.randn(n_samples, n_pairs, *draws.noise.shape[4:], requires_grad=True)
    values = {
        "spectrum encoder": lambda: model.spectrum.encoder(batch.spectrum),
        "light-curve encoder": lambda: model.photometry.encoder(batch.photometry),
        "spectrum decoder": lambda: model.spectrum.decoder(z, some),
        "light-curve decoder": lambda: model.photometry.decoder(z, batch.photometry),
    }
    parameters = list(model.parameters())

    def optimise():
        torch.nn.utils.clip_grad_norm_(parameters, model.recipe.clip_norm)
        optimiser.step()

    return {name: forward_backward(model, value) for name, value in values.items()}, optimise


def by_part(data, batch, lengths, repeats=9):
    """Rows: the share of each part in the time of a step.

    A part by itself takes a little longer than in a step (it has its memory to ask for), so the
    rest, which is what the parts leave of the step, may be less than nothing.
    """
    rows = []
    for n in lengths:
        case = Case(data, batch, n)
        parts, optimise = part_works(case)
        # The optimiser goes right after a step, whose gradients it needs.
        times = in_turn({"step": case.run, "optimiser, clipping": optimise, **parts}, repeats)
        step = times.pop("step")
        times = {name: times[name] for name in (*parts, "optimiser, clipping")}
        times["rest"] = [whole - sum(each) for whole, *each in zip(step, *times.values(), strict=True)]
        rows += [{"decoded": n, "part": name, "share": ratio(column, step)} for name, column in times.items()]
    return rows


def by_kind(data, batch, lengths, n=3):
    """Rows: the share of each kind of operation in the time of a step, in one column per length.

    What the profiler adds to each operation counts as overhead.  How much overhead there is
    without it, the steps of one pair at a few wavelengths say, with as many operations and next to
    no arithmetic.
    """
    columns = {length: _shares(Case(data, batch, length), n) for length in lengths}
    tiny = Case(pairs(4, "cpu", 4), 1, 4)
    for length, column in columns.items():
        times = in_turn({"tiny": tiny.run, "step": Case(data, batch, length).run}, 7)
        column["a step without arithmetic"] = min(times["tiny"]) / min(times["step"])
    kinds = [*KINDS, "Python, autograd, dispatch", "a step without arithmetic"]
    return [
        {"kind": kind, **{f"{length} wavelengths": columns[length][kind] for length in lengths}}
        for kind in kinds
    ]


def _shares(case, n):
    case.run(n)
    with profile(acc_events=True) as profiler:
        started = time.perf_counter()
        case.run(n)
        wall = time.perf_counter() - started
    own = {event.key: event.self_cpu_time_total / 1e6 for event in profiler.key_averages()}
    shares = {
        kind: sum(own.get(f"aten::{name}", 0.0) for name in names) / wall for kind, names in KINDS.items()
    }
    shares["Python, autograd, dispatch"] = 1 - sum(shares.values())
    return shares
