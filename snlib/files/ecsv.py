"""The header of an ECSV table: YAML in its first lines, which says what the columns are."""

from dataclasses import dataclass

import yaml

__all__ = ["ECSV_MARK", "EcsvHeader", "parse_ecsv_header"]

ECSV_MARK = "%ECSV"
_LONGEST_HEADER = 250_000  # characters; YAML is slow


@dataclass(frozen=True)
class EcsvHeader:
    """What an ECSV header says.

    Attributes
    ----------
    names : list of str
        Of all columns.
    units : list of str or None
        Of each column.
    are_arrays : list of bool
        Whether the cells of a column are JSON arrays.
    """

    names: list
    units: list
    are_arrays: list


class _Loader(yaml.SafeLoader):
    """Numbers, texts, lists and mappings; what other tags stand for is not needed, and never made."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
_Loader.add_multi_constructor("tag:", lambda loader, suffix, node: None)


def parse_ecsv_header(lines):
    """Read the header of an ECSV table.

    Parameters
    ----------
    lines : list of str
        The comment lines at its beginning, without their ``#``; the first has `ECSV_MARK`.

    Returns
    -------
    EcsvHeader

    Raises
    ------
    ValueError, yaml.YAMLError, RecursionError
        If it is no such header.
    """
    text = "\n".join(line.removeprefix(" ") for line in lines if not line.lstrip().startswith(ECSV_MARK))
    if len(text) > _LONGEST_HEADER:
        raise ValueError(f"its header is longer than {_LONGEST_HEADER:,} characters")
    header = yaml.load(text, _Loader)
    columns = header.get("datatype") if isinstance(header, dict) else None
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        raise ValueError("its header does not list the columns")
    return EcsvHeader(
        [str(column.get("name", "")) for column in columns],
        [_unit(column.get("unit")) for column in columns],
        [str(column.get("subtype", "")).endswith(("]", "json")) for column in columns],
    )


def _unit(value):
    return None if value is None else str(value)
