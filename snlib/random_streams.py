"""Every stream of random numbers by its name: one seed a run, and no two uses share a stream.

A stream is told by its name, the seed and a place (an event, a step): what is drawn at one place does not
depend on what was drawn at another, so work may be cut, shared and resumed anywhere.
"""

import re
from contextlib import contextmanager

import numpy as np

__all__ = ["FROZEN", "STREAMS", "read_seeds", "require_seed", "stream", "torch_stream"]

_MOST = 2**63 - 1  # what files and libraries can hold
_MOST_SEEDS = 1000  # of a list

# Numbers that are never used again: a stream that is no longer needed leaves a gap.
STREAMS = {
    "batches": 0,  # of an epoch of training
    "steps": 1,  # of training: latent samples, wavelengths, hidden points
    "validation": 2,  # latent samples of all validation pairs
    "augmentation": 3,  # of the training pairs, drawn once
    "hidden points": 4,  # of a test event, as more and more are hidden
    "fewer points": 5,  # of a test event, as fewer and fewer are left
    "prior samples": 6,
    "conditional samples": 7,  # of an event, one a light curve
    "posterior samples": 8,  # of an event, to judge its spectra
    "recalibration": 9,  # of a validation event
    "real models": 10,  # of a fold and a real model, to judge its spectra
    "bootstrap of events": 11,
    "bootstrap of seeds": 12,
    "illustration": 13,  # of a page
    "odd light curves": 14,  # of a kind and an event: what makes it odd
    "shortened light curves": 15,  # of a repetition and an event: where it ends, and what is left of it
    "dropout": 16,  # of a block of steps and one of the processes that share them
    "directions": 17,  # to compare gradients in, by the hash of a parameter's name; no seed of a run
}
# As they were before they had names, since what was made with them stays: events, splits, predictions and the
# fit of the surrogate.  numpy ignores zeros at the end of such a key, so that some of these are the same:
# the split and the cadence of event 0, and the fits (which have no seed) and the model of event 0.
FROZEN = {
    "models": (0,),  # of an event: its parameters, residuals and noise
    "cadences": (1,),  # of an event
    "split": (1,),
    "Sedona files": (2,),  # their order
    "predictions": (),  # of an object, by the hash of its name
    "fits": (),  # folds of the surrogate and of the real models, and noise of the fit; no seed of a run
    "inversion": (),  # where fits to light curves start; no seed of a run
}


def require_seed(seed):
    """Refuse what is no seed; the one check of seeds.

    Parameters
    ----------
    seed : int

    Raises
    ------
    ValueError
        If it is not a whole number from 0 to 2**63 - 1.
    """
    is_whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not is_whole or not 0 <= seed <= _MOST:
        raise ValueError(f"seed is {seed!r}, expected a whole number from 0 to 2**63 - 1, such as 7")


def read_seeds(text):
    """Read a list of seeds.

    Parameters
    ----------
    text : str
        Seeds and ranges, which include their ends, such as ``0-7`` or ``0,3,5``.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        If it is no such list, names a seed twice, or is longer than 1000.
    """
    refused = f"seeds are {text!r}, expected a list without repetitions such as 0-7 or 0,3,5"
    if not re.fullmatch(r"\d{1,19}(-\d{1,19})?(,\d{1,19}(-\d{1,19})?)*", text, re.ASCII):
        raise ValueError(refused)
    seeds = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        some = range(int(first), int(last or first) + 1)
        if not some or len(seeds) + some.stop - some.start > _MOST_SEEDS:
            raise ValueError(f"{refused}, of at most {_MOST_SEEDS}")
        seeds += some
    if len(set(seeds)) < len(seeds):
        raise ValueError(refused)
    for seed in seeds:
        require_seed(seed)
    return seeds


def stream(name, seed, *place):
    """The random numbers of one use at one place.

    Parameters
    ----------
    name : str
        A name in `STREAMS` or `FROZEN`.
    seed : int
    *place : int
        Where in that use: an event, a step; as many numbers at every call of a name.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    KeyError
        If there is no such stream.
    ValueError
        If the seed is none.
    """
    require_seed(seed)
    if name in FROZEN:
        return np.random.default_rng((seed, *FROZEN[name], *place))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS[name], *place)))


@contextmanager
def torch_stream(name, seed, *place):
    """Let what torch itself draws within the block be of one stream, and leave what it draws later alone.

    The numbers on CUDA are others than those on the CPU.

    Parameters
    ----------
    name, seed, place
        As of `stream`.
    """
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(int(stream(name, seed, *place).integers(_MOST)))
        yield
