"""The built book in a real browser: complete, readable, and loading nothing from elsewhere."""

import json
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import yaml
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.book.browsing import DESKTOP, PHONE

ROOT = Path(__file__).parents[2]
TOC = yaml.safe_load((ROOT / "book/_toc.yml").read_text())


def documents(entries):
    for entry in entries:
        yield from (entry["file"], *documents(entry.get("sections", ())))


DOCUMENTS = [TOC["root"], *documents(entry for part in TOC["parts"] for entry in part["chapters"])]
PAGES = [f"{name}.html" for name in DOCUMENTS]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]

every_page = pytest.mark.parametrize("page", [*PAGES, "search.html"])


class Page(HTMLParser):
    """What can be linked to in a page, what it links to, and the words of its paragraphs."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.words, self.paragraphs = {"", "top"}, [], [], 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.add(attributes.get("id"))
        self.paragraphs += tag == "p"
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])

    def handle_endtag(self, tag):
        self.paragraphs -= tag == "p"

    def handle_data(self, text):
        if self.paragraphs:
            self.words += re.findall(r"\b[a-z]{6,}\b", text)


@pytest.fixture(scope="session")
def read_page(site):
    return cache(lambda page: Page(site / page))


def test_every_page_is_built(site):
    assert [page for page in ["index.html", *PAGES] if not (site / page).exists()] == []


@every_page
def test_page_is_quiet_and_loads_no_other_host(look_at, address, page):
    assert look_at(page)["severe"] == []
    assert look_at(page)["hosts"] == {urlsplit(address).netloc}


@pytest.mark.parametrize("page", PAGES)
def test_images_are_loaded(look_at, page):
    assert look_at(page)["broken"] == []


def cells(page):
    """The cells of the notebook behind a page; none if it is a text."""
    path = (ROOT / "book" / page).with_suffix(".ipynb")
    return json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else []


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_has_the_figures_of_its_notebook(look_at, page):
    outputs = [output for cell in cells(page) for output in cell.get("outputs", [])]
    assert bool(look_at(page)["figures"]) == any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("page", PAGES)
def test_maths_is_rendered(look_at, page):
    raw, errors, dollars, number = look_at(page)["maths"]
    assert (raw, errors, dollars) == ([], [], False)
    text = "".join("".join(cell["source"]) for cell in cells(page) if cell["cell_type"] == "markdown")
    assert number or "$" not in text


@every_page
def test_no_page_scrolls_sideways(look_at, page):
    for (device, theme), (width, wide) in look_at(page)["sideways"].items():
        assert width <= {"phone": PHONE, "desktop": DESKTOP}[device][0] and wide == [], theme


@pytest.mark.parametrize("page", PAGES)
def test_tables_and_captions_can_be_read_by_day_and_by_night(look_at, page):
    assert look_at(page)["pale"] == {(d, t): [] for d in ("desktop", "phone") for t in ("light", "dark")}


@pytest.mark.parametrize("page", CHAPTERS[::8])
def test_the_box_is_closed_and_opens_on_a_phone(open_page, page):
    """It says how the page was computed."""
    browser = open_page(page, PHONE)
    (box,) = browser.find_elements("css selector", ".admonition.computed")
    words = box.find_element("css selector", "dl")
    assert not words.is_displayed()
    title = box.find_element("css selector", ".admonition-title")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", title)
    title.click()
    WebDriverWait(browser, 20).until(lambda browser: words.is_displayed())
    left, right = browser.execute_script(EDGES, box)
    assert left >= 0 and right <= PHONE[0]


def shows_verdicts(page):
    """Whether the source of a page holds the ledger of claims, or a part of it."""
    name = page.removesuffix(".html")
    (path,) = [path for kind in ("md", "ipynb") for path in (ROOT / "book").glob(f"{name}.{kind}")]
    text = path.read_text(encoding="utf-8")
    return "claims.html" in text or "table ledger" in text


@pytest.mark.parametrize("page", filter(shows_verdicts, PAGES))
def test_all_verdicts_are_in_sight_on_a_phone(open_page, page):
    browser = open_page(page, PHONE)
    verdicts = browser.find_elements("css selector", "table.ledger .verdict")
    edges = [browser.execute_script(EDGES, verdict) for verdict in verdicts]
    assert edges and min(left for left, _ in edges) >= 0 and max(right for _, right in edges) <= PHONE[0]


EDGES = """
    const all = [arguments[0], ...arguments[0].querySelectorAll("*")].filter(e => e.checkVisibility());
    const edges = all.map(e => e.getBoundingClientRect());
    return [Math.min(...edges.map(e => e.left)), Math.max(...edges.map(e => e.right))];
"""


def test_navigation_reaches_every_page(look_at, address):
    links = [urldefrag(url).url for url in look_at(CHAPTERS[0])["navigation"]]
    assert links == [f"{address}/{page}" for page in PAGES]
    for document, link in zip(DOCUMENTS, links, strict=True):
        assert look_at(link.removeprefix(f"{address}/"))["title"], document


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_book_lead_somewhere(site, read_page, page):
    for link in read_page(page).links:
        url, anchor = urldefrag(urljoin(f"book:///{page}", link))
        if urlsplit(url).scheme == "book":
            target = unquote(urlsplit(url).path).lstrip("/")
            assert (site / target).is_file(), link
            assert not target.endswith(".html") or unquote(anchor) in read_page(target).anchors, link


def test_a_link_to_what_is_not_in_a_page_is_found(read_page):
    assert "no-such-heading" not in read_page(PAGES[0]).anchors
    assert any(urldefrag(link).fragment for page in PAGES for link in read_page(page).links)


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_can_be_downloaded_as_the_notebook_that_it_is(site, read_page, page):
    name = Path(page).with_suffix(".ipynb")
    (link,) = {link for link in read_page(page).links if link.endswith(".ipynb")}
    downloaded = json.loads((site / Path(page).parent / link).read_text(encoding="utf-8"))
    assert downloaded == json.loads((ROOT / "book" / name).read_text(encoding="utf-8"))


def test_the_download_is_two_taps_away(open_page):
    browser = open_page(CHAPTERS[0], PHONE)
    link = browser.find_element(By.CSS_SELECTOR, "a.btn-download-source-button")
    assert not link.is_displayed()
    browser.find_element(By.CSS_SELECTOR, ".dropdown-download-buttons > button").click()
    assert link.is_displayed() and link.get_attribute("href").endswith(".ipynb")


def test_search_is_there_once(open_page):
    browser = open_page("search.html?q=supernova")
    visible = "return [...document.querySelectorAll('input[type=search]')].filter(i => i.checkVisibility())"
    assert len(browser.execute_script(visible)) == 1


@pytest.fixture(scope="session")
def own_words(read_page):
    """For each chapter the longest word that stands in no other."""
    words = {page: set(read_page(page).words) for page in CHAPTERS}
    numbers = Counter(word for page in CHAPTERS for word in words[page])
    own = {page: [word for word in words[page] if numbers[word] == 1] for page in CHAPTERS}
    return {page: max(own[page], key=lambda word: (len(word), word)) for page in CHAPTERS}


@pytest.mark.parametrize("page", CHAPTERS)
def test_search_finds_a_word_of_each_chapter(browser, address, own_words, page):
    browser.get(f"{address}/search.html?q={own_words[page]}")
    found = "return [...document.querySelectorAll('#search-results li a')].map(a => a.href.split(/[?#]/)[0])"
    WebDriverWait(browser, 20).until(lambda browser: f"{address}/{page}" in browser.execute_script(found))
