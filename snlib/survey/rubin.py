"""Where Rubin's tables have their light curves: nested in those of objects, or alone."""

import pyarrow as pa

from snlib.observed.rubin import PRESETS, columns_of, preset_alone
from snlib.survey.layouts import find_layout, is_nested

__all__ = ["rubin_layout"]


def rubin_layout(path, schema, kept, described, visits=None):
    """Look for one of Rubin's tables, as a file of its own or nested as in LSDB's collection of DP1.

    Parameters
    ----------
    path : path-like
        For messages.
    schema : pyarrow.Schema
    kept, described
        As of `snlib.survey.layouts.find_layout`.
    visits : path-like, optional
        See `snlib.observed.rubin.columns_of`.

    Returns
    -------
    snlib.survey.layouts.Layout
        Its points are by Rubin's own names.

    Raises
    ------
    ValueError
        If it is no such table, or lacks a column; the message names file and column.
    """
    preset, nested = _preset(path, schema)
    own = [field for field in schema if field.name == nested or not is_nested(field.type)]
    wanted = columns_of(preset, visits)
    return find_layout(path, pa.schema(own, schema.metadata), kept, wanted, described)


def _preset(path, schema):
    """Which table it is, and the column that holds it, if any."""
    for preset in PRESETS:
        if preset.nested in schema.names and is_nested(schema.field(preset.nested).type):
            return preset, preset.nested
    return preset_alone(path, schema.names), None
