"""The published run as a machine-readable record: a Workflow Run RO-Crate, ``ro-crate-metadata.json``.

``python -m snlib.replication.crate PROFILE`` writes it from what is committed: results, weights, chapters and
from what they were made.  Its root is the repository, so that a clone is a crate.  Needs the extra "book".
"""

import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import yaml
from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from snlib.files.json_files import read_json, write_json

__all__ = ["RECORD", "describe", "write"]

RECORD = "ro-crate-metadata.json"
_PROFILES_OF_CRATES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_FORMATS = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".npz": "application/zip",
    ".png": "image/png",
    ".safetensors": "application/octet-stream",
}
_LICENCE = "https://spdx.org/licenses/MIT"


def write(profile, root="."):
    """Write the record of the published run beside what it describes.

    Parameters
    ----------
    profile : str
        The folder of its results in ``data/results``.
    root : path-like
        Of the repository.
    """
    write_json(Path(root) / RECORD, describe(profile, root))


def describe(profile, root="."):
    """The record of the published run, from what is committed.

    Parameters
    ----------
    profile : str
    root : path-like

    Returns
    -------
    dict
        JSON-LD: results, weights and chapters, the workflow that made them with which parameters and
        software, when, and the paper that it replicates.
    """
    root = Path(root)
    made_from = read_json(root / "data/results" / profile / "provenance.json")
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    crate = ROCrate(version="1.1")
    authors = [_author(crate, one) for one in citation["authors"]]
    workflow = _workflow(crate, root, made_from, authors)
    given, made = _split(_results(root, profile), made_from["seed"])
    made = [_file(crate, path, root) for path in (*made, *_pages_and_weights(root, profile))]
    given = [_file(crate, path, root) for path in (*_inputs(root), *given)]
    start, end = _times(root)
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=[*given, *_parameters(crate, workflow, made_from)],
        result=made,
        properties={
            "name": f"The published run, profile {profile}",
            "description": "Events simulated, models trained and judged, and every chapter executed.",
            "startTime": start,
            "endTime": end,
        },
    )
    action["agent"] = _one_or_all(authors)
    readme = crate.add_file(root / "README.md", "README.md", properties={"encodingFormat": "text/markdown"})
    readme["about"] = crate.root_dataset
    _root(crate, citation, authors, end)
    return crate.metadata.generate()


def _results(root, profile):
    return sorted(path for path in (root / "data/results" / profile).rglob("*") if path.is_file())


def _split(results, seed):
    """Results that a run of a seed was given, those of other seeds and ablations, and those that it made."""
    made = [path for path in results if path.name != "ablations.csv" and _seed(path) in (None, seed)]
    return [path for path in results if path not in made], made


def _seed(path):
    """The seed of a result, None if it is of all of them."""
    return int(path.parent.name[4:]) if path.parent.name.startswith("seed") else None


def _pages_and_weights(root, profile):
    for folder in (root / "book/chapters", root / "data/weights" / profile):
        yield from sorted(path for path in folder.glob("*.*") if path.is_file())
    yield root / "book/claims.html"


def _file(crate, path, root):
    name = path.relative_to(root).as_posix()
    properties = {"name": name, "encodingFormat": _FORMATS.get(path.suffix, "application/octet-stream")}
    return crate.add_file(path, name, properties=properties)


def _inputs(root):
    """What every run reads: notebooks, and the data that come with the repository."""
    data = [root / "data" / name for name in ("surrogate.npz", "rubin_visits.npz")]
    return [*sorted(root.glob("notebooks/*.ipynb")), *data]


def _workflow(crate, root, made_from, authors):
    """The Snakefile, with the versions of what it ran."""
    workflow = crate.add_workflow(
        root / "Snakefile", "Snakefile", main=True, lang="snakemake", lang_version=version("snakemake")
    )
    workflow["name"] = "Simulate, train, judge and execute the book"
    workflow["version"] = made_from["commit"]  # of the code that made the results
    workflow["license"] = {"@id": _LICENCE}
    workflow["creator"] = _one_or_all(authors)
    workflow["encodingFormat"] = "text/plain"
    workflow["conformsTo"] = {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
    workflow["softwareRequirements"] = [
        _entity(crate, f"#{name}", "SoftwareApplication", name=name, softwareVersion=number)
        for name, number in made_from["versions"].items()
    ]
    return workflow


def _parameters(crate, workflow, made_from):
    """Profile, seed and device, as the workflow names them and as they were given."""
    given = {name: made_from[name] for name in ("seed", "device")}
    given = {"profile": made_from["profile"]["name"]} | given
    values = []
    for name, value in given.items():
        kind = "Integer" if isinstance(value, int) else "Text"
        formal = _entity(crate, f"#parameter-{name}", "FormalParameter", name=name, additionalType=kind)
        workflow.append_to("input", formal)
        actual = _entity(crate, f"#{name}", "PropertyValue", name=name, value=value)
        actual["exampleOfWork"] = formal
        values.append(actual)
    return values


def _times(root):
    """When the first chapter was started and the last one was done."""
    found = [read_json(path)["metadata"]["papermill"] for path in sorted(root.glob("book/chapters/*.ipynb"))]
    ends = min(one["start_time"] for one in found), max(one["end_time"] for one in found)
    return [datetime.fromisoformat(time).isoformat(timespec="seconds") for time in ends]


def _root(crate, citation, authors, end):
    """What the crate says of itself."""
    root = crate.root_dataset
    root["name"] = citation["title"]
    root["description"] = (
        "The published run of a replication, as a book: its results, weights and executed chapters, the "
        "workflow that made them, and the paper that it replicates."
    )
    root["datePublished"] = end.partition("T")[0]
    root["author"] = _one_or_all(authors)
    root["license"] = _entity(crate, _LICENCE, "CreativeWork", name="MIT License", identifier="MIT")
    root["mentions"] = crate.get("#run")
    root["citation"] = _one_or_all([_article(crate, one) for one in citation["references"]])
    root["conformsTo"] = [
        _entity(crate, address, "CreativeWork", name=name, version=number)
        for address, (name, number) in _PROFILES_OF_CRATES.items()
    ]


def _article(crate, reference):
    (doi,) = (one["value"] for one in reference["identifiers"] if one["type"] == "doi")
    return _entity(
        crate,
        f"https://doi.org/{doi}",
        "ScholarlyArticle",
        name=reference["title"],
        datePublished=str(reference["year"]),
        author=[_author(crate, one) for one in reference["authors"]],
    )


def _author(crate, one):
    """A person or a group of ``CITATION.cff``."""
    if "name" in one:
        return _entity(crate, "#" + one["name"].replace(" ", "-"), "Organization", name=one["name"])
    name = f"{one['given-names']} {one['family-names']}"
    return _entity(crate, one.get("orcid", "#" + name.replace(" ", "-")), "Person", name=name)


def _one_or_all(entities):
    """A list of one is written as the one."""
    return entities[0] if len(entities) == 1 else entities


def _entity(crate, address, kind, **properties):
    return crate.add(ContextEntity(crate, address, properties={"@type": kind, **properties}))


if __name__ == "__main__":
    write(*sys.argv[1:])
