"""The book, built with warnings as errors, in a browser that looks at each page once for all tests."""

import shutil
import subprocess
import sys
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium import webdriver

from tests.book import browsing

ROOT = Path(__file__).parents[2]
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
        browser.set_script_timeout(60)
        yield browser


@pytest.fixture(scope="session")
def open_page(browser, address):
    """Return a function that opens a page by day, scrolls through it and lets its scripts finish."""

    def open_page(page, size=browsing.DESKTOP):
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == browsing.PHONE}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browsing.prefer(browser, "light")
        browser.get("about:blank")
        for kind in ("browser", "performance"):
            browser.get_log(kind)
        browser.get(f"{address}/{page}")
        browser.execute_async_script(browsing.SETTLE)
        return browser

    return open_page


@pytest.fixture(scope="session")
def look_at(open_page):
    """Return a function that tells what was seen of a page, which is opened once for all tests.

    On a desktop and on a phone, by day and by night.
    """

    @cache
    def look_at(page):
        seen = {"severe": [], "hosts": set(), "sideways": {}, "pale": {}, "enlarged": {}}
        for name, size in {"desktop": browsing.DESKTOP, "phone": browsing.PHONE}.items():
            browser = open_page(page, size)
            if name == "desktop":
                seen |= browser.execute_script(browsing.SEEN)
            for theme in ("light", "dark"):
                browsing.prefer(browser, theme)
                seen["sideways"][name, theme] = browser.execute_script(browsing.SIDEWAYS, size[0])
                seen["pale"][name, theme] = browser.execute_script(browsing.PALE)
            if name == "desktop":
                seen["contrasts"] = [browsing.contrast(picture) for picture in browsing.figures(browser)]
            seen["enlarged"][name] = browser.execute_async_script(browsing.ENLARGE)
            seen["severe"] += [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]
            seen["hosts"] |= browsing.hosts(browser)
        return seen

    return look_at
