"""The built book in a real browser: complete, readable, and loading nothing from elsewhere."""

import json
import shutil
import subprocess
import sys
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest
import yaml
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[2]
TOC = yaml.safe_load((ROOT / "book/_toc.yml").read_text())


def documents(entries):
    for entry in entries:
        yield from (entry["file"], *documents(entry.get("sections", ())))


DOCUMENTS = [TOC["root"], *documents(entry for part in TOC["parts"] for entry in part["chapters"])]
PAGES = [f"{name}.html" for name in DOCUMENTS]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

every_page = pytest.mark.parametrize("page", [*PAGES, "search.html"])


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Folder of the book, built with warnings as errors."""
    output = tmp_path_factory.mktemp("site")
    command = Path(sys.executable).with_name("jupyter-book")
    arguments = ["build", "book", "--path-output", output, "-W", "--keep-going", "-n", "-q"]
    done = subprocess.run([command, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return output / "_build/html"


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def address(site):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    driver = shutil.which("chromedriver")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not driver or not chromium:
        pytest.skip("chromium and chromedriver are not both installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
        yield browser


@pytest.fixture(scope="session")
def open_page(browser, address):
    """Return a function that opens a page, scrolls through it and lets its scripts finish."""

    def open_page(page, width=1300, height=900):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.get("about:blank")
        for kind in ("browser", "performance"):
            browser.get_log(kind)
        browser.get(f"{address}/{page}")
        browser.set_script_timeout(60)
        browser.execute_async_script(SETTLE)
        return browser

    return open_page


@pytest.fixture(scope="session")
def look_at(open_page):
    """Return a function that tells what was seen of a page, which is opened once for all tests."""

    @cache
    def look_at(page):
        browser = open_page(page)
        severe = [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]
        return {"severe": severe, "hosts": hosts(browser)} | browser.execute_script(SEEN)

    return look_at


SETTLE = """
    const done = arguments[0];
    const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
    (async () => {
        if (document.readyState != "complete") await new Promise(r => addEventListener("load", r));
        if (window.MathJax) await MathJax.startup.promise;
        for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
            scrollTo(0, y);
            await pause(30);
        }
        await pause(200);
        scrollTo(0, 0);
    })().then(done);
"""


SEEN = """
    const article = document.querySelector("article.bd-article");
    const maths = article && [...article.querySelectorAll(".math")];
    const links = document.querySelectorAll(".bd-sidebar-primary :is(.navbar-brand, nav a)[href]");
    return {
        broken: [...document.images].filter(i => !i.naturalWidth).map(i => i.src),
        figures: document.querySelectorAll("article img").length,
        maths: article && [
            maths.filter(m => !m.querySelector("mjx-container")).map(m => m.textContent),
            [...article.querySelectorAll("mjx-merror, [data-mjx-error]")].map(m => m.textContent),
            article.innerText.includes("$$"), maths.length],
        navigation: [...links].map(a => a.href),
        title: document.querySelector("article h1")?.innerText,
        links: [...document.querySelectorAll("a[href]")].map(a => a.href),
    };
"""


def hosts(browser):
    """Hosts that were asked for anything since the page was opened."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return {urlsplit(url).netloc for url in urls if urlsplit(url).scheme not in ("data", "blob", "about")}


def test_every_page_is_built(site):
    assert [page for page in ["index.html", *PAGES] if not (site / page).exists()] == []


@every_page
def test_page_is_quiet_and_loads_no_other_host(look_at, address, page):
    assert look_at(page)["severe"] == []
    assert look_at(page)["hosts"] == {urlsplit(address).netloc}


@pytest.mark.parametrize("page", PAGES)
def test_images_are_loaded(look_at, page):
    assert look_at(page)["broken"] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapter_has_a_figure(look_at, page):
    assert look_at(page)["figures"]


@pytest.mark.parametrize("page", PAGES)
def test_maths_is_rendered(look_at, page):
    raw, errors, dollars, number = look_at(page)["maths"]
    assert (raw, errors, dollars) == ([], [], False)
    assert number or page not in CHAPTERS[:3]


@every_page
def test_phone(open_page, page):
    script = """
        const scrolls = e => e && (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX)
                                   || scrolls(e.parentElement));
        const wide = e => e.getBoundingClientRect().right > 391 && !scrolls(e.parentElement);
        return [document.documentElement.scrollWidth,
                [...document.querySelectorAll("article.bd-article *")]
                    .filter(e => e.checkVisibility() && wide(e)).map(e => e.outerHTML.slice(0, 200))];
    """
    width, wide = open_page(page, width=390, height=844).execute_script(script)
    assert (width, wide) == (390, [])


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_box_is_closed_and_opens_on_a_phone(open_page, page):
    """It says how the page was computed."""
    browser = open_page(page, width=390, height=844)
    (box,) = browser.find_elements("css selector", ".admonition.computed")
    words = box.find_element("css selector", "dl")
    assert not words.is_displayed()
    box.find_element("css selector", ".admonition-title").click()
    WebDriverWait(browser, 20).until(lambda browser: words.is_displayed())
    left, right = browser.execute_script(EDGES, box)
    assert left >= 0 and right <= 390


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


def test_links_within_the_book_lead_somewhere(site, look_at, address):
    for page in PAGES:
        for url in look_at(page)["links"]:
            if url.startswith(address):
                assert (site / urlsplit(url).path.lstrip("/")).exists(), f"{page} links to {url}"


def test_search(open_page):
    browser = open_page("search.html?q=supernova")
    visible = "return [...document.querySelectorAll('input[type=search]')].filter(i => i.checkVisibility())"
    assert len(browser.execute_script(visible)) == 1
    found = "return document.querySelectorAll('#search-results li').length"
    assert WebDriverWait(browser, 20).until(lambda browser: browser.execute_script(found))
