"""Every image of the book says in words what it shows, and every figure and table has a name of its own."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.book.test_site import PAGES, ROOT

NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("book/chapters/*.ipynb")])
FEWEST_WORDS = 6

every_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).with_suffix("").as_posix()
)


def code_cells(path):
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def setting(cell, kind, name):
    """A setting of the figure or of the image of a cell, or nothing."""
    return cell["metadata"].get("mystnb", {}).get(kind, {}).get(name, "")


def has_image(cell):
    kinds = {kind for output in cell["outputs"] for kind in output.get("data", {})}
    return any(kind.startswith("image/") for kind in kinds)


def too_short(words):
    """The texts for those who cannot see an image that do not say what it shows."""
    return [text for text in words if len(re.findall(r"\w+", text)) < FEWEST_WORDS]


@every_notebook
def test_every_image_has_a_name_a_caption_and_words_for_those_who_cannot_see_it(path):
    shown = [cell for cell in code_cells(path) if has_image(cell)]
    assert too_short(setting(cell, "image", "alt") for cell in shown) == []
    assert [cell["source"] for cell in shown if not setting(cell, "figure", "name").startswith("fig-")] == []
    assert too_short(setting(cell, "figure", "caption") for cell in shown) == []


@pytest.mark.parametrize("folder", ["notebooks", "book/chapters"])
def test_every_name_is_of_one_figure_or_table(folder):
    cells = [cell for path in NOTEBOOKS if path.parent == ROOT / folder for cell in code_cells(path)]
    names = [setting(cell, "figure", "name") for cell in cells if setting(cell, "figure", "caption")]
    texts = [page.read_text(encoding="utf-8") for page in ROOT.glob("book/*.md")]
    names += [name for text in texts for name in re.findall(r"^:name: ((?:fig|tab)-.*)$", text, re.M)]
    assert {name for name in names if not name.startswith(("fig-", "tab-"))} == set()
    assert [name for name, number in Counter(names).items() if number > 1] == []


@pytest.mark.parametrize("folder", ["notebooks", "book/chapters"])
def test_no_two_images_are_described_by_the_same_words(folder):
    cells = [cell for path in NOTEBOOKS if path.parent == ROOT / folder for cell in code_cells(path)]
    words = Counter(setting(cell, "image", "alt").strip() for cell in cells if has_image(cell))
    assert [text for text, number in words.items() if number > 1] == []


class Images(HTMLParser):
    """The alternative texts of the images of an article."""

    def __init__(self, html):
        super().__init__()
        self.words = []
        self.feed(html[html.index("<article") : html.index("</article>")])

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.words.append(dict(attributes).get("alt") or "")


@pytest.mark.parametrize("page", PAGES)
def test_the_words_reach_the_page(site, page):
    assert too_short(Images((site / page).read_text(encoding="utf-8")).words) == []
