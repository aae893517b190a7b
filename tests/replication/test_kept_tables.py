"""Tables that come with the repository: read back as they were, with what they were made from."""

import pandas as pd

from snlib.files import read_json
from snlib.replication.kept_tables import keep_tables


def test_tables_come_back_to_four_digits(tmp_path):
    tables = {
        "one": pd.DataFrame({"x": [1 / 3, 2e5]}),
        "two": pd.DataFrame({"name": ["a", "b"], "n": [1, 2]}),
    }
    keep_tables(tmp_path / "new/folder", tables, {"seed": 3})
    back = {path.stem: pd.read_csv(path) for path in (tmp_path / "new/folder").glob("*.csv")}
    pd.testing.assert_frame_equal(back["one"], tables["one"], rtol=1e-4)
    pd.testing.assert_frame_equal(back["two"], tables["two"])
    assert set(back) == set(tables)
    assert read_json(tmp_path / "new/folder/provenance.json") == {"seed": 3}
