"""Ceilings of a device, and what a piece of work costs in time, memory, arithmetic, bytes and kernels."""

import gc
import re
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

import torch
from torch.profiler import DeviceType, ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from snlib.training.steps import use_one_core
from snlib.workers import worker_pool

FABRIC_PRECISION = {"fp32": "32-true", "tf32": "tf32", "bf16": "bf16-mixed"}


@contextmanager
def matmul_precision(precision):
    """With "tf32", let the matrix products of float32 numbers round their factors to TensorFloat-32."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def synchronise(device):
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work, device, repeats=5):
    """Median wall time of some work, after one run to warm up."""
    times = []
    for _ in range(repeats + 1):
        synchronise(device)
        started = time.perf_counter()
        work()
        synchronise(device)
        times.append(time.perf_counter() - started)
    return median(times[1:])


def in_turn(works, repeats):
    """Wall times of works (a dict), each in turn, so that a slow spell of the machine meets all alike."""
    times = {name: [] for name in works}
    for _ in range(repeats + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - started)
    return {name: column[1:] for name, column in times.items()}  # the first warms up


def median_ms(times):
    """Median of some times in ms, and by what share of it the best was shorter."""
    return {"ms": 1e3 * median(times), "best shorter by": 1 - min(times) / median(times)}


def ratio(times, reference):
    """Median ratio of times to those taken in turn with them."""
    return median(t / r for t, r in zip(times, reference, strict=True))


def in_fresh_process(function, *arguments, initializer=use_one_core):
    """Call a function in a process of its own, on one core."""
    with worker_pool(1, initializer) as pool:
        return pool.submit(function, *arguments).result()


def resident_mb():
    """Memory that this process holds, and the most it has held.

    Not from getrusage, where a child's peak begins with that of its parent.
    """
    status = Path("/proc/self/status").read_text()
    return tuple(int(re.search(rf"{name}:\s+(\d+)", status)[1]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))


def machine():
    """The processor, the version of torch and the number of threads."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": found[1] if found else "unknown",
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


def free(device):
    """Give back what is not held any more."""
    gc.collect()
    torch.compiler.reset()
    if torch.device(device).type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def ceilings(device):
    """Measured rates: FLOP/s of a large matrix product by precision, byte/s of a large copy."""
    on_cuda = torch.device(device).type == "cuda"
    n = 8192 if on_cuda else 1024
    result = {}
    for name in ("fp32", "tf32", "bf16") if on_cuda else ("fp32",):
        dtype = torch.bfloat16 if name == "bf16" else torch.float32
        a, b = (torch.randn(n, n, device=device, dtype=dtype) for _ in range(2))
        with matmul_precision(name):
            result[name] = 2 * n**3 / seconds(lambda a=a, b=b: torch.mm(a, b), device)
    source = torch.randn((2**32 if on_cuda else 2**27) // 4, device=device)
    target = torch.empty_like(source)
    result["copy"] = 2 * source.nbytes / seconds(lambda: target.copy_(source), device)
    return result


class _ByteCounter(TorchDispatchMode):
    """Adds up the bytes each operator reads and writes; views move none."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        out = operator(*args, **(kwargs or {}))
        if not operator.is_view:
            self.bytes += sum(x.nbytes for x in tree_leaves((args, kwargs, out)) if torch.is_tensor(x))
        return out


def counted(work):
    """FLOPs of the matrix products, and bytes its operators would move one by one."""
    with FlopCounterMode(display=False) as flops, _ByteCounter() as moved:
        work()
    return flops.get_total_flops(), moved.bytes


def kernels(work, n, device):
    """Kernels a step and the share of time in which none runs, of n steps; None where not known."""
    if torch.device(device).type != "cuda":
        return None, None
    with suppress(RuntimeError):
        with profile(activities=[ProfilerActivity.CUDA]) as profiler:
            work()
            synchronise(device)
        spans = sorted(
            (event.time_range.start, event.time_range.end)
            for event in profiler.events()
            if event.device_type == DeviceType.CUDA
        )
        if spans:
            busy, end = 0.0, spans[0][0]
            for start, stop in spans:
                busy += max(0.0, stop - max(start, end))
                end = max(end, stop)
            return len(spans) / n, 1 - busy / (end - spans[0][0])
    return None, None


def table(rows):
    """Rows (dicts with the same keys) as text."""

    def text(value):
        return "-" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)

    columns = [[name, *(text(row[name]) for row in rows)] for name in rows[0]]
    widths = [max(map(len, column)) for column in columns]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in zip(*columns, strict=True)
    )
