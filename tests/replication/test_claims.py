"""Verdicts on made-up numbers, and the ledger of the claims."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from snlib.model.recipes import RECIPES
from snlib.replication import verdicts
from snlib.replication.claims import CLAIMS, Statement
from snlib.replication.evidence import Evidence
from snlib.replication.verdicts import judge, judge_by, ledger, ledger_html, verdict_table
from tests.replication.evidence_tables import make_tables

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
KEYS = {"id", "claim", "paper", "ours", "tolerance", "verdict", "chapter"}
N = 1000


def statement(n_inside, estimate=0.0, **limits):
    """A statement that n of 1000 replicates are in favour of: those are 1, the others 3."""
    values = np.concatenate([[estimate], np.ones(n_inside), np.full(N - n_inside, 3.0)])
    return Statement("made up", lambda evidence, recipe: values, **(limits or {"at_most": 2.0}))


@pytest.mark.parametrize(
    ("n_inside", "verdict"),
    [
        (1000, "holds"),
        (975, "holds"),
        (974, "open"),
        (500, "open"),
        (26, "open"),
        (25, "fails"),
        (0, "fails"),
    ],
)
def test_verdict_follows_the_share_of_replicates(n_inside, verdict):
    assert statement(n_inside).judge(None, "text")["verdict"] == verdict
    assert statement(N - n_inside, at_least=2.0).judge(None, "text")["verdict"] == verdict


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ({"at_most": 1.0}, "holds"),  # a limit is inside
        ({"at_least": 1.0}, "holds"),
        ({"at_least": 0.8, "at_most": 1.25}, "holds"),
        ({"at_most": 0.99}, "fails"),
        ({"at_least": 1.01}, "fails"),
        ({"at_least": 1.1, "at_most": 1.25}, "fails"),
    ],
)
def test_limits(limits, verdict):
    assert statement(N, **limits).judge(None, "text")["verdict"] == verdict


def test_estimate_has_no_vote():
    found = statement(N, estimate=50.0).judge(None, "improved")
    assert found == {"recipe": "improved", "estimate": 50, "low": 1, "high": 1, "verdict": "holds"}
    found = statement(500, estimate=50.0).judge(None, "improved")
    assert (found["low"], found["high"]) == (1, 3)


def test_measure_gets_evidence_and_recipe():
    asked = []
    Statement("", lambda *given: asked.append(given) or np.ones(3)).judge("evidence", "text")
    assert asked == [("evidence", "text")]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"at_most": 1.25}, "at most 1.25"),
        ({"at_least": 4.0}, "at least 4"),
        ({"at_least": 0.8, "at_most": 1.25}, "0.8 to 1.25"),
    ],
)
def test_tolerance_in_words(limits, words):
    assert statement(N, **limits).tolerance() == words


def test_claims_have_their_names_and_chapters():
    assert [claim.id for claim in CLAIMS] == [f"C{number}" for number in range(1, 10)]
    for claim in CLAIMS:
        assert (NOTEBOOKS / f"{claim.chapter}.md").is_file()
        assert claim.id in (NOTEBOOKS / f"{claim.chapter}.md").read_text()


def test_every_statement_has_a_limit_and_words_of_its_own():
    statements = [one for claim in CLAIMS for one in claim.statements]
    assert all(np.isfinite(one.at_least) or np.isfinite(one.at_most) for one in statements)
    assert all(one.at_least < one.at_most for one in statements)
    assert len({one.words for one in statements}) == len(statements)


@pytest.fixture(scope="module")
def judged():
    tables = make_tables()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, "read_seeds", lambda run, name: dict(enumerate(tables[name])))
        return judge(None)


def test_every_statement_is_put_to_every_recipe(judged):
    expected = [
        (claim.id, one.words, recipe) for claim in CLAIMS for one in claim.statements for recipe in RECIPES
    ]
    assert list(judged[["id", "statement", "recipe"]].itertuples(index=False, name=None)) == expected
    assert np.isfinite(judged[["estimate", "low", "high"]]).all(axis=None)
    assert (judged["low"] <= judged["high"]).all()
    assert set(judged["verdict"]) <= {"holds", "fails", "open"}


def test_a_claim_needs_only_its_own_tables(judged):
    tables = {name: tables for name, tables in make_tables().items() if name in ("spectra", "masking")}
    some = judge_by(Evidence(tables), ("C7", "C8"))
    pd.testing.assert_frame_equal(some, judged[judged["id"].isin(some["id"])].reset_index(drop=True))
    assert set(some["id"]) == {"C7", "C8"}


def test_verdicts_known_from_the_tables(judged):
    # C1: 4 to 16 times the error; C7: 1.1 and 3 times; C8: 0.34 and 0.625, all alike in every replicate.
    for name, verdict in {"C1": "fails", "C7": "holds", "C8": "holds"}.items():
        assert set(judged.loc[judged["id"] == name, "verdict"]) == {verdict}


# Of each statement: its number, by hand from `make_tables`, and the range in which it must lie.
BY_HAND = [
    ("C1", 8.0, -np.inf, 1.25),
    ("C2", 2.0, -np.inf, 1.0),
    ("C3", {"text": 0.8, "improved": 0.4}, 0.8, 1.25),
    ("C4", 0.7, -np.inf, 0.88),
    ("C5", 6.0, 1.0, np.inf),
    ("C6", np.sqrt(2), 0.8, 1.25),
    ("C6", 0.2, -np.inf, 0.8),
    ("C6", 2.0, 1.0, np.inf),
    ("C7", 1.1, -np.inf, 1.25),
    ("C7", 3.0, 1.25, np.inf),
    ("C8", 0.04 ** (1 / 3), -np.inf, 1.0),
    ("C8", 0.625, -np.inf, 1.0),
    ("C9", 1.0, -np.inf, 1.0),  # the nickel mass, from the MMVAE
    ("C9", 1.0, -np.inf, 1.0),  # and from the contrastive embedding
    ("C9", 4.5, 4.0, np.inf),
    ("C9", 0.0, 4.0, np.inf),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_statement_is_about_its_number_and_its_range(judged, recipe):
    rows = judged[judged["recipe"] == recipe]
    for row, (name, number, low, high) in zip(rows.itertuples(), BY_HAND, strict=True):
        expected = number[recipe] if isinstance(number, dict) else number
        assert (row.id, row.estimate) == (name, pytest.approx(expected)), row.statement
        assert (row.at_least, row.at_most) == pytest.approx((low, high)), row.statement
        inside = low < expected < high
        if row.verdict != "open" and expected not in (low, high):
            assert row.verdict == ("holds" if inside else "fails"), row.statement


def test_coverage_is_claimed_of_the_mmvae():
    """In the tables above all models cover alike."""
    (statement,) = next(claim for claim in CLAIMS if claim.id == "C4").statements
    asked = SimpleNamespace(coverage=lambda model, recipe: (model, recipe))
    assert statement.measure(asked, "text") == ("MMVAE", "text")


def test_recipes_are_judged_by_their_own_numbers(judged):
    """In the tables the retrieval differs from the mean spectrum by another factor for each."""
    of_retrieval = judged[judged["id"] == "C3"].set_index("recipe")["estimate"]
    assert of_retrieval["improved"] == pytest.approx(of_retrieval["text"] / 2)


def of(rows, name):
    (row,) = (row for row in rows if row["id"] == name)
    return row


@pytest.mark.parametrize(
    ("paper", "improved", "recipes", "together"),
    [
        (["holds", "holds"], ["holds", "holds"], ["holds", "holds"], "holds"),
        (["fails", "fails"], ["fails", "fails"], ["fails", "fails"], "fails"),
        (["holds", "holds"], ["fails", "fails"], ["holds", "fails"], "mixed"),
        (["holds", "fails"], ["holds", "holds"], ["mixed", "holds"], "mixed"),
        (["holds", "open"], ["holds", "holds"], ["mixed", "holds"], "mixed"),
        (["fails", "fails"], ["fails", "open"], ["fails", "mixed"], "mixed"),
        (["open", "open"], ["open", "open"], ["mixed", "mixed"], "mixed"),
    ],
)
def test_claim_holds_if_all_of_it_does(judged, paper, improved, recipes, together):
    changed = judged.assign(verdict="open")
    for recipe, verdict in {"text": paper, "improved": improved}.items():
        changed.loc[(changed["id"] == "C7") & (changed["recipe"] == recipe), "verdict"] = verdict
    row = of(ledger(changed), "C7")
    assert row["recipes"] == dict(zip(["text", "improved"], recipes, strict=True))
    assert row["verdict"] == together


def test_ledger_is_json_and_complete(judged):
    rows = ledger(judged)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert [row["id"] for row in rows] == [claim.id for claim in CLAIMS]
    assert all(row.keys() >= KEYS and all(row[key] for key in KEYS) for row in rows)
    for row, claim in zip(rows, CLAIMS, strict=True):
        assert (row["claim"], row["paper"], row["chapter"]) == (claim.claim, claim.paper, claim.chapter)
        assert len(row["statements"]) == len(claim.statements) * len(RECIPES)


def test_ledger_in_words(judged):
    row = of(ledger(judged), "C7")
    assert row["tolerance"] == "at most 1.25; at least 1.25"
    assert row["ours"] == (
        "RMSE with 50 % of the points hidden, in units of that with none: 1.10 (text), 1.10 (improved); "
        "RMSE with 90 % of the points hidden, in units of that with none: 3.00 (text), 3.00 (improved)"
    )


def test_page_links_each_claim_to_its_chapter(judged):
    html = ledger_html(ledger(judged), "chapters/")
    linked = re.findall(r'href="chapters/([^"]+)\.html"', html)
    assert linked == [claim.chapter for claim in CLAIMS]
    assert all((NOTEBOOKS / f"{name}.md").is_file() for name in linked)


def test_page_shows_the_verdicts(judged):
    fails = ledger_html(ledger(judged.assign(verdict="fails")), "")
    assert fails.count("✗ fails") == len(CLAIMS) * (len(RECIPES) + 1)
    assert "holds" not in fails and "mixed" not in fails


def test_table_of_a_chapter(judged):
    table = verdict_table(judged, ["C7", "C8"])
    assert list(table.index.get_level_values("id")) == ["C7", "C7", "C8", "C8"]
    assert set(table.columns) == set(RECIPES)
    assert table["text"].iloc[0] == "1.10 (1.10 – 1.10): holds"


@pytest.mark.parametrize(
    ("estimate", "low", "high", "words"),
    [
        (1.234, 1.1, 12.0, "1.23 (1.10 – 12.00)"),
        (-0.5, -0.75, 0.0, "-0.50 (-0.75 – 0.00)"),
        (0.0042, -0.0009, 0.01, "4e-03 (-9e-04 – 0.01)"),
    ],
)
def test_a_chapter_gives_each_estimate_with_its_interval(judged, estimate, low, high, words):
    changed = judged.assign(estimate=estimate, low=low, high=high, verdict="open")
    assert set(verdict_table(changed, ["C7"])["text"]) == {f"{words}: open"}
