"""How long each step of a run took: the tables of the book's page of execution times, in MyST."""

from pathlib import Path

from snlib.files.json_files import read_json
from snlib.replication.card import markdown_table
from snlib.replication.page_box import day, duration, in_short, listed, place
from snlib.replication.page_facts import read_facts

__all__ = ["TIMES", "execution_times"]

TIMES = "execution_times.txt"  # in the folder of the book, for its page `execution.md`


def execution_times(chapters, provenance):
    """How long chapters, tables of results and trainings took, and where and by what.

    Parameters
    ----------
    chapters : iterable of path-like
        As the pipeline has executed them.
    provenance : dict
        Of the run, see `snlib.replication.publishing.sum_up`.

    Returns
    -------
    str
    """
    pages = [read_facts(Path(path).stem, read_json(path)["metadata"]) for path in chapters]
    times, trained = provenance["run_time_s"], provenance["training_s"]
    tables = {name.removeprefix("table "): s for name, s in times.items() if name.startswith("table ")}
    total = {"chapters": sum(one.seconds for one in pages), "tables": sum(tables.values())}
    parts = [
        f"Together, the chapters took {duration(total['chapters'])} and the tables of results "
        f"{duration(total['tables'])}. The models were trained on "
        f"{listed(map(place, provenance['trained_on']))} in "
        f"{duration(sum(trained.values()))}. The time of a chapter includes that of the models it trains.",
        "## Chapters",
        _table("chapters", "Run time of each chapter.", _CHAPTER, [_row(one, provenance) for one in pages]),
        "## Tables of results",
        _table(
            "tables",
            f"Run time of each table of results, commit `{provenance['commit']}`.",
            ("Table", "Run time"),
            [(f"`{name}`", duration(seconds)) for name, seconds in tables.items()],
        ),
        "## Trainings",
        _table("trainings", "Training time of each model, by recipe.", *_trainings(trained)),
    ]
    return "\n\n".join(parts) + "\n"


_CHAPTER = ("Chapter", "Run time", "Device", "Executed (UTC)", "Commit", "Computed from")


def _row(facts, provenance):
    """A chapter's row."""
    short = in_short(facts, provenance)
    return (
        f"{{doc}}`chapters/{facts.name}`",
        duration(facts.seconds),
        place(facts.device),
        f"{day(facts.started)}, {facts.started:%H:%M}",
        f"`{facts.commit}`" if facts.commit else "–",
        short[0].upper() + short[1:],
    )


def _trainings(seconds):
    """Heads and rows of the table of trainings: a row for each model, a column for each recipe."""
    times = {tuple(name.split()): duration(taken) for name, taken in seconds.items()}
    models, recipes = (list(dict.fromkeys(key[part] for key in times)) for part in (0, 1))
    rows = [(f"`{model}`", *(times.get((model, recipe), "–") for recipe in recipes)) for model in models]
    return ("Model", *(f"`{recipe}`" for recipe in recipes)), rows


def _table(name, caption, head, rows):
    """A numbered table in MyST."""
    return f":::{{table}} {caption}\n:name: tab-execution-{name}\n\n{markdown_table(head, rows)}\n:::"
