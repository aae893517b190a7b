"""A book of two pages: a text, and a notebook with a figure and a table."""

import re
import subprocess
import sys
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import yaml
from PIL import Image

from snlib.files import write_json

ROOT = Path(__file__).parents[2]
PAGES = ["intro.html", "chapters/01_first.html"]
TABLE = '<div><table border="1" class="dataframe"><tbody><tr><td>1</td></tr></tbody></table></div>'
INTRO = "# A book\n\nIts text, {doc}`chapters/01_first`: {numref}`tab-numbers` and {numref}`fig-dot`.\n"


def picture(inches=0.5, dpi=144):
    """A PNG that says its resolution, as it stands in a notebook."""
    file, side = BytesIO(), round(inches * dpi)
    Image.new("RGB", (side, side)).save(file, "png", dpi=(dpi, dpi))
    return b64encode(file.getvalue()).decode("ascii")


def notebook(title):
    """Of a text, and of a figure and a table whose captions are written in the same way."""
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": [f"# {title}\n", "\n", "Text."]}]
    shown = {"fig-dot": ("image/png", picture()), "tab-numbers": ("text/html", TABLE)}
    for name, (kind, data) in shown.items():
        figure = {"name": name, "caption": f"What `{name}` shows.\n\nWhat to see.\n"}
        output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
        code = {"cell_type": "code", "id": name, "execution_count": 1, "source": [name]}
        outputs = [output | {"data": {kind: data, "text/plain": name}}]
        cells.append(code | {"metadata": {"mystnb": {"figure": figure}}, "outputs": outputs})
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def write_book(book):
    """Write its source to a folder."""
    toc = {"format": "jb-book", "root": "intro", "parts": [{"chapters": [{"file": "chapters/01_first"}]}]}
    write_json(book / "chapters/01_first.ipynb", notebook("The published first"))
    (book / "_toc.yml").write_text(yaml.safe_dump(toc))
    (book / "intro.md").write_text(INTRO)
    (book / "references.bib").write_text("")
    (book / "_static").mkdir()
    (book / "_static/favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")


def build(book, output, config=ROOT / "_config.yml"):
    """Build a book with warnings as errors; its pages as they are written."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", book, "--path-output", output]
    options = ["--config", config, "-W", "--keep-going", "-n", "-q"]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [(output / "_build/html" / page).read_text(encoding="utf-8") for page in PAGES]


def captioned(page, name):
    """A figure or a table of a page, from its first tag to its last."""
    (found,) = re.findall(rf'<figure [^>]*id="{name}">.*?</figure>', page, flags=re.DOTALL)
    return found


def plain(html):
    """The text of a piece of a page."""
    return re.sub(r"<[^>]*>", "", html)
