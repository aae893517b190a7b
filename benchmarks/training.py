"""What a training step costs, and what bounds it.

python benchmarks/training.py [--device cuda] [--quick] [--workers 12] [--json FILE]
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from multiprocessing import get_context
from unittest.mock import patch

import torch
from measure import FABRIC_PRECISION, ceilings, counted, free, kernels, seconds, table
from synthetic import Case, pairs

from snlib.files import write_json
from snlib.steps import BLOCK, COMPILER, use_one_core

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
SHARED = {}  # by the rows that a process measures; see `prepare`


def one_by_one(function, arguments, device):
    """What `snlib.streams.side_by_side` does, but all on one stream and compiled as one piece."""
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


def prepare(device, lock, deadline, ceiling, costs):
    """Set up a process that measures rows: data, and what they all share."""
    SHARED.update(lock=lock, deadline=deadline, ceiling=ceiling, costs=costs)
    if device == "cpu":
        use_one_core()
    SHARED["data"] = pairs(1000 if device == "cuda" else 50, device)


def measure(batch, n_wavelengths, precision, mode):
    """One row of the table; compiled beside others, timed alone."""
    data, ceiling, costs = (SHARED[name] for name in ("data", "ceiling", "costs"))
    device = data.flux.device
    COMPILER["combo_kernels"] = mode != "compiled graph, kernels apart"
    case = Case(data, batch, n_wavelengths, FABRIC_PRECISION[precision], **MODES[mode])
    alone = patch("snlib.objectives.side_by_side", one_by_one) if "one stream" in mode else nullcontext()
    with alone:
        case.run(5)  # compiles and records
    with SHARED["lock"]:
        n = steps_in(case, 0.5)
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


def attempt(row):
    """A row or, if it fails (most often for memory), the reason: it must not cost the others."""
    if time.monotonic() > SHARED["deadline"]:
        return "no time left"
    try:
        return measure(*row)
    except Exception as error:
        return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
    finally:
        free(SHARED["data"].flux.device)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--quick", action="store_true", help="compile for 128 wavelengths only")
    parser.add_argument("--workers", type=int, default=1, help="processes that compile at the same time")
    parser.add_argument("--json")
    parser.add_argument("--minutes", type=float, default=30.0, help="start no further row after so long")
    options = parser.parse_args()
    deadline, device = time.monotonic() + 60 * options.minutes, options.device
    context = get_context("spawn")
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

    rows = grid(device, options.precisions, options.quick)
    setting = (device, context.Lock(), deadline, ceiling, costs)
    with ProcessPoolExecutor(options.workers, context, prepare, setting) as pool:
        futures = {pool.submit(attempt, row): row for row in rows}
        for future in as_completed(futures):
            if isinstance(result := future.result(), dict):
                report["rows"].append(result)
                print(table([result]).splitlines()[1], flush=True)
            else:
                report["failed"].append([*futures[future], result])
                print("failed:", *report["failed"][-1], flush=True)
            if options.json:
                write_json(options.json, report)
    print(f"\n{table(report['rows'])}")


if __name__ == "__main__":
    main()
