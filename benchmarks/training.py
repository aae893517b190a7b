"""What a training step costs, and what bounds it.

python benchmarks/training.py [--device cuda] [--quick] [--workers 12] [--json FILE]
"""

import argparse
import time
from contextlib import nullcontext
from itertools import zip_longest
from multiprocessing import get_context
from unittest.mock import patch

import torch
from measure import FABRIC_PRECISION, ceilings, counted, free, kernels, seconds, table
from synthetic import Case, pairs

from snlib.files import write_json
from snlib.training.steps import BLOCK, COMPILER, use_one_core
from snlib.workers import one_thread_each

PRECISIONS = tuple(FABRIC_PRECISION)
MODES = {
    "eager": {"compiled": False, "recorded": False},
    "graph": {"compiled": False, "recorded": True},
    "compiled": {"compiled": True, "recorded": False},
    "compiled graph": {"compiled": True, "recorded": True},
    "compiled graph, kernels apart": {"compiled": True, "recorded": True},
    "compiled graph, one stream": {"compiled": True, "recorded": True},
}
BATCHES = (16, 64, 256, 1024, 4096)


def one_by_one(function, arguments, device):
    """As `snlib.training.side_by_side`, but all on one stream and compiled as one piece."""
    return [function(*some) for some in arguments]


def grid(device, precisions, quick):
    """(batch size, wavelengths, precision, mode), the most wanted first."""
    if device == "cpu":
        return [(batch, n, "fp32", "eager") for n in (128, 982) for batch in (16, 64)]
    rows = [(16, 128, "fp32", mode) for mode in MODES]
    rows += [(batch, 128, p, "compiled graph") for p in PRECISIONS for batch in BATCHES]
    rows += [(batch, 128, "fp32", mode) for mode in ("eager", "graph") for batch in BATCHES]
    rows += [(batch, 982, p, "graph") for p in PRECISIONS for batch in (16, 256, 1024)]
    if not quick:
        rows += [(batch, 982, p, "compiled graph") for p in PRECISIONS for batch in BATCHES]
        rows += [(batch, 982, "fp32", mode) for mode in ("eager", "graph") for batch in BATCHES]
    return [row for row in dict.fromkeys(rows) if row[2] in precisions]


def steps_in(case, budget):
    """How many steps take about so many seconds; at most a block."""
    return int(min(BLOCK, max(2, budget / (seconds(lambda: case.run(2), case.data.flux.device, 1) / 2))))


def cost(data, n_wavelengths):
    """FLOPs and bytes of an eager step as (constant, per pair), from two batch sizes."""
    counts = []
    for batch in (8, 16):
        case = Case(data, batch, n_wavelengths)
        case.run(1)
        counts.append(counted(lambda case=case: case.run(1)))
    return [(2 * small - large, (large - small) / 8) for small, large in zip(*counts, strict=True)]


class Rounds:
    """What processes share that compile at the same time, and are timed one after the other."""

    def __init__(self, context, n_workers, minutes):
        self.lock, self.barrier = context.Lock(), context.Barrier(n_workers)
        self.results, self.deadline = context.Queue(), time.monotonic() + 60 * minutes


def work(rows, rounds, device, ceiling, costs):
    """Measure rows, one a round; None takes part in a round without doing anything."""
    if device == "cpu":
        use_one_core()
    data = pairs(1000 if device == "cuda" else 50, device)
    for row in rows:
        try:
            late = row is not None and time.monotonic() > rounds.deadline
            case = None if late or row is None else compiled(data, *row)
            result = "no time left"
        except Exception as error:  # most often for memory; it must not cost the others
            case, result = None, f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        rounds.barrier.wait()
        with rounds.lock:  # alone on the device
            if case is not None:
                result = measured(case, ceiling, costs, *row)
        rounds.barrier.wait()
        if row is not None:
            rounds.results.put((row, result))
        del case
        free(device)


def compiled(data, batch, n_wavelengths, precision, mode):
    """A case that has been compiled and recorded, as its mode wants."""
    COMPILER["combo_kernels"] = mode != "compiled graph, kernels apart"
    case = Case(data, batch, n_wavelengths, FABRIC_PRECISION[precision], **MODES[mode])
    alone = (
        patch("snlib.training.side_by_side.side_by_side", one_by_one)
        if "one stream" in mode
        else nullcontext()
    )
    with alone:
        case.run(5)
    return case


def measured(case, ceiling, costs, batch, n_wavelengths, precision, mode):
    """One row of the table."""
    device, n = case.data.flux.device, steps_in(case, 0.5)
    step = seconds(lambda: case.run(n), device, 3) / n
    per_step, idle = kernels(lambda: case.run(min(n, 10)), min(n, 10), device)
    flops, moved = (constant + per_pair * batch for constant, per_pair in costs[n_wavelengths])
    return {
        "batch": batch,
        "wavelengths": n_wavelengths,
        "precision": precision,
        "mode": mode,
        "ms a step": 1e3 * step,
        "pairs/s": batch / step,
        "memory GB": torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else None,
        "TFLOP/s": flops / step / 1e12,
        "of matmul": flops / step / ceiling[precision],
        "of copy": moved / step / ceiling["copy"],
        "kernels": per_step,
        "idle": idle,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--quick", action="store_true", help="compile for 128 wavelengths only")
    parser.add_argument("--workers", type=int, default=1, help="processes that compile at the same time")
    parser.add_argument("--json")
    parser.add_argument("--minutes", type=float, default=60.0, help="start no further round after so long")
    options = parser.parse_args()
    context, device = get_context("spawn"), options.device
    ceiling = ceilings(device)
    report = {"torch": torch.__version__, "ceilings": ceiling, "rows": [], "failed": []}
    if device == "cuda":
        report["device"] = torch.cuda.get_device_name()
    print("ceilings:", {name: f"{rate:.3g}" for name, rate in ceiling.items()}, "FLOP/s, byte/s", flush=True)
    data = pairs(50, device)
    costs = {n: cost(data, n) for n in (128, 982)}
    for n, ((a, b), (c, d)) in costs.items():
        print(
            f"{n} wavelengths: {(a + 16 * b) / 1e9:.3g} GFLOP, {(c + 16 * d) / 1e9:.3g} GB a step of 16 pairs"
        )
    report["counted"] = {n: {"flops": f, "bytes": m} for n, (f, m) in costs.items()}
    del data
    free(device)

    rows, n = grid(device, options.precisions, options.quick), options.workers
    shares, rounds = list(zip_longest(*zip_longest(*[iter(rows)] * n))), Rounds(context, n, options.minutes)
    with one_thread_each():
        for share in shares:
            context.Process(target=work, args=(share, rounds, device, ceiling, costs), daemon=True).start()
    for _ in rows:
        row, result = rounds.results.get()
        if isinstance(result, dict):
            report["rows"].append(result)
            print(table([result]).splitlines()[1], flush=True)
        else:
            report["failed"].append([*row, result])
            print("failed:", *report["failed"][-1], flush=True)
        if options.json:
            write_json(options.json, report)
    print(f"\n{table(report['rows'])}")


if __name__ == "__main__":
    main()
