"""Numbered tables out of notebooks: a figure of MyST-NB whose name begins with ``tab-`` becomes one.

Its caption goes above, its number counts tables and not figures, ``{numref}`` leads to it, and what is wider
than the page scrolls in a box of its own.
"""

from docutils import nodes
from sphinx.locale import _
from sphinx.transforms import SphinxTransform

PREFIX = "tab-"


class numbered_table(nodes.General, nodes.Element):
    """A table with a caption, whatever it is drawn with."""


class table_caption(nodes.caption):
    """The first paragraph of the words above a table."""


class table_legend(nodes.General, nodes.Element):
    """The others."""


class table_box(nodes.General, nodes.Element):
    """What stands below the words and scrolls."""


class NumberedTables(SphinxTransform):
    """Turn figures into tables before Sphinx notes what can be referred to."""

    default_priority = 800

    def apply(self, **options):
        """Do so in one document."""
        for figure in list(self.document.findall(nodes.figure)):
            if any(name.startswith(PREFIX) for name in figure["names"]):
                table = _table(figure)
                figure.replace_self(table)
                for label in table["ids"]:
                    self.document.ids[label] = table


def _table(figure):
    words, shown = [], []
    for node in figure:
        if isinstance(node, nodes.caption):
            words.append(table_caption(node.rawsource, "", *node.children))
        elif isinstance(node, nodes.legend):
            words.append(table_legend("", *node.children))
        else:
            shown.append(node)
    table = numbered_table(figure.rawsource, *words, table_box("", *shown), **figure.attributes)
    table.source, table.line = figure.source, figure.line
    return table


def _open_table(writer, node):
    writer.body.append(writer.starttag(node, "figure", CLASS="numbered-table") + "<figcaption>\n")


def _close_table(writer, node):
    writer.body.append("</figure>\n")


def _open_caption(writer, node):
    writer.body.append("<p>")
    writer.add_fignumber(node.parent)
    writer.body.append('<span class="caption-text">')


def _close_caption(writer, node):
    writer.body.append("</span>")
    writer.add_permalink_ref(node.parent, _("Link to this table"))
    writer.body.append("</p>\n")


def _open_legend(writer, node):
    writer.body.append(writer.starttag(node, "div", CLASS="legend"))


def _open_box(writer, node):
    # By this class the theme lets it scroll, by the keyboard too.
    box = writer.starttag(node, "div", CLASS="pst-scrollable-table-container")
    writer.body.append("</figcaption>\n" + box)


def _close_division(writer, node):
    writer.body.append("</div>\n")


def setup(app):
    """Called by Sphinx."""
    app.add_enumerable_node(numbered_table, "table", html=(_open_table, _close_table))
    app.add_node(table_caption, html=(_open_caption, _close_caption))
    app.add_node(table_legend, html=(_open_legend, _close_division))
    app.add_node(table_box, html=(_open_box, _close_division))
    app.add_transform(NumberedTables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
