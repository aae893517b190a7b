"""Verdicts on made-up numbers, and the ledger of the claims."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from snlib.model.recipes import RECIPES
from snlib.replication import claims, verdicts
from snlib.replication.claim import VERDICTS, Claim
from snlib.replication.claims import CLAIMS, REVISED
from snlib.replication.evidence import Evidence
from snlib.replication.ledger_page import ledger_html, verdict_table
from snlib.replication.verdicts import judge, judge_by, ledger
from tests.replication.evidence_tables import make_tables
from tests.replication.ledgers import LEDGER

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
N = 1000
IDS = [claim.id for claim in CLAIMS]


def claim(n_inside, estimate=0.0, **given):
    """A claim that n of 1000 replicates are in favour of: those are 1, the others 3."""
    values = np.concatenate([[estimate], np.ones(n_inside), np.full(N - n_inside, 3.0)])
    given = given if given.keys() & {"at_least", "at_most"} else given | {"at_most": 2.0}
    return Claim("C1", "", "", "", "made up", lambda evidence, recipe: values, "01_first", **given)


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
    assert claim(n_inside).judge(None, "text")["verdict"] == verdict
    assert claim(N - n_inside, at_least=2.0).judge(None, "text")["verdict"] == verdict


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
    assert claim(N, **limits).judge(None, "text")["verdict"] == verdict


def test_estimate_has_no_vote():
    found = claim(N, estimate=50.0).judge(None, "improved")
    assert found == {"recipe": "improved", "estimate": 50, "low": 1, "high": 1, "verdict": "holds"}
    found = claim(500, estimate=50.0).judge(None, "improved")
    assert (found["low"], found["high"]) == (1, 3)


@pytest.mark.parametrize(
    ("dead", "of_light_curves", "verdict"),
    [
        ({"text": 1.0, "improved": 0.0}, True, "not applicable"),
        ({"text": 0.6, "improved": 0.0}, True, "not applicable"),
        ({"text": 0.5, "improved": 1.0}, True, "holds"),  # most seeds live
        ({"text": 1.0, "improved": 0.0}, False, "holds"),
    ],
)
def test_a_dead_expert_leaves_nothing_to_judge(dead, of_light_curves, verdict):
    evidence = SimpleNamespace(share_dead=dead.get)
    found = claim(N, of_light_curves=of_light_curves).judge(evidence, "text")
    assert (found["estimate"], found["verdict"]) == (0.0, verdict)


def test_measure_gets_evidence_and_recipe():
    asked = []
    Claim("C1", "", "", "", "", lambda *given: asked.append(given) or np.ones(3), "").judge("e", "text")
    assert asked == [("e", "text")]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"at_most": 1.25}, "at most 1.25"),
        ({"at_least": 4.0}, "at least 4"),
        ({"at_least": 0.8, "at_most": 1.25}, "0.8 to 1.25"),
    ],
)
def test_tolerance_in_words(limits, words):
    assert claim(N, **limits).tolerance() == words


def test_claims_have_their_names_and_chapters():
    numbers = [int(re.fullmatch(r"C(\d+)[a-z]?", name)[1]) for name in IDS]
    assert numbers == sorted(numbers) and len(set(IDS)) == len(IDS)
    for one in CLAIMS:
        text = (NOTEBOOKS / f"{one.chapter}.md").read_text()
        assert f'"{one.id.rstrip("abcdef")}"' in text, one.id


def test_letters_of_a_claim_begin_with_a_and_leave_none_out():
    for number in {name.rstrip("abcdef") for name in IDS}:
        letters = "".join(name.removeprefix(number) for name in IDS if name.rstrip("abcdef") == number)
        assert letters in ("", "abcdef"[: max(2, len(letters))])


def test_what_was_not_known_was_written_late():
    assert {one.id for one in CLAIMS if not one.known} < set(REVISED) < set(IDS)


def test_every_claim_has_a_limit_and_words_of_its_own():
    assert all(np.isfinite(one.at_least) or np.isfinite(one.at_most) for one in CLAIMS)
    assert all(one.at_least < one.at_most for one in CLAIMS)
    for words in ("words", "claim"):
        assert len({getattr(one, words) for one in CLAIMS}) == len(CLAIMS)


@pytest.mark.parametrize("one", CLAIMS, ids=IDS)
def test_the_paper_is_quoted(one):
    """Words of the paper, and where they are; the paper itself is not here to compare with."""
    assert re.fullmatch("“[^“”]+”", one.paper)
    assert re.match(r"(Abstract|Section|Appendix|Figure)", one.where)


COSTS = {"text": 0.9, "improved": 1.7}  # made up


@pytest.fixture(scope="module")
def judged():
    tables = make_tables()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, "read_seeds", lambda run, name: dict(enumerate(tables[name])))
        patch.setattr(verdicts, "events_of_seeds", lambda run: ["a", "b"])
        patch.setattr(claims, "_cost_exponent", COSTS.get)
        return judge(None)


def test_every_claim_is_put_to_every_recipe(judged):
    expected = [(one.id, one.words, one.known, recipe) for one in CLAIMS for recipe in RECIPES]
    found = judged[["id", "statement", "known", "recipe"]]
    assert list(found.itertuples(index=False, name=None)) == expected
    assert np.isfinite(judged[["estimate", "low", "high"]]).all(axis=None)
    assert (judged["low"] <= judged["high"]).all()
    assert set(judged["verdict"]) <= set(VERDICTS)


def test_a_claim_needs_only_its_own_tables(judged):
    of_masking = ("spectra", "masking", "masked_distances", "experts")
    tables = {name: tables for name, tables in make_tables().items() if name in of_masking}
    some = judge_by(Evidence(tables), ("C7", "C8"))
    assert list(some["id"].unique()) == ["C7a", "C7b", "C8a", "C8b", "C8c"]
    pd.testing.assert_frame_equal(some, judged[judged["id"].isin(some["id"])].reset_index(drop=True))


# Of each claim: its number, by hand from `make_tables`, and the range in which it must lie.
_SPREADS = np.std(np.linspace(0.5, 1.5, 9), ddof=1) / np.std(np.linspace(0.5, 1.5, 6), ddof=1)
_OTHERS = [(0.8**2 * 0.4**3) ** 0.2 / 0.9, (0.8 * 0.4**4) ** 0.2 / 0.9]  # than nickel, of both seeds
BY_HAND = {
    "C1": (8.0, -np.inf, 1.25),
    "C2a": (2.0, -np.inf, 1.0),
    "C2b": (8 / 3, -np.inf, 1.0),
    "C3a": ({"text": 0.8, "improved": 0.4}, 0.8, 1.25),
    "C3b": ({"text": 0.6, "improved": 0.3}, 0.8, 1.25),
    "C4": (0.7, -np.inf, 0.88),
    "C6a": (np.sqrt(2), 0.8, 1.25),
    "C6b": (0.2, -np.inf, 0.8),
    "C6c": (2.0, 1.0, np.inf),
    "C6d": ((0.1 + 0.3) / 2 / 0.2, 0.8, 1.25),
    "C6e": (np.sqrt(0.5 * 1.5) * _SPREADS, 0.8, 1.25),
    "C7a": (1.5, -np.inf, 1.25),
    "C7b": ((0.25 * 0.8 * 0.2) ** (1 / 3), -np.inf, 0.5),
    "C8a": ((0.45 * 0.95 * 1.8) ** (1 / 3) / 0.9, -np.inf, 1.0),  # from 50 to 70 % hidden
    "C8b": (np.sqrt(0.6 * 0.9), -np.inf, 1.0),  # in the last bin
    "C8c": (0.625, -np.inf, 1.0),
    "C9a": (np.sqrt((0.2 / 0.8 / _OTHERS[0]) * (0.6 / 0.8 / _OTHERS[1])), -np.inf, 1.0),
    "C9b": ((0.7 / 0.8) / (0.7 / 0.9), -np.inf, 1.0),
    "C9c": (4.5, 4.0, np.inf),
    "C9d": (0.0, 4.0, np.inf),
    "C9e": (2.0, 4.0, np.inf),  # the two that are lost; of the second seed one, and nickel
    "C9f": (6.0, 4.0, np.inf),
    "C10": (3.5, 9.0, np.inf),  # of nickel two, and what the MMVAE loses
    "C11": (np.sqrt(1.2 * 1.4), -np.inf, 1.25),
    "C12": (COSTS, -np.inf, 1.0),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_claim_is_about_its_number_and_its_range(judged, recipe):
    rows = judged[judged["recipe"] == recipe]
    assert list(BY_HAND) == IDS
    for row, (number, low, high) in zip(rows.itertuples(), BY_HAND.values(), strict=True):
        expected = number[recipe] if isinstance(number, dict) else number
        assert row.estimate == pytest.approx(expected), row.id
        assert (row.at_least, row.at_most) == pytest.approx((low, high)), row.id
        inside = low < expected < high
        if row.verdict != "open" and expected not in (low, high):
            assert row.verdict == ("holds" if inside else "fails"), row.id


def test_coverage_is_claimed_of_the_mmvae():
    """In the tables above all models cover alike."""
    one = next(one for one in CLAIMS if one.id == "C4")
    asked = SimpleNamespace(coverage=lambda model, recipe: (model, recipe))
    assert one.measure(asked, "text") == ("MMVAE", "text")


def test_recipes_are_judged_by_their_own_numbers(judged):
    """In the tables the retrieval differs from the mean spectrum by another factor for each."""
    of_retrieval = judged[judged["id"] == "C3a"].set_index("recipe")["estimate"]
    assert of_retrieval["improved"] == pytest.approx(of_retrieval["text"] / 2)


def test_what_says_nothing_of_a_dead_expert():
    """All that is about the MMVAE's light curves and is no error of its spectra."""
    named = {one.id for one in CLAIMS if one.of_light_curves}
    assert named == {"C6c", "C7a", "C7b", "C8a", "C8b", "C8c", "C9a", "C9c", "C9e"}


