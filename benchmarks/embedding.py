"""How fast light curves are embedded, and what limits it.

python benchmarks/embedding.py [--device cuda] [--n 1000000] [--json FILE]
"""

import argparse
from contextlib import nullcontext

import torch
from measure import free, seconds, synchronise, table
from synthetic import SCALING, light_curves

from snlib.data.batches import on
from snlib.data.events import LightCurves
from snlib.files import write_json
from snlib.inference.embedding import embed
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model
from snlib.training.steps import use_one_core


@torch.no_grad()
def measure(model, curves, batch_size, precision, device):
    """One row: all light curves, and the share of each part of the work in it."""
    free(device)
    some = LightCurves(*(column[:batch_size] for column in vars(curves).values()))
    packed = SCALING.photometry(some)
    there = on(packed, device)
    autocast = torch.autocast(torch.device(device).type, torch.bfloat16)
    with autocast if precision == "bf16" else nullcontext():
        total = seconds(lambda: embed(model, SCALING, curves, device, batch_size), device, 1)
        parts = {
            "pack": seconds(lambda: SCALING.photometry(LightCurves(*vars(some).values())), device),
            "send": seconds(lambda: on(packed, device), device),
            "encode": seconds(lambda: model.photometry.posterior(there), device),
        }
    n, per_batch = len(curves.magnitude), len(some.magnitude)
    return {
        "batch": batch_size,
        "precision": precision,
        "light curves/s": n / total,
        "million in s": 1e6 * total / n,
        **{f"{name} us": 1e6 * part / per_batch for name, part in parts.items()},
        "memory GB": torch.cuda.max_memory_allocated() / 1e9 if torch.device(device).type == "cuda" else None,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--n", type=int, help="light curves; a million on cuda")
    parser.add_argument("--json")
    options = parser.parse_args()
    on_cuda = options.device == "cuda"
    if not on_cuda:
        use_one_core()
    curves = light_curves(options.n or (1_000_000 if on_cuda else 2_000))
    model = new_model("mmvae", RECIPES["improved"], 0).to(options.device)
    batches = (1024, 8192, 65536) if on_cuda else (64, 256, 1024)
    rows = []
    for precision in ("fp32", "bf16") if on_cuda else ("fp32",):
        for batch_size in batches:
            rows.append(measure(model, curves, batch_size, precision, options.device))
            print(table(rows[-1:]).splitlines()[1], flush=True)
    synchronise(options.device)
    print(f"\n{table(rows)}\n(pack, send and encode: microseconds a light curve, each by itself)")
    if options.json:
        write_json(options.json, {"torch": torch.__version__, "n": len(curves.magnitude), "rows": rows})


if __name__ == "__main__":
    main()
