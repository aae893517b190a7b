"""The verdicts on the claims: computed from the results of all seeds, and written for page and file."""

import pandas as pd

from snlib.model.recipes import RECIPES
from snlib.replication.claims import CLAIMS
from snlib.replication.evidence import Evidence
from snlib.replication.results import TABLES, read_seeds

__all__ = ["judge", "judge_by", "ledger", "ledger_html", "verdict_table"]


def judge(run):
    """Put every statement of every claim to both recipes, by the results of all seeds at hand.

    Parameters
    ----------
    run : snlib.replication.run.Run

    Returns
    -------
    pandas.DataFrame
        See `judge_by`.
    """
    return judge_by(Evidence({name: list(read_seeds(run, name).values()) for name in TABLES}))


def judge_by(evidence, ids=tuple(claim.id for claim in CLAIMS)):
    """Put the statements of some claims to both recipes.

    Parameters
    ----------
    evidence : snlib.replication.evidence.Evidence
    ids : sequence of str
        Of the claims.

    Returns
    -------
    pandas.DataFrame
        A row a statement and recipe: ``id, statement, tolerance, at_least, at_most, recipe, estimate, low,
        high, verdict``; low and high are the ends of the 95 % interval.
    """
    return pd.DataFrame(
        {"id": claim.id, "statement": statement.words, "tolerance": statement.tolerance()}
        | {"at_least": statement.at_least, "at_most": statement.at_most}
        | statement.judge(evidence, recipe)
        for claim in CLAIMS
        if claim.id in ids
        for statement in claim.statements
        for recipe in RECIPES
    )


def verdict_table(judged, ids):
    """What was found of some claims, for the page.

    Parameters
    ----------
    judged : pandas.DataFrame
        See `judge`.
    ids : sequence of str
        Of the claims.

    Returns
    -------
    pandas.DataFrame
        A row a statement; for each recipe the estimate with its 95 % interval, and the verdict.
    """
    mine = judged[judged["id"].isin(ids)]
    found = mine.apply(lambda row: f"{_short(row.estimate)} ({_short(row.low)} – {_short(row.high)})", axis=1)
    cells = mine.assign(found=found + ": " + mine["verdict"])
    return cells.pivot_table(
        index=["id", "statement", "tolerance"], columns="recipe", values="found", aggfunc="first", sort=False
    )


def ledger(judged):
    """The claims with their verdicts, as ``claims.json`` holds them.

    Parameters
    ----------
    judged : pandas.DataFrame
        See `judge`.

    Returns
    -------
    list of dict
        With ``id, claim, paper, ours, tolerance, verdict, chapter``; ``recipes``, the verdict of each;
        and ``statements``, the rows of `judge`.
    """
    rows = []
    for claim in CLAIMS:
        mine = judged[judged["id"] == claim.id]
        statements = mine.groupby("statement", sort=False)
        ours = (
            f"{words}: " + ", ".join(f"{_short(row.estimate)} ({row.recipe})" for row in group.itertuples())
            for words, group in statements
        )
        rows.append(
            {
                "id": claim.id,
                "claim": claim.claim,
                "paper": claim.paper,
                "ours": "; ".join(ours),
                "tolerance": "; ".join(group["tolerance"].iloc[0] for _, group in statements),
                "verdict": _together(mine["verdict"]),
                "chapter": claim.chapter,
                "recipes": {
                    name: _together(of["verdict"]) for name, of in mine.groupby("recipe", sort=False)
                },
                "statements": mine.drop(columns=["id", "at_least", "at_most"]).to_dict("records"),
            }
        )
    return rows


def ledger_html(rows, chapters):
    """The ledger as a table for a page.

    Parameters
    ----------
    rows : list of dict
        See `ledger`.
    chapters : str
        Folder of the chapters, as seen from the page.

    Returns
    -------
    str
        HTML.
    """
    marks = {"holds": "✓ holds", "mixed": "◐ mixed", "fails": "✗ fails"}
    table = pd.DataFrame(
        {
            "": row["id"],
            "Claim of the paper": row["claim"],
            **{f"Recipe “{name}”": marks[verdict] for name, verdict in row["recipes"].items()},
            "Verdict": f"<b>{marks[row['verdict']]}</b>",
            "Chapter": f'<a href="{chapters}{row["chapter"]}.html">{row["chapter"][:2]}</a>',
        }
        for row in rows
    )
    html = table.to_html(index=False, escape=False, border=0, justify="left", classes="table")
    return f'<div style="overflow-x: auto; text-align: left">{html}</div>'


def _short(value):
    return f"{value:.2f}" if value == 0 or abs(value) >= 0.01 else f"{value:.0e}"


def _together(verdicts):
    (verdict, *others) = set(verdicts)
    return "mixed" if others or verdict == "open" else verdict
