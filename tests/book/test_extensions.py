"""What the book adds to Jupyter Book: numbered tables, sizes of images, and what leads to its repository."""

import re
import shutil

import pytest

from tests.book.small_book import ROOT, build, captioned, plain, write_book

ADDRESS = "https://github.com/someone/supernovae"
WORDS = "\n```{only} repository\nThe repository: {{ repository }}\n```\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a function that builds the small book: published or not, at an address."""

    def built(address, published):
        folder = tmp_path_factory.mktemp("repository")
        write_book(folder / "book")
        with (folder / "book/intro.md").open("a") as intro:
            intro.write(WORDS)
        where = "book" if published else "elsewhere"
        shutil.copytree(ROOT / "book/_extensions", folder / where / "_extensions")
        config = (ROOT / "_config.yml").read_text()
        for old, new in {'url: ""': f'url: "{address}"', "book/_extensions": f"{where}/_extensions"}.items():
            assert config.count(old) == 1
            config = config.replace(old, new)
        (folder / "_config.yml").write_text(config)
        return build(folder / "book", folder, folder / "_config.yml")

    return built


@pytest.fixture(scope="module")
def private(built):
    return built("", published=True)


@pytest.fixture(scope="module")
def public(built):
    return built(ADDRESS, published=True)


@pytest.mark.parametrize(("name", "number"), [("tab-numbers", "Table 1"), ("fig-dot", "Fig. 1")])
def test_figures_and_tables_are_counted_apart_and_referred_to(private, name, number):
    intro, chapter = private
    words = plain(captioned(chapter, name))
    assert re.search(rf"{number} What {name} shows\.", words) and "What to see." in words
    assert re.search(rf'href="chapters/01_first.html#{name}"><span [^>]*>{number}</span>', intro)


def test_the_words_of_a_table_stand_above_the_box_that_it_scrolls_in(private):
    table = captioned(private[1], "tab-numbers")
    parts = re.findall(r"</?(?:figcaption|table)|<div [^>]*scrollable", table)
    box = '<div class="pst-scrollable'
    assert parts == ["<figcaption", "</figcaption", box, "<table", "</table"]
    assert "What to see." in table[: table.index("</figcaption")]


def test_an_image_has_the_size_it_was_drawn_at(private):
    """The dot is half an inch wide, and an inch of a page has 96 pixels whatever the screen."""
    assert 'style="width: 48px;"' in captioned(private[1], "fig-dot")


def test_without_an_address_there_is_nothing_of_a_repository(private):
    for page in private:
        assert not re.search("mybinder|colab|launch-buttons|source-[a-z]*-button|issues", page)
    assert "The repository" not in private[0]


def test_with_an_address_every_page_leads_there(public):
    for page in public:
        assert re.search(rf'href="{ADDRESS}"[^>]*\s+class="[^"]*source-repository-button', page)
        assert f'href="{ADDRESS}/issues/new?' in page
    assert re.search(rf'The repository: <a [^>]*href="{ADDRESS}"', public[0])


def test_with_an_address_a_chapter_can_be_launched(public):
    notebook = "book/chapters/01_first.ipynb"
    binder = f"https://mybinder.org/v2/gh/someone/supernovae/main?urlpath=lab/tree/{notebook}"
    colab = f"https://colab.research.google.com/github/someone/supernovae/blob/main/{notebook}"
    assert f'href="{binder}"' in public[1] and f'href="{colab}"' in public[1]


def test_pages_of_a_run_of_ones_own_cannot_be_launched(built):
    """They are not in the repository."""
    page = built(ADDRESS, published=False)[1]
    assert ADDRESS in page and not re.search("mybinder|colab", page)
