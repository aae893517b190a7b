"""``python -m tests.fuzzing --inputs 100000``: damaged files against every reader, and what became of them.

A reader may read what it is given or refuse it in one line that names the file; all else is a fault, and so
is a reader that warns of nothing and never comes back.  Nothing here is part of the tests but a short run.
"""

import argparse
import resource
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tests.fuzzing.damage import damage
from tests.fuzzing.readers import READERS

_MOST_BYTES = 6 << 30  # of memory: what claims more than the machine has is to be refused, not asked for


def outcome(reader, path, folder):
    """What a reader makes of a file: "read", "refused", or the fault in words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader(path)
    except (ValueError, OSError) as error:
        text = str(error)
        named = text.startswith(str(folder)) or str(getattr(error, "filename", "")).startswith(str(folder))
        if named and "\n" not in text.strip():
            return "refused"
        return f"{type(error).__name__} that does not begin with the file's name, in one line: {text[:200]}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "read"


def fuzz(name, n_inputs, seed=0):
    """Damage the file of a reader in so many ways.

    Parameters
    ----------
    name : str
        In `READERS`.
    n_inputs, seed : int

    Returns
    -------
    collections.Counter
        How often "read", "refused", and each fault.
    """
    reader, found = READERS[name], Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = reader.make(Path(folder))
        content = path.read_bytes()
        reader(path)
        for index in tqdm(range(n_inputs), desc=name, mininterval=5, disable=n_inputs < 1000):
            path.write_bytes(content)
            damage(path, np.random.default_rng((seed, list(READERS).index(name), index)))
            found[outcome(reader, path, folder)] += 1
    return found


def main():
    """Fuzz all readers, or those that are named; exit code 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", help="all by default")
    parser.add_argument("--inputs", type=int, default=1000, help="of each reader")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    faults = 0
    for name in given.readers or READERS:
        found = fuzz(name, given.inputs, given.seed)
        read, refused = found.pop("read", 0), found.pop("refused", 0)
        faults += found.total()
        print(f"{name:24} {read:7,} read {refused:7,} refused {found.total():7,} faults", flush=True)
        for fault, count in found.most_common():
            print(f"    {count:6,} × {fault}", flush=True)
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
