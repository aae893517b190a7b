"""A chapter that a run has executed becomes a page of a book: what readers need of it, and the box."""

import json
import re
from dataclasses import replace
from pathlib import Path

from snlib.files.json_files import read_json
from snlib.replication.notebooks import public, without_progress
from snlib.replication.page_box import below_title, box
from snlib.replication.page_facts import read_facts

__all__ = ["page"]

# Of papermill's record of the notebook; the rest names folders of the machine, or says nothing.
_OF_PAPERMILL = ("parameters", "start_time", "end_time", "duration", "version")
_OF_EXECUTION = ("papermill", "execution")  # of each cell


def page(path, names, provenance):
    """A published page: with the box below its title, and its parameters once, as they were.

    Parameters
    ----------
    path : path-like
        The chapter, as the pipeline has executed it.
    names : dict of str to str
        See `snlib.replication.notebooks.public`.
    provenance : dict
        Of the run, see `snlib.replication.publishing.sum_up`.

    Returns
    -------
    str
        JSON of the notebook.

    Raises
    ------
    ValueError
        If it does not say how it was executed, or has no title; the message names it.
    """
    notebook = without_progress(read_json(path))
    metadata = notebook["metadata"]
    facts = read_facts(Path(path).stem, metadata)
    facts = replace(facts, parameters={key: names.get(of, of) for key, of in facts.parameters.items()})
    metadata["papermill"] = {key: metadata["papermill"][key] for key in _OF_PAPERMILL}
    metadata["papermill"]["parameters"] = facts.parameters
    notebook["cells"] = _with_parameters_once(notebook["cells"], facts.parameters)
    for cell in notebook["cells"]:
        cell["metadata"] = {key: of for key, of in cell["metadata"].items() if key not in _OF_EXECUTION}
    first = notebook["cells"][0]
    first["source"] = below_title(path, "".join(first["source"]), box(facts, provenance))
    return public(notebook, names)


def _with_parameters_once(cells, values):
    """The cells without papermill's own; that of the parameters has the values instead.

    It is not shown: the box says what they were.  Who downloads the notebook finds it.
    """
    cells = [cell for cell in cells if "injected-parameters" not in cell["metadata"].get("tags", [])]
    for cell in cells:
        tags = cell["metadata"].get("tags", [])
        if "parameters" in tags:
            cell["metadata"]["tags"] = sorted({*tags, "remove-cell"} - {"hide-input"})
            cell["source"] = _assigned("".join(cell["source"]), values)
    return cells


def _assigned(source, values):
    """Code that assigns names, with other values; comments stay."""

    def line(found):
        return f"{found['name']} = {json.dumps(values[found['name']])}{found['comment']}"

    return re.sub(r"^(?P<name>\w+) = .*?(?P<comment>( *#.*)?)$", line, source, flags=re.M)
