"""What Make starts: the pipeline, once its parameters are checked and no other run is going on.

``python -m snlib.replication.launch TARGET NAME=VALUE ...`` from the root of the repository, with the
variables of the Makefile.
"""

import os
import sys

from snlib.files.writing import lock
from snlib.replication.parameters import PipelineParameters, whole_number

__all__ = ["snakemake"]

LOCK = ".venv/lock"


def snakemake(target, given, environment):
    """The command that brings a target of the pipeline up to date.

    Parameters
    ----------
    target : str
        A rule.
    given : dict of str to str
        ``cores``, and the parameters that `snlib.replication.parameters.PipelineParameters.read` reads.
    environment : dict of str to str

    Returns
    -------
    list of str

    Raises
    ------
    ValueError, FileNotFoundError
        If a parameter has no such value.
    """
    given = dict(given)
    cores = whole_number("cores", given.pop("cores"))
    parameters = PipelineParameters.read(given, environment)
    if target == "real" and not parameters.published_sample:
        raise ValueError("SNLIB_PUBLISHED_SAMPLE is not set, expected the folder of the published sample")
    options = ["--quiet", "host", "rules", "--cores", str(cores), "--nolock", "--rerun-incomplete"]
    options += ["--force-use-threads"]  # Snakemake's own processes do not start in a folder with a blank
    config = [f"{name}={value}" for name, value in given.items()]
    return [sys.executable, "-m", "snakemake", *options, target, "--config", *config]


def main(target, *pairs):
    """Become the process of Snakemake, which holds the lock of this folder."""
    given = dict(pair.split("=", 1) for pair in pairs)
    try:
        command = snakemake(target, {name.lower(): text for name, text in given.items()}, os.environ)
        with lock(LOCK, "bringing a run up to date") as held:
            os.set_inheritable(held.fileno(), True)
            os.execv(sys.executable, command)
    except (ValueError, OSError) as error:
        print(f"snlib: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
