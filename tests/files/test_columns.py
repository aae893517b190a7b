"""Columns by any spelling; and all that are missing named at once."""

import pytest

from snlib.files.columns import Wanted

WANTED = Wanted(("object_id", "band"), ("upper_limit",), {"band": ("filter", "passband")})


@pytest.mark.parametrize(
    "found, places",
    [
        (["band", "object_id"], {"object_id": 1, "band": 0}),
        ([" OBJECT_ID", "x", "Band "], {"object_id": 0, "band": 2}),
        (["Object Id", "objectid2", "FILTER"], {"object_id": 0, "band": 2}),
        (["objectId", "passband", "filter"], {"object_id": 0, "band": 2}),
        (["filter", "band", "object-id"], {"object_id": 2, "band": 1}),
        (["Object_ID", "object_id", "band"], {"object_id": 1, "band": 2}),
        (["object_id", "band", "upperlimit"], {"object_id": 0, "band": 1, "upper_limit": 2}),
    ],
)
def test_columns_are_found_however_they_are_spelled(found, places):
    assert WANTED.find("t", found) == places
    assert WANTED.count(found) == len(places)


@pytest.mark.parametrize(
    "found, said",
    [
        (["id", "band"], "t: column 'object_id' is missing; found are 'id', 'band'"),
        ([], "t: columns 'object_id', 'band' are missing; found are none"),
        (["x" * 50, "band"], f"t: column 'object_id' is missing; found are '{'x' * 40}…', 'band'"),
        (
            ["Object_ID", "objectid", "band"],
            "t: columns 'Object_ID' and 'objectid' could both be",
        ),
        (["object_id", "object_id", "band"], "t: columns 'object_id' and 'object_id' could both be"),
        (["object_id", "Filter", "filter"], "t: columns 'Filter' and 'filter' could both be 'band'"),
    ],
)
def test_what_is_missing_or_ambiguous_is_named(found, said):
    with pytest.raises(ValueError) as stopped:
        WANTED.find("t", found)
    assert str(stopped.value).startswith(said)


def test_of_many_columns_some_are_listed():
    with pytest.raises(ValueError, match=r"'c18', 'c19' and 80 more$"):
        WANTED.find("t", [f"c{i}" for i in range(100)])
