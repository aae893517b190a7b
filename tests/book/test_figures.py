"""Figures and tables of the built book: large enough, dark enough by night, and numbered."""

import json
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.book.browsing import DESKTOP, PHONE, contrast, figures, prefer
from tests.book.test_site import CHAPTERS, DOCUMENTS, PAGES, ROOT, every_page

READABLE = 4.5  # WCAG 2.2, 1.4.3


@every_page
def test_figures_can_be_read_by_night(look_at, page):
    contrasts = look_at(page)["contrasts"]
    assert len(contrasts) == look_at(page)["figures"]
    assert [contrast for contrast in contrasts if contrast < READABLE] == []


@pytest.mark.parametrize("style", ["filter: brightness(0.2)", "filter: invert(1) brightness(0.2)"])
def test_a_figure_that_cannot_be_read_by_night_is_found(open_page, style):
    browser = open_page(CHAPTERS[0], DESKTOP)
    prefer(browser, "dark")
    browser.execute_script("document.querySelector('article img').style.cssText += `;${arguments[0]}`", style)
    first, second, *_ = map(contrast, figures(browser))
    assert first < READABLE < second


@every_page
def test_every_figure_is_enlarged_to_what_it_was_drawn_at_or_to_the_window(look_at, page):
    for device, window in {"desktop": DESKTOP[0], "phone": PHONE[0]}.items():
        enlarged = look_at(page)["enlarged"][device]
        assert len(enlarged) == look_at(page)["figures"]
        for source, shown, before, after, drawn, pixels in enlarged:
            assert shown == source
            assert after >= max(before, drawn) - 1, source
            assert after >= min(window, pixels) - 20, source


def wait_until(browser, enlarged):
    """Wait until a figure lies over the page, or none does."""
    now = "return Boolean(document.querySelector('dialog.enlarged[open]'))"
    WebDriverWait(browser, 20).until(lambda browser: browser.execute_script(now) == enlarged)


def test_a_figure_is_opened_and_closed_by_the_keyboard(open_page):
    browser = open_page(CHAPTERS[0], DESKTOP)
    link = browser.find_element(By.CSS_SELECTOR, "article a.image-reference")
    link.send_keys(Keys.ENTER)
    wait_until(browser, enlarged=True)
    button = browser.switch_to.active_element
    assert button.get_attribute("aria-label") == "Close"
    button.send_keys(Keys.ESCAPE)
    wait_until(browser, enlarged=False)
    assert browser.switch_to.active_element == link


@pytest.mark.parametrize("where", ["button", "img"])
def test_a_figure_is_opened_and_closed_by_clicks_on_a_phone(open_page, where):
    browser = open_page(CHAPTERS[0], PHONE)
    browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
    browser.find_element(By.CSS_SELECTOR, "article a.image-reference img").click()
    wait_until(browser, enlarged=True)
    browser.find_element(By.CSS_SELECTOR, f"dialog.enlarged {where}").click()
    wait_until(browser, enlarged=False)


def test_without_scripts_a_figure_is_a_link_to_itself(site):
    link = r'(<a class="[^"]*image-reference" href="([^"]*)">)?<img [^>]*src="([^"]*)"'
    for page in PAGES:
        html = (site / page).read_text(encoding="utf-8")
        images = re.findall(link, html[html.index("<article") : html.index("</article>")])
        assert [source for _, target, source in images if target != source] == [], page


def names(document):
    """Names of the figures and tables that a chapter shows, in order, as its notebook has them."""
    notebook = json.loads((ROOT / f"book/{document}.ipynb").read_text(encoding="utf-8"))
    shown = [cell for cell in notebook["cells"] if cell.get("outputs")]
    settings = [cell["metadata"].get("mystnb", {}).get("figure") for cell in shown]
    return [figure["name"] for figure in settings if figure]


@pytest.mark.parametrize(("prefix", "word"), [("fig-", "Fig."), ("tab-", "Table")])
def test_figures_and_tables_are_numbered_in_their_order(site, prefix, word):
    number = rf'<span class="caption-number">{word} (\d+) '
    named = rf'<figure [^>]*id="({prefix}[^"]*)">(?:(?!</figure>).)*?{number}'
    numbers = []
    for document in DOCUMENTS:
        html = (site / f"{document}.html").read_text(encoding="utf-8")
        numbers += map(int, re.findall(number, html))  # of tables of the text too
        if (ROOT / f"book/{document}.ipynb").exists():
            meant = [name for name in names(document) if name.startswith(prefix)]
            assert [name for name, _ in re.findall(named, html, flags=re.DOTALL)] == meant, document
    assert numbers == list(range(1, len(numbers) + 1))
