"""The parameters of a run, checked before anything runs: whether Make, a notebook or a command gives them."""

import re
from dataclasses import dataclass
from pathlib import Path

from snlib.data.published_sample import published_files
from snlib.random_streams import require_seed
from snlib.replication.profiles import PROFILES

__all__ = ["DEVICES", "PipelineParameters", "require_parameters", "whole_number"]

DEVICES = ("auto", "cpu", "cuda")


def require_parameters(profile, device, seed, published_sample=""):
    """Refuse parameters of a run that have no such value.

    Parameters
    ----------
    profile : str
        A name in `snlib.replication.profiles.PROFILES`.
    device : {"auto", "cpu", "cuda"}
    seed : int
    published_sample : path-like
        Folder of the published sample; empty for surrogate events.

    Raises
    ------
    ValueError, FileNotFoundError
        The message names the parameter, or the folder, and what is expected.
    """
    if profile not in list(PROFILES):
        raise ValueError(f"profile is {profile!r}, expected one of {list(PROFILES)}")
    if device not in DEVICES:
        raise ValueError(f"device is {device!r}, expected 'auto', 'cpu' or 'cuda'")
    if device == "cuda":
        from torch.cuda import is_available  # takes seconds to load

        if not is_available():
            raise ValueError("device is 'cuda', but there is no CUDA device here, expected 'auto' or 'cpu'")
    require_seed(seed)
    if published_sample:
        published_files(published_sample)


def whole_number(name, text):
    """A positive number that is given as text, or as Snakemake reads it.

    Parameters
    ----------
    name : str
        For the message.
    text : str or int

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is none.
    """
    number = _plain(text)
    if not isinstance(number, int) or number < 1:
        raise ValueError(f"{name} is {text!r}, expected a whole number from 1, such as 3")
    return number


def _plain(text):
    """The whole number that a text is, if it is written plainly; else the text, which no check will pass."""
    return int(text) if isinstance(text, str) and re.fullmatch(r"0|[1-9][0-9]*", text, re.ASCII) else text


@dataclass(frozen=True)
class PipelineParameters:
    """What a run of the pipeline is told.

    Attributes
    ----------
    profile, device, seed
        See `require_parameters`.
    n_seeds : int
        How many seeds are ablated.
    published_sample : str
        Absolute path of the folder; empty for surrogate events.
    """

    profile: str
    device: str
    seed: int
    n_seeds: int
    published_sample: str

    @classmethod
    def read(cls, given, environment):
        """Read and check parameters that are given as text.

        Parameters
        ----------
        given : dict of str
            ``profile``, ``device``, ``seed`` and ``seeds``; what is left out or empty is as by default.
        environment : dict of str to str
            May have ``SNLIB_PUBLISHED_SAMPLE``.

        Returns
        -------
        PipelineParameters

        Raises
        ------
        ValueError, FileNotFoundError
            If there is no such parameter, or a value cannot be; the message names it and what is expected.
        """
        texts = {"profile": "quick", "device": "auto", "seed": "0", "seeds": ""}
        if unknown := sorted(set(given) - set(texts)):
            raise ValueError(f"{unknown[0]} is no parameter, expected some of {list(texts)}")
        texts |= {name: text for name, text in given.items() if text not in (None, "")}
        seed, sample = _plain(texts["seed"]), environment.get("SNLIB_PUBLISHED_SAMPLE", "")
        require_parameters(texts["profile"], texts["device"], seed, sample)
        n_seeds = whole_number("seeds", texts["seeds"] or PROFILES[texts["profile"]].n_seeds_compared)
        sample = str(Path(sample).resolve()) if sample else ""
        return cls(texts["profile"], texts["device"], seed, n_seeds, sample)
