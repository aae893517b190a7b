"""A card: what a reader must know of weights or data before using them, in the form of Hugging Face.

A card is a Markdown file that begins with metadata in YAML.  The fields are those of ``modelcard.md`` and
``datasetcard.md`` in the repository ``huggingface/hub-docs``.
"""

from dataclasses import dataclass

import yaml

from snlib.files.places import DATA

__all__ = ["LICENCE", "Card", "bibtex", "days", "markdown_table", "rounded"]

LICENCE = "mit"  # an identifier that Hugging Face knows; see LICENSE


@dataclass(frozen=True)
class Card:
    """Metadata, title and sections.

    Attributes
    ----------
    metadata : dict
        The YAML.
    title : str
    sections : dict of str to str
        Markdown without headings, by heading.
    """

    metadata: dict
    title: str
    sections: dict

    def readme(self):
        """The text of the file that goes with the weights or the data."""
        head = yaml.safe_dump(self.metadata, sort_keys=False, allow_unicode=True, width=100)
        return f"---\n{head}---\n\n{self.markdown(1)}"

    def markdown(self, level):
        """The card without its metadata; `level` is that of the heading that holds its title."""
        mark = "#" * level
        parts = [f"{mark} {self.title}"]
        parts += [f"{mark}# {heading}\n\n{text.strip()}" for heading, text in self.sections.items()]
        return "\n\n".join(parts) + "\n"


def markdown_table(head, rows):
    """A table of strings.

    Parameters
    ----------
    head : sequence of str
    rows : iterable of sequence
        Of as many cells each.

    Returns
    -------
    str
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def days(phase):
    """A phase in words."""
    return f"{phase:g} d".replace("-", "−")


def rounded(value):
    """A number with four significant digits, as metadata and tables show it."""
    return float(f"{value:.4g}")


def bibtex():
    """How to cite this work and the paper, from ``CITATION.cff``.

    Returns
    -------
    str
        A fenced block of BibTeX.
    """
    own = yaml.safe_load((DATA.parent / "CITATION.cff").read_text(encoding="utf-8"))
    (paper,) = own["references"]
    authors = " and ".join(f"{one['family-names']}, {one['given-names']}" for one in paper["authors"])
    return "\n".join(
        [
            "```bibtex",
            "@software{snlib,",
            f"  author  = {{{' and '.join('{' + one['name'] + '}' for one in own['authors'])}}},",
            f"  title   = {{{own['title']}}},",
            f"  version = {{{own['version']}}},",
            "}",
            "",
            "@article{shen2025,",
            f"  author = {{{authors}}},",
            f"  title  = {{{paper['title']}}},",
            f"  year   = {{{paper['year']}}},",
            f"  doi    = {{{paper['identifiers'][0]['value']}}},",
            "}",
            "```",
        ]
    )
