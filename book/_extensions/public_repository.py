"""What is shown once the repository has a public address: ``repository: url`` in ``_config.yml``.

Then every page has buttons that lead there and to its issues, those of the published book one that runs them
too; what stands in ``{only} repository`` is shown, and ``{{ repository }}`` is the address.
"""

from pathlib import Path

PUBLISHED_BOOK = Path(__file__).resolve().parents[1]


def announce(app, config):
    """Show or hide all of it."""
    options = config.html_theme_options
    address = options["repository_url"]
    config.myst_substitutions = {**config.myst_substitutions, "repository": address}
    if address:
        app.tags.add("repository")
        options |= {"use_repository_button": True, "use_issues_button": True}
    if not address or Path(app.srcdir).resolve() != PUBLISHED_BOOK:  # nobody can launch a run of one's own
        options["launch_buttons"] = {}


def setup(app):
    """Called by Sphinx."""
    app.connect("config-inited", announce, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
