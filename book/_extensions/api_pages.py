"""The API pages of the book: the public face of each room, from its docstrings.

The directive ``rooms`` writes a table of the rooms, and ``room`` all that a room's face names, so there is no
list of names to keep.  Names in docstrings become links wherever they are public; those of modules behind a
face lead to the face.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

from snlib import ROOMS

__all__ = ["face_of", "home_of", "public_name", "setup"]

_LONGEST_VALUE = 200  # characters


class Rooms(SphinxDirective):
    """``.. rooms::``: all rooms, and what they are for."""

    def lines(self):
        """What to parse, as reStructuredText."""
        return _table({f":py:mod:`snlib.{room}`": _purpose(room) for room in ROOMS})

    def run(self):
        """Give the nodes."""
        content = nodes.container()
        self.state.nested_parse(StringList(list(self.lines()), source="<snlib>"), 0, content)
        return content.children


class Room(Rooms):
    """``.. room:: data``: what a room is for, a table of its names, and an entry for each of them."""

    required_arguments = 1

    def lines(self):
        """What to parse, as reStructuredText."""
        return _page(self.arguments[0])


@cache
def face_of(room):
    """The names of a room's face, and what they stand for.

    Parameters
    ----------
    room : str
        A name in `snlib.ROOMS`.

    Returns
    -------
    dict of str to object
        Sorted: constants, then classes, then functions.
    """
    face = importlib.import_module(f"snlib.{room}")
    found = {name: getattr(face, name) for name in sorted(face.__all__)}
    order = {name: (inspect.isroutine(value), inspect.isclass(value)) for name, value in found.items()}
    return {name: found[name] for name in sorted(found, key=order.get)}


def home_of(room, name):
    """The module that a name of a face comes from (str)."""
    value = face_of(room)[name]
    if inspect.isclass(value) or inspect.isroutine(value):
        return value.__module__
    loaded = [module for name, module in sys.modules.items() if name.startswith(f"snlib.{room}.")]
    return next(one.__name__ for one in loaded if name in one.__all__ and vars(one).get(name) is value)


@cache
def _public_names():
    """The public name of each name with its module."""
    return {
        f"{home_of(room, name)}.{name}": f"snlib.{room}.{name}" for room in ROOMS for name in face_of(room)
    }


def public_name(target):
    """The public name of what a module behind a face holds.

    Parameters
    ----------
    target : str
        Dotted, such as "snlib.model.vae.VAE.prior".

    Returns
    -------
    str or None
        Such as "snlib.model.VAE.prior"; None if there is none.
    """
    parts = target.split(".")
    public = _public_names().get(".".join(parts[:4]))  # snlib.room.module.name, and what is inside it
    return public and ".".join([public, *parts[4:]])


def _page(room):
    yield from (f".. py:module:: snlib.{room}", "", _purpose(room), "")
    yield from _table({f":py:obj:`~snlib.{room}.{name}`": _summary(room, name) for name in face_of(room)})
    for name, value in face_of(room).items():
        yield from _entry(room, name, value)


def _purpose(room):
    return importlib.import_module(f"snlib.{room}").__doc__


def _table(rows):
    """The lines of a table with two columns."""
    yield from (".. list-table::", "   :widths: 38 62", "")
    for left, right in rows.items():
        yield from (f"   * - {left}", f"     - {right}")
    yield ""


def _entry(room, name, value):
    """The lines that document one name."""
    whole = f"snlib.{room}.{name}"
    if inspect.isclass(value):
        yield from (f".. autoclass:: {whole}", "   :members:", "")
    elif inspect.isroutine(value):
        yield from (f".. autofunction:: {whole}", "")
    else:
        yield f".. py:data:: {name}"
        if shown := _shown(value):
            yield f"   :value: {shown}"
        yield ""
        yield from (f"   {line}" for line in [*_comment(room, name), ""])


def _summary(room, name):
    """The first sentence about a name."""
    value = face_of(room)[name]
    documented = inspect.isclass(value) or inspect.isroutine(value)
    text = inspect.getdoc(value).split("\n\n")[0].splitlines() if documented else _comment(room, name)
    return " ".join(text)


def _comment(room, name):
    """The comment ``#:`` before a constant."""
    found = ModuleAnalyzer.for_module(home_of(room, name)).find_attr_docs()
    return [line for line in found.get(("", name), ()) if line]


def _shown(value):
    """A short value as it is, of a mapping its keys; nothing of a path, which is a matter of the machine."""
    if isinstance(value, Mapping):
        value = tuple(value)
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_VALUE and not isinstance(value, Path) else ""


def _resolve(app, env, node, contnode):
    """A name that is documented elsewhere or not at all: a link, plain text, or a fault (None)."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py":
        return None
    if not target.startswith("snlib."):
        return contnode
    if public := public_name(target):
        domain = env.get_domain("py")
        kind, origin = node["reftype"], node["refdoc"]
        return domain.resolve_xref(env, origin, app.builder, kind, public, node, contnode) or contnode
    return contnode if _exists(target) else None


@cache
def _exists(target):
    try:
        pkgutil.resolve_name(target)
    except (ImportError, AttributeError):
        return False
    return True


def setup(app):
    """Add the directives to Sphinx, and what resolves names in docstrings."""
    app.add_directive("rooms", Rooms)
    app.add_directive("room", Room)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
