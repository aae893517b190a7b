"""What is asked of a page in the browser, and how what is seen there is measured."""

import json
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DESKTOP, PHONE = (1400, 900), (390, 844)

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
        broken: [...document.images].filter(i => !i.naturalWidth && i.src).map(i => i.src),
        figures: document.querySelectorAll("article img").length,
        maths: article && [
            maths.filter(m => !m.querySelector("mjx-container")).map(m => m.textContent),
            [...article.querySelectorAll("mjx-merror, [data-mjx-error]")].map(m => m.textContent),
            article.innerText.includes("$$"), maths.length],
        navigation: [...links].map(a => a.href),
        title: document.querySelector("article h1")?.innerText,
    };
"""


# The width of the page, and what of the article reaches beyond the window without a box to scroll in.
SIDEWAYS = """
    const scrolls = e => e && (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX)
                               || scrolls(e.parentElement));
    const wide = e => e.getBoundingClientRect().right > arguments[0] + 1 && !scrolls(e.parentElement);
    return [document.documentElement.scrollWidth,
            [...document.querySelectorAll("article.bd-article *")]
                .filter(e => e.checkVisibility() && wide(e)).map(e => e.outerHTML.slice(0, 200))];
"""


# The words of tables and captions whose contrast with what they stand on is less than 4.5 (WCAG 2.2, 1.4.3).
PALE = """
    const rgba = colour => {
        const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
        const brush = canvas.getContext("2d");
        brush.fillStyle = colour;
        brush.fillRect(0, 0, 1, 1);
        return [...brush.getImageData(0, 0, 1, 1).data];
    };
    const known = new Map();
    const read = colour => known.get(colour) ?? known.set(colour, rgba(colour)).get(colour);
    const ground = e => {
        if (!e) return [255, 255, 255];
        const [r, g, b, a] = read(getComputedStyle(e).backgroundColor);
        return a == 255 ? [r, g, b] : a ? ground(e.parentElement).map((below, i) =>
            (below * (255 - a) + [r, g, b][i] * a) / 255) : ground(e.parentElement);
    };
    const linear = c => c <= 10.31 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const contrast = e => {
        const [word, below] = [read(getComputedStyle(e).color), ground(e)].map(luminance);
        return (Math.max(word, below) + 0.05) / (Math.min(word, below) + 0.05);
    };
    return [...document.querySelectorAll("article :is(td, th, figcaption)")]
        .filter(e => e.innerText.trim() && e.checkVisibility() && contrast(e) < 4.5)
        .map(e => [e.innerText.slice(0, 40), contrast(e)]);
"""


# Each figure is activated, and what then lies over the page measured.
ENLARGE = """
    const done = arguments[0];
    (async () => {
        const seen = [];
        for (const small of document.querySelectorAll("article img")) {
            const width = e => e?.getBoundingClientRect().width;
            const before = width(small);
            small.click();
            const large = document.querySelector("dialog[open] img");
            await large?.decode();
            const drawn = parseFloat(small.style.width);
            seen.push([small.src, large?.src, before, width(large), drawn, small.naturalWidth]);
            document.querySelector("dialog[open]")?.close();
        }
        return seen;
    })().then(done);
"""


def prefer(browser, theme):
    """Let the reader's system be light or dark, and the page that is open follow."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    now = "return document.documentElement.dataset.theme ?? arguments[0]"
    WebDriverWait(browser, 20).until(lambda browser: browser.execute_script(now, theme) == theme)


# Brings the end of a figure to the end of the window, tells where in it the figure is, and hides what floats.
# Another scroll may be under way, so that the figure must stay where it is for some frames.
PLACE = """
    for (const floating of document.querySelectorAll(".bd-header-article, #pst-back-to-top"))
        floating.style.visibility = "hidden";
    const [figure, done] = arguments;
    let last = NaN, still = 0;
    const look = () => {
        figure.scrollIntoView({block: "end", behavior: "instant"});
        const box = figure.getBoundingClientRect();
        still = box.top === last ? still + 1 : 0;
        last = box.top;
        const place = [box.left, Math.max(box.top, 0), box.right, Math.min(box.bottom, innerHeight)];
        still < 5 ? requestAnimationFrame(look) : done(place.map(Math.round));
    };
    look();
"""


def figures(browser):
    """The images of the article as they are on the screen, of one taller than the window the lower part."""
    for image in browser.find_elements(By.CSS_SELECTOR, "article img"):
        place = browser.execute_async_script(PLACE, image)
        screen = Image.open(BytesIO(browser.get_screenshot_as_png()))
        yield np.asarray(screen.convert("RGB").crop(place))


def contrast(picture, frame=8, visible=0.02):
    """Contrast (WCAG 2.2) of the strongest ink of a figure, that of its words and axes, with its ground.

    The ground is the most frequent colour.  The frame is left out, since corners are round.
    """
    inner = picture[frame:-frame, frame:-frame]
    colours, numbers = np.unique(inner.reshape(-1, 3), axis=0, return_counts=True)
    ground = luminance(colours[numbers.argmax()])
    inks = luminance(inner).ravel()
    inks = inks[np.abs(inks - ground) > visible]
    if not len(inks):
        return 1.0
    ratios = (np.maximum(inks, ground) + 0.05) / (np.minimum(inks, ground) + 0.05)
    return np.quantile(ratios, 0.99)


def luminance(rgb):
    rgb = np.asarray(rgb) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def hosts(browser):
    """Hosts that were asked for anything since the page was opened."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return {urlsplit(url).netloc for url in urls if urlsplit(url).scheme not in ("data", "blob", "about")}
