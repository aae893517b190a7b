"""The first use of a word of the glossary on a page leads to its definition.

Chapters need no marks for it.  Only running text is looked at: no titles, captions, code, links or
references.
"""

import re

from docutils import nodes
from sphinx import addnodes

__all__ = ["setup"]

_NO_PROSE = (
    *(nodes.reference, nodes.literal, nodes.title, nodes.caption, nodes.math, nodes.raw, nodes.term),
    *(nodes.citation, addnodes.pending_xref, addnodes.desc),
)


def _definitions(app, env):
    """Remember each term: the page of the glossary, the anchor, and the first sentence of the definition."""
    objects = env.get_domain("std").objects
    places = {name: place for (kind, name), place in objects.items() if kind == "term"}
    words = {}
    for page in {page for page, _ in places.values()}:
        for item in env.get_doctree(page).findall(nodes.definition_list_item):
            text = " ".join(next(item.findall(nodes.definition)).astext().split())
            for term in item.findall(nodes.term):
                words |= dict.fromkeys(term["ids"], text.partition(". ")[0].rstrip(".") + ".")
    env.glossary_words = {
        name.lower(): (page, anchor, words.get(anchor, "")) for name, (page, anchor) in places.items()
    }


def _link_first_uses(app, doctree, docname):
    """Turn the first use of each term into a link, on every page but that of the glossary."""
    words = getattr(app.env, "glossary_words", {})
    if not words or docname in {page for page, _, _ in words.values()}:
        return
    done = {reference.get("refuri", "").partition("#")[2] for reference in doctree.findall(nodes.reference)}
    longest_first = sorted(words, key=len, reverse=True)
    names = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first)
    pattern = re.compile(rf"(?<![\w-])({names})(?:s|es)?(?![\w-])", re.IGNORECASE)
    for paragraph in doctree.findall(nodes.paragraph):
        for element in paragraph.findall(nodes.TextElement):
            _join_lines(element)
    for text in list(doctree.findall(nodes.Text)):
        if _is_prose(text):
            found = list(_pieces(text.astext(), pattern, words, done, app.builder, docname))
            if len(found) > 1:
                text.parent.replace(text, found)


def _join_lines(element):
    """Make one text of neighbouring ones: MyST gives a text for each line."""
    joined = []
    for child in element.children:
        if joined and isinstance(child, nodes.Text) and isinstance(joined[-1], nodes.Text):
            child = nodes.Text(joined.pop() + child)
        joined.append(child)
    element[:] = joined


def _is_prose(node):
    inside = False
    while node.parent is not None:
        node = node.parent
        if isinstance(node, _NO_PROSE):
            return False
        inside |= isinstance(node, nodes.paragraph)
    return inside


def _pieces(text, pattern, words, done, builder, docname):
    """Text and links, in turn; `done` are the anchors that have been linked to."""
    start = 0
    for match in pattern.finditer(text):
        page, anchor, definition = words[" ".join(match[1].lower().split())]
        if anchor in done:
            continue
        done.add(anchor)
        yield nodes.Text(text[start : match.start()])
        address = f"{builder.get_relative_uri(docname, page)}#{anchor}"
        classes = ["glossary-word"]
        yield nodes.reference(
            "", match[0], internal=True, refuri=address, reftitle=definition, classes=classes
        )
        start = match.end()
    yield nodes.Text(text[start:])


def setup(app):
    """Connect to Sphinx: terms are known once all pages are read."""
    app.connect("env-updated", _definitions)
    app.connect("doctree-resolved", _link_first_uses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
