"""The box below the title of a published chapter: from what, how, when and where it was computed.

Closed, its title says the most important; all of it is MyST for Jupyter Book.
"""

import re
from shlex import quote

from snlib.replication.measured import measured, recipes_in
from snlib.replication.page_facts import training_of
from snlib.replication.sources import PublishedModels, SurrogateEvents
from snlib.replication.tables import NO_RECIPE

__all__ = ["below_title", "box", "day", "duration", "in_short", "listed", "place"]

_NAMES = {"torch": "PyTorch", "numpy": "NumPy", "cpu": "CPU", "cuda": "GPU"}
_EVENTS = {"surrogate": SurrogateEvents.words, "published sample": PublishedModels.words}
_SHORT = {"surrogate": "simulated events", "published sample": "real models"}


def below_title(page, text, words):
    """Write words below the title of a page.

    Parameters
    ----------
    page : path-like
        For messages.
    text : str
        Begins with the title.
    words : str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the page has no title to put the words below.
    """
    text, titles = re.subn(r"\A# .*$", lambda title: f"{title.group()}\n\n{words}", text, count=1, flags=re.M)
    if not titles:
        raise ValueError(f"{page}: does not begin with a title")
    return text


def box(facts, provenance):
    """The box of a chapter.

    Parameters
    ----------
    facts : snlib.replication.page_facts.PageFacts
    provenance : dict
        Of the run, as `snlib.replication.publishing.sum_up` writes it.

    Returns
    -------
    str
    """
    rows = {
        "Recipes": listed([f"`{name}`" for name in _recipes(facts)] or ["none named by what the page reads"]),
        "Profile": _profile(facts, provenance),
        "Seeds": _seeds(facts),
        "Training": _training(facts, provenance),
        "Device": place(facts.device),
        "Executed": f"{day(facts.started)}, {facts.started:%H:%M} UTC, in {duration(facts.seconds)}"
        + (f"; commit `{facts.commit}`" if facts.commit else ""),
        "Versions": listed([f"{_NAMES.get(name, name)} {text}" for name, text in facts.versions.items()]),
        "Computed from": "\n: ".join([*_of_runs(facts), *map(_of_folder, _committed(facts))]),
        "Run this page again": f"`{_command(facts)}`",
    }
    body = "\n\n".join(f"{name}\n: {text}" for name, text in rows.items() if text)
    title = f"Computed from {in_short(facts, provenance)}, on {place(facts.device)}"
    return f":::{{admonition}} {title}\n:class: dropdown computed\n\n{body}\n:::\n"


def in_short(facts, provenance):
    """The most important: events, profile and seeds; or that the page shows what is committed.

    Parameters
    ----------
    facts, provenance
        As of `box`.

    Returns
    -------
    str
    """
    executed = f"profile {facts.parameters['profile']}, seed {facts.parameters['seed']}"
    if facts.is_of_run:
        events = f"{provenance['events']['total']:,} {_SHORT[provenance['source']]}"
        seeds = f", repeated with seeds {listed(facts.repeats)}" if facts.repeats else ""
        return f"{events}: {executed}{seeds}"
    places = {named for one in _committed(facts) for named in one.places}
    kinds = sorted({"GPU" if "GPU" in named or "NVIDIA" in named else "CPU" for named in places})
    measured_on = f" (made on {listed(kinds)})" if kinds else ""
    return f"committed files{measured_on}: shown with {executed}"


def place(device):
    """A device in words: "CPU", or the name of a GPU."""
    return _NAMES.get(device, device)


def listed(names):
    """Names as a text: "a, b and c"."""
    *first, last = [str(name) for name in names] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def day(date):
    """A day, such as "27 November 2026"."""
    return f"{date.day} {date:%B %Y}"


def duration(seconds):
    """A time in words, such as "4 min 40 s"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _recipes(facts):
    """Names of all recipes that the page shows."""
    return sorted(set(facts.recipes).union(*map(recipes_in, facts.committed)) - {NO_RECIPE})


def _profile(facts, provenance):
    name = f"`{facts.parameters['profile']}`"
    if not facts.is_of_run:
        return f"{name}; this page opens no run of it"
    events = provenance["events"]
    parts = ", ".join(f"{n:,} {part}" for part, n in events.items() if part != "total")
    return f"{name}: {events['total']:,} events ({parts}), {_EVENTS[provenance['source']]}"


def _seeds(facts):
    seed, repeats = facts.parameters["seed"], facts.repeats
    if not repeats:
        return f"{seed}"
    return f"{seed} of this run; {listed(repeats)} of repeats, whose committed results it reads too"


def _training(facts, provenance):
    """For how long and where the run's models were trained that the page shows."""
    shown = {one.recipe for one in facts.trainings} - {NO_RECIPE}
    steps = [f"{n:,} for `{name}`" for name, n in provenance["steps"].items() if name in shown]
    where = listed(map(place, provenance["trained_on"]))
    return (
        f"optimiser steps of the MMVAE: {listed(steps)}; the run's models were trained on {where}"
        if steps
        else ""
    )


def _of_runs(facts):
    """What was read or made of runs, a text each."""
    texts = []
    for run in facts.runs:
        files = [file for file in facts.files if file.startswith(f"generated/{run}/")]
        trainings = [training for file in files if (training := training_of(file))]
        models, tables = ({one.what for one in trainings if one.is_model is of} for of in (True, False))
        whose = "this run" if run == facts.run else f"the run `{run}`"
        texts.append(f"the events of {whose}")
        for kind, names in (("models", models), ("results", tables)):
            if names:
                texts[-1] += f"; its {kind}: {listed([f'`{name}`' for name in sorted(names)])}"
    return texts


def _committed(facts):
    """The committed files that the page read, by folder."""
    return measured(facts.committed)


def _of_folder(one):
    names = listed([f"`{name}`" for name in one.names])
    told = [f"made on {listed(one.places)}"] if one.places else []
    told += [f"PyTorch {listed(one.torch)}"] if one.torch else []
    told += [f"commit {listed([f'`{name}`' for name in one.commits])}"] if one.commits else []
    told += [f"last changed on {day(one.changed[1])}, commit `{one.changed[0]}`"] if one.changed else []
    return f"`{one.folder}`: {names}" + (f" ({'; '.join(told)})" if told else "")


def _command(facts):
    values = {name: value for name, value in facts.parameters.items() if value != ""}
    given = " ".join(f"-p {name} {quote(str(value))}" for name, value in sorted(values.items()))
    return f"papermill notebooks/{facts.name}.ipynb out.ipynb {given}"
