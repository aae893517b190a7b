"""The verdicts on the claims: computed from the results of all seeds, and written for a file."""

from string import ascii_lowercase

import pandas as pd

from snlib.model.registry import recipe_for
from snlib.replication.claims import CLAIMS
from snlib.replication.committed import read_published
from snlib.replication.evidence import Evidence
from snlib.replication.git import commit
from snlib.replication.seeds import events_of_seeds, read_seeds
from snlib.replication.tables import TABLES

__all__ = [
    "evidence_of",
    "judge",
    "judge_by",
    "ledger",
    "published_evidence",
    "with_interval",
    "without_letter",
]

_OF_A_ROW = ("id", "claim", "paper", "where", "chapter", "known")


def judge(run):
    """Put every claim to every recipe, by the results of all seeds at hand.

    Parameters
    ----------
    run : snlib.replication.run.Run

    Returns
    -------
    pandas.DataFrame
        See `judge_by`.
    """
    return judge_by(evidence_of(run))


def evidence_of(run, names=tuple(TABLES)):
    """Some tables of all seeds at hand, for claims and other numbers that have an interval.

    Parameters
    ----------
    run : snlib.replication.run.Run
    names : sequence of str
        In `snlib.replication.tables.TABLES`; "spectra" among them.

    Returns
    -------
    snlib.replication.evidence.Evidence
    """
    return Evidence({name: list(read_seeds(run, name).values()) for name in names}, events_of_seeds(run))


def published_evidence(name):
    """The tables of all seeds of a profile whose results are committed.

    Parameters
    ----------
    name : str
        See `snlib.replication.committed.read_published`.

    Returns
    -------
    snlib.replication.evidence.Evidence
    """
    tables, made = read_published(name)
    return Evidence(tables, [next(iter(recipes.values()))["dataset"] for recipes in made.values()])


def judge_by(evidence, ids=None):
    """Put some claims to every recipe.

    Parameters
    ----------
    evidence : snlib.replication.evidence.Evidence
    ids : sequence of str, optional
        Of the claims: "C6" is all its statements.  All by default.

    Returns
    -------
    pandas.DataFrame
        A row a claim and recipe: ``id, claim, paper, where, chapter, known, statement, tolerance, at_least,
        at_most, seeds, recipe, estimate, low, high, verdict``; the statement says what the number is, low and
        high are the ends of the 95 % interval, and seeds is the number of MMVAEs.
    """
    return pd.DataFrame(
        {name: getattr(claim, name) for name in _OF_A_ROW}
        | {"statement": claim.words, "tolerance": claim.tolerance()}
        | {"at_least": claim.at_least, "at_most": claim.at_most, "seeds": evidence.n_seeds(recipe)}
        | claim.judge(evidence, recipe)
        for claim in CLAIMS
        if ids is None or without_letter(claim.id) in ids
        for recipe in evidence.recipes
    )


def ledger(run, judged):
    """The claims with their verdicts, and from what they were judged, as ``claims.json`` holds them.

    Parameters
    ----------
    run : snlib.replication.run.Run
    judged : pandas.DataFrame
        See `judge`.

    Returns
    -------
    dict
        ``run`` (``events, test_events, seeds, steps, data, commit``; steps by recipe) and ``rows``, those
        of `judge_by` without the numbers of the range.
    """
    dataset = run.dataset()
    return {
        "run": {
            "events": len(dataset.events),
            "test_events": len(dataset.split["test"]),
            "seeds": sorted(read_seeds(run, "spectra")),
            "steps": {name: run.n_steps("mmvae", recipe_for("mmvae", name)) for name in run.recipes},
            "data": run.source.words,
            "commit": commit(),
        },
        "rows": judged.drop(columns=["at_least", "at_most"]).to_dict("records"),
    }


def with_interval(row):
    """The estimate of a row of `judge_by`, with the ends of its interval."""
    return f"{_short(row['estimate'])} ({_short(row['low'])} – {_short(row['high'])})"


def without_letter(name):
    """The claim that a statement belongs to: "C6" of "C6a"."""
    return name.rstrip(ascii_lowercase)


def _short(value):
    return f"{value:.2f}" if value == 0 or abs(value) >= 0.01 else f"{value:.0e}"
