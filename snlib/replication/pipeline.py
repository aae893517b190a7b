"""The steps of a run, and what each waits for: read from ``notebooks/chapters.yml`` for the Snakefile.

Snakemake reads the Snakefile at every start, so nothing here loads PyTorch.
"""

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import glob
from pathlib import Path

import yaml

from snlib.replication.stages import modules, rooms_behind, sources

__all__ = ["CHAPTERS", "COVER", "TABLES", "Chapter", "Pipeline", "read_chapters", "relative"]

CHAPTERS = Path("notebooks/chapters.yml")  # as the Snakefile's own paths, seen from the repository
COVER = "light_curve_to_spectrum.png"
# Those of `snlib.replication.results`.
TABLES = ("spectra", "masking", "masked_distances", "experts", "lengths", "generation", "parameters")


@dataclass(frozen=True)
class Chapter:
    """What a chapter depends on; see the head of ``notebooks/chapters.yml``.

    Attributes
    ----------
    rooms, reads, makes : tuple of str
    """

    rooms: tuple
    reads: tuple = ()
    makes: tuple = ()


def read_chapters(path=CHAPTERS):
    """Read the table of the chapters.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    dict of str to Chapter
        By the name of the notebook, in the order of the book.

    Raises
    ------
    TypeError
        If an entry has another key than those of `Chapter`, or lacks its rooms.
    """
    table = yaml.safe_load(Path(path).read_text())
    return {
        name: Chapter(**{key: tuple(values) for key, values in entry.items()})
        for name, entry in table.items()
    }


@dataclass(frozen=True)
class Pipeline:
    """The steps of one run.  Paths are those of the Snakefile, relative to the repository.

    Attributes
    ----------
    chapters : dict of str to Chapter
    folder : str
        Of the run.
    results : str
        The name of its committed results in ``data/results``, such as "quick".
    seed : int
    """

    chapters: dict
    folder: str
    results: str
    seed: int

    def executed(self, name):
        """The chapter as this run has executed it."""
        return f"{self.folder}/chapters/{name}.ipynb"

    def needs(self, name):
        """All that a chapter is made from, besides its notebook.

        A chapter waits for the chapters that make what it reads, not for the files themselves: weights may
        be committed ones, and then the run has no copy.

        Returns
        -------
        list of str

        Raises
        ------
        ValueError
            If it reads a file of the run that no step makes.
        """
        chapter = self.chapters[name]
        files = relative(modules(rooms_behind(*chapter.rooms)))
        for pattern in chapter.reads:
            files += self._committed(pattern) if pattern.startswith("data/") else self._made(pattern)
        return list(dict.fromkeys(files))

    def makes(self, name):
        """The files of the run that a chapter must leave: all that it makes but weights.

        Returns
        -------
        list of str
        """
        return [f"{self.folder}/{file}" for file in self.chapters[name].makes if "*" not in file]

    def table(self, name):
        """A table of results of this run."""
        return f"{self.folder}/results/{name}.csv"

    def table_needs(self):
        """What the tables of results are made from: events and all weights.

        Returns
        -------
        list of str
        """
        makers = [self.executed(name) for name, chapter in self.chapters.items() if _trains(chapter)]
        return relative(sources("training") + sources("evaluation")) + makers

    def waited_for(self, name):
        """Whether other steps wait for a chapter."""
        return bool(self.chapters[name].makes)

    def _committed(self, pattern):
        """Committed files; of a run's own seed none, since the run itself is what is judged."""
        own = f"data/results/{self.results}/*/seed{self.seed}/*"
        found = sorted(glob(pattern.format(profile=self.results)))
        return [name for name in found if not fnmatch(name, own)]

    def _made(self, pattern):
        tables = [name for name in TABLES if fnmatch(f"results/{name}.csv", pattern)]
        makers = [name for name, chapter in self.chapters.items() if pattern in chapter.makes]
        if not tables and not makers:
            raise ValueError(f"{CHAPTERS}: no step of the pipeline makes {pattern!r}")
        return [self.table(name) for name in tables] + [self.executed(name) for name in makers]


def _trains(chapter):
    return any("*" in file for file in chapter.makes)


def relative(paths):
    """Paths as seen from the working folder, each once (list of str)."""
    return list(dict.fromkeys(os.path.relpath(path) for path in paths))
