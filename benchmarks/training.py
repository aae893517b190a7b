"""What a training step costs, and what bounds it.

python benchmarks/training.py [--device cuda] [--quick] [--json FILE] [--minutes 9]
"""

import argparse
import time
from contextlib import nullcontext
from unittest.mock import patch

import torch
from measure import FABRIC_PRECISION, ceilings, counted, free, kernels, seconds, table
from synthetic import Case, pairs

from snlib.files import write_json
from snlib.steps import BLOCK, COMPILER, use_one_core

MODES = {
    "eager": {"compiled": False, "recorded": False},
    "graph": {"compiled": False, "recorded": True},
    "compiled": {"compiled": True, "recorded": False},
    "compiled graph": {"compiled": True, "recorded": True},
    "compiled graph, kernels apart": {"compiled": True, "recorded": True},
    "compiled graph, one stream": {"compiled": True, "recorded": True},
}


def one_by_one(function, arguments, device):
    """What `snlib.streams.side_by_side` does, but all on one stream and compiled as one piece."""
    return [function(*some) for some in arguments]


def grid(device, quick):
    """(batch size, wavelengths, precision, mode), the most wanted first: compiling takes a minute each."""
    if device == "cpu":
        return [(batch, n, "fp32", "eager") for n in (128, 982) for batch in (16, 64)]
    batches = (16, 64, 256, 1024, 4096)
    rows = [(16, 128, "fp32", mode) for mode in MODES] + [(16, 128, "tf32", "compiled graph")]
    rows += [(batch, 128, "fp32", "compiled graph") for batch in (4096, 256)]
    rows += [(4096, 128, "bf16", "compiled graph"), (4096, 982, "fp32", "compiled graph")]
    if quick:
        return rows
    rows += [(batch, n, "fp32", "compiled graph") for n in (128, 982) for batch in batches]
    rows += [(b, n, p, "graph") for p in ("tf32", "bf16") for n in (128, 982) for b in (16, 256, 4096)]
    rows += [(batch, n, "fp32", mode) for mode in ("eager", "graph") for n in (128, 982) for batch in batches]
    return list(dict.fromkeys(rows))


def steps_in(case, budget):
    """How many steps take about so many seconds; at most a block."""
    case.run(5)  # compiles and records
    return int(min(BLOCK, max(2, budget / (seconds(lambda: case.run(2), case.data.flux.device, 1) / 2))))


def cost(data, n_wavelengths):
    """FLOPs and bytes of an eager step as (constant, per pair), from two batch sizes."""
    counts = []
    for batch in (8, 16):
        case = Case(data, batch, n_wavelengths)
        case.run(1)
        counts.append(counted(lambda case=case: case.run(1)))
    return [(2 * small - large, (large - small) / 8) for small, large in zip(*counts, strict=True)]


def measure(data, ceiling, costs, batch, n_wavelengths, precision, mode):
    """One row of the table."""
    device = data.flux.device
    free(device)
    COMPILER["combo_kernels"] = mode != "compiled graph, kernels apart"
    started = time.perf_counter()
    case = Case(data, batch, n_wavelengths, FABRIC_PRECISION[precision], **MODES[mode])
    alone = patch("snlib.objectives.side_by_side", one_by_one) if "one stream" in mode else nullcontext()
    with alone:  # whatever is compiled and recorded is so now
        n = steps_in(case, 0.5)
    ready = time.perf_counter() - started
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
        "ready in s": ready,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--minutes", type=float, default=9.0, help="start no further row after so long")
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    if options.device == "cpu":
        use_one_core()
    data = pairs(1000 if options.device == "cuda" else 50, options.device)
    ceiling = ceilings(options.device)
    report = {"torch": torch.__version__, "ceilings": ceiling, "rows": [], "failed": []}
    if options.device == "cuda":
        report["device"] = torch.cuda.get_device_name()
    print("ceilings:", {name: f"{rate:.3g}" for name, rate in ceiling.items()}, "FLOP/s, byte/s", flush=True)
    costs = {n: cost(data, n) for n in (128, 982)}
    for n, ((a, b), (c, d)) in costs.items():
        print(
            f"{n} wavelengths: {(a + 16 * b) / 1e9:.3g} GFLOP, {(c + 16 * d) / 1e9:.3g} GB a step of 16 pairs"
        )
    report["counted"] = {n: {"flops": f, "bytes": m} for n, (f, m) in costs.items()}

    for case in grid(options.device, options.quick):
        if time.monotonic() > deadline:
            report["failed"].append([*case, "no time left"])
            continue
        try:
            report["rows"].append(measure(data, ceiling, costs, *case))
            print(table(report["rows"][-1:]).splitlines()[1], flush=True)
        except Exception as error:  # a row that fails, most often for memory, must not cost the others
            message = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            report["failed"].append([*case, message])
            print("failed:", *case, message, flush=True)
        if options.json:
            write_json(options.json, report)
    print(f"\n{table(report['rows'])}")


if __name__ == "__main__":
    main()
