"""The ledger of claims as HTML: whole for the landing page and a run's own book, in part for the chapters.

Recipes that are variants of another ("evaluated-may" of "evaluated") share its column.  On a phone the
verdicts of a claim stand below its words (``book/_static/book.css``).
"""

from html import escape

import pandas as pd

from snlib.replication.verdicts import with_interval, without_letter

__all__ = ["ledger_html", "verdict_table"]

_MARKS = {"holds": "✓", "fails": "✗", "open": "?", "not applicable": "–"}
_COUNTED = {"holds": "hold", "fails": "fail", "open": "open", "not applicable": "n/a"}


def ledger_html(found, chapters):
    """The ledger as a table for a page.

    Parameters
    ----------
    found : dict
        See `snlib.replication.verdicts.ledger`.
    chapters : str
        Folder of the chapters, as seen from the page.

    Returns
    -------
    str
        HTML: how many claims hold, from what they were judged, and a row a claim with the paper's words and
        the verdicts for each recipe.
    """
    rows = pd.DataFrame(found["rows"])
    links = '<a href="' + chapters + rows["chapter"] + '.html">' + rows["id"] + "</a>"
    told = rows.assign(name=links, words=rows["claim"], smaller=rows["paper"])
    return (
        f'<p class="ledger-run">{escape(_in_words(found["run"], rows["id"].nunique()))}</p>\n'
        f"{_summary(rows, found['run']['steps'])}\n{_ledger(told, 'The paper')}"
    )


def verdict_table(judged, ids):
    """What was found of some claims, for a chapter.

    Parameters
    ----------
    judged : pandas.DataFrame
        See `snlib.replication.verdicts.judge`.
    ids : sequence of str
        As of `snlib.replication.verdicts.judge_by`.

    Returns
    -------
    IPython.display.HTML
        A row a statement, with what is measured and which range the claim requires; for each recipe the
        verdict, and the estimate with its 95 % interval.
    """
    from IPython.display import HTML

    mine = judged[judged["id"].map(without_letter).isin(ids)]
    told = mine.assign(name=mine["id"], words=mine["statement"], smaller="Required: " + mine["tolerance"])
    return HTML(_ledger(told, "Measure and required range"))


def _ledger(rows, about):
    """A row a claim, with its ``name`` (HTML), ``words`` and ``smaller``; a column a family of recipes."""
    rows = rows.assign(family=rows["recipe"].str.partition("-")[0])
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("", about, *rows["family"].unique()))
    body = "".join(_claim(of_claim) for _, of_claim in rows.groupby("id", sort=False))
    return (
        f'<table class="table ledger">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n'
    )


def _summary(rows, steps):
    """How long each recipe was trained, and how many statements hold, fail, are open or not applicable."""
    counts = rows.groupby("recipe", sort=False)["verdict"].value_counts().unstack(fill_value=0)
    seeds = rows.groupby("recipe", sort=False)["seeds"].max()
    names = ("Recipe", "Seeds", "Steps", *(f"{mark} {_COUNTED[name]}" for name, mark in _MARKS.items()))
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape(recipe)}</th>'
        + "".join(f"<td>{n:,}</td>" for n in (seeds[recipe], steps[recipe], *(row.get(v, 0) for v in _MARKS)))
        + "</tr>\n"
        for recipe, row in counts.iterrows()
    )
    table = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n"
    return f'<table class="table ledger-summary">\n{table}</table>'


def _claim(rows):
    """A row of the ledger: all recipes of a claim."""
    first = rows.iloc[0]
    words = f'{escape(first["words"])} <span class="ledger-words">{escape(first["smaller"])}</span>'
    cells = "".join(
        f'<td data-recipe="{escape(name)}">'
        + " ".join(_verdict(row, name) for _, row in family.iterrows())
        + "</td>"
        for name, family in rows.groupby("family", sort=False)
    )
    return (
        f'<tr><td class="ledger-id">{first["name"]}</td><td class="ledger-claim">{words}</td>{cells}</tr>\n'
    )


def _verdict(row, family):
    """The verdict for a recipe, with its name if it is a variant."""
    name = "" if row["recipe"] == family else f'<span class="ledger-variant">{escape(row["recipe"])}</span> '
    return (
        f'{name}<b class="verdict">{_MARKS[row["verdict"]]} {row["verdict"]}</b> '
        f'<span class="ledger-number">{with_interval(row)}</span>'
    )


def _in_words(run, n_statements):
    """From what the claims were judged."""
    judges = f"{run['test_events']:,} of {run['events']:,}"
    return (
        f"Data: {run['data']}. {n_statements} statements of the paper were judged on {judges} events, on "
        f"which no model was trained, with the random seeds {', '.join(map(str, run['seeds']))}. Seeds and "
        "steps are those of the MMVAE. In parentheses: 95 % interval over seeds and events."
    )