@pytest.fixture
def found(judged, small_run, monkeypatch):
    monkeypatch.setattr(verdicts, "read_seeds", lambda run, name: dict.fromkeys((5, 0)))
    monkeypatch.setattr(verdicts, "commit", lambda: "abc")
    return ledger(small_run, judged)


def test_ledger_is_json_and_complete(judged, found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert len(found["rows"]) == len(judged)
    for row, (one, recipe) in zip(found["rows"], [(c, r) for c in CLAIMS for r in RECIPES], strict=True):
        assert (row["id"], row["recipe"]) == (one.id, recipe)
        for name in ("claim", "paper", "where", "chapter", "known"):
            assert row[name] == getattr(one, name)
        assert row["tolerance"] == one.tolerance()


def test_ledger_says_from_what_it_was_judged(found, small_run):
    assert found["run"] == {
        "events": len(small_run.dataset().events),
        "test_events": len(small_run.dataset().part("test")),
        "seeds": [0, 5],
        "steps": dict.fromkeys(RECIPES, small_run.profile.n_steps),
        "data": small_run.source.words,
        "commit": "abc",
    }


class Table(HTMLParser):
    """Text of the cells of a page's rows."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.text, self.links = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "a":
            self.links.append(dict(attributes)["href"])

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.rstrip("\n")
        else:
            self.text.append(data)


def ledger_rows(found, chapters=""):
    """The cells of the ledger's rows, without the summary above it."""
    rows = Table(ledger_html(found, chapters)).rows
    return rows[next(i for i, row in enumerate(rows) if row[1] == "The paper") :]


def test_page_shows_words_and_verdicts():
    head, (name, words, *cells) = ledger_rows(LEDGER, "chapters/")
    assert head == ["", "The paper", "text", "improved"]
    assert (name, words) == ("C1", "Spectra are good. “good & <cheap>”")
    assert cells == ["✗ fails 1.50 (1.25 – 2.00)", "✓ holds 0.50 (0.25 – 0.75)"]
    assert Table(ledger_html(LEDGER, "chapters/")).links == ["chapters/01_first.html"]


def test_variants_of_a_recipe_share_its_column_under_their_names():
    rows = [
        row | {"recipe": name}
        for row, name in zip(LEDGER["rows"], ("evaluated", "evaluated-may"), strict=True)
    ]
    found = LEDGER | {"rows": rows, "run": LEDGER["run"] | {"steps": {"evaluated": 7, "evaluated-may": 8}}}
    head, (*_, cell) = ledger_rows(found)
    assert head[2:] == ["evaluated"]
    assert cell == "✗ fails 1.50 (1.25 – 2.00) evaluated-may ✓ holds 0.50 (0.25 – 0.75)"


def test_page_says_from_what_it_was_judged():
    said = "".join(Table(ledger_html(LEDGER, "")).text)
    for words in ("450 of 4,500", "made-up <events>", "seeds 0, 3", "1 statements"):
        assert words in said


def test_page_sums_up_verdicts_seeds_and_steps_of_each_recipe(found):
    head, *rows = Table(ledger_html(found, "")).rows[: 1 + len(RECIPES)]
    assert head == ["Recipe", "Seeds", "Steps", "✓ hold", "✗ fail", "? open", "– n/a"]
    for (recipe, seeds, steps, *counts), name in zip(rows, RECIPES, strict=True):
        of_recipe = [row for row in found["rows"] if row["recipe"] == name]
        assert (recipe, int(seeds)) == (name, of_recipe[0]["seeds"])
        assert int(steps.replace(",", "")) == found["run"]["steps"][name]
        verdicts = [row["verdict"] for row in of_recipe]
        assert [int(n) for n in counts] == [verdicts.count(verdict) for verdict in VERDICTS]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_page_has_a_mark_for_each_verdict(verdict):
    rows = [row | {"verdict": verdict} for row in LEDGER["rows"]]
    cells = ledger_rows(LEDGER | {"rows": rows})[1][2:]
    assert all(re.match(rf"\S {verdict} ", cell) for cell in cells)


def test_page_links_each_claim_to_its_chapter(found):
    links = Table(ledger_html(found, "chapters/")).links
    assert links == [f"chapters/{one.chapter}.html" for one in CLAIMS]


def chapter_rows(judged, ids):
    return Table(verdict_table(judged, ids).data).rows


def test_table_of_a_chapter(judged):
    head, *rows = chapter_rows(judged, ["C1", "C7"])
    assert head == ["", "Measure and required range", *RECIPES]
    assert [name for name, *_ in rows] == ["C1", "C7a", "C7b"]
    first = judged[judged["id"] == "C1"].iloc[0]
    assert rows[0][1] == f"{first['statement']} Required: {first['tolerance']}"
    assert rows[0][2] == "✗ fails 8.00 (4.00 – 16.00)"


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
    assert {row[2] for row in chapter_rows(changed, ["C7"])[1:]} == {f"? open {words}"}


def test_five_recipes_of_a_chapter_share_three_columns(judged):
    names = ("text", "evaluated", "evaluated-may", "evaluated-independent", "improved")
    one = judged[judged["recipe"] == "text"]
    every = pd.concat([one.assign(recipe=name) for name in names])
    head, *rows = chapter_rows(every, ["C1"])
    assert head[2:] == ["text", "evaluated", "improved"]
    ((*_, text, evaluated, improved),) = rows
    assert text == improved == "✗ fails 8.00 (4.00 – 16.00)"
    assert evaluated == f"{text} evaluated-may {text} evaluated-independent {text}"
