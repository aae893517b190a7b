"""What things cost: every time on a page is one of those measured, each of which was measured once."""

import json
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "data" / "results"
CPU = RESULTS / "cpu" / "cpu.json"
PAGES = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("book/chapters/*.ipynb")])
TEXTS = sorted([*ROOT.glob("notebooks/*.md"), *ROOT.glob("book/*.md"), ROOT / "README.md"])
TIME = re.compile(r"(?<![\d.])(\d[\d,]*(?:\.\d+)?)\s*ms\b")


def numbers_in_ms(report):
    """All numbers of a report whose name ends with "ms", at any depth."""
    if isinstance(report, list):
        return [number for part in report for number in numbers_in_ms(part)]
    if not isinstance(report, dict):
        return []
    own = [value for name, value in report.items() if re.search(r"\bms\b", name) and value is not None]
    return own + [number for part in report.values() for number in numbers_in_ms(part)]


def measured():
    """All times that were measured on a CPU core or a GPU, in ms."""
    files = [CPU, *RESULTS.glob("h?00/*.json")]
    return [number for file in files for number in numbers_in_ms(json.loads(file.read_text()))]


def is_one_of(shown, times):
    """Whether a time as it is printed is one of some times, rounded as it is."""
    text = shown.replace(",", "")
    digits = len(text.partition(".")[2])
    return any(f"{time:.{digits}f}" == text for time in times)


def times_on(page):
    """The times in ms that a notebook shows: in sentences, and in columns or rows of tables headed "[ms]"."""
    cells = json.loads(page.read_text())["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    for data in outputs:
        yield from TIME.findall("".join(data.get("text/markdown", "")))
        if "text/html" in data:
            yield from times_in_table("".join(data["text/html"]))


def times_in_table(html):
    """The times in ms of a data frame, whose columns are counted from the right (an index may span rows)."""
    table = BeautifulSoup(html, "html.parser")
    headings = [spread(row) for row in table.select("thead tr")]
    for row in table.select("tbody tr"):
        values, of_row = ([cell.text.strip() for cell in row.find_all(tag)] for tag in ("td", "th"))
        for i, value in enumerate(reversed(values), 1):
            of_column = [heading[-i] for heading in headings if i <= len(heading)]
            if "[ms]" in " ".join([*of_row, *of_column]) and re.fullmatch(r"\d[\d,]*(\.\d+)?", value):
                yield value


def spread(row):
    """The headings of a row, one that spans columns once for each."""
    return [cell.text for cell in row.find_all("th") for _ in range(int(cell.get("colspan", 1)))]


def test_nothing_is_measured_twice():
    report = json.loads(CPU.read_text())
    steps = Counter((row["model"], row["wavelengths"], row["decoded"]) for row in report["steps"])
    assert set(steps.values()) == {1}
    chunks = [row["samples at a time"] for row in report["posterior"]]
    assert len(chunks) == len(set(chunks))
    assert [file.name for file in CPU.parent.iterdir()] == [CPU.name]


def test_there_are_pages_with_times():
    assert {page.stem for page in PAGES if [*times_on(page)]} >= {"09_cost", "22_gpu"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_every_time_on_a_page_was_measured(page):
    times = measured()
    assert not [shown for shown in times_on(page) if not is_one_of(shown, times)]


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_no_time_is_typed(page):
    """In code, a time has its value between braces."""
    assert not TIME.findall(page.read_text())


def test_another_time_is_found():
    """A page that shows a time that nobody measured."""
    times = [102.3, 1.84]
    assert is_one_of("102", times) and is_one_of("1.84", times) and is_one_of("1.8", times)
    assert not is_one_of("103", times) and not is_one_of("1.9", times)
    table = pd.DataFrame({"Step [ms]": ["102", "1.84"], "Kernels": ["7", "8"]}, index=["a", "b"])
    spanned = pd.concat({"One": table, "Two": table}, axis=1).set_index([["x", "x"], ["y", "z"]])
    assert sorted(times_in_table(table.to_html())) == ["1.84", "102"]
    assert sorted(times_in_table(table.T.to_html())) == ["1.84", "102"]
    assert sorted(times_in_table(spanned.to_html())) == ["1.84", "1.84", "102", "102"]
