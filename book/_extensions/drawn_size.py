"""Images at the size that they were drawn at, each a link to the image itself.

An image that says no size gets the width at which an inch of the drawing is one of the page, and Sphinx makes
a link of what has a width.  ``enlarge.js`` opens these links over the page.
"""

from pathlib import Path

import imagesize
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

PIXELS_AN_INCH = 96  # of a page, by definition
SIZES = {"width", "height", "scale"}


class DrawnSize(SphinxPostTransform):
    """Give widths, once MyST-NB has chosen the images that are shown."""

    default_priority = 200
    formats = ("html",)

    def run(self, **options):
        """Do so in one document."""
        for image in self.document.findall(nodes.image):
            path = Path(self.app.srcdir, image["uri"])
            if SIZES.isdisjoint(image.attributes) and path.is_file():
                image["width"] = f"{drawn_width(path)}px"


def drawn_width(path):
    """Width of an image on the page, in its pixels; that of the file where it does not say its resolution."""
    width, _ = imagesize.get(path)
    per_inch, _ = imagesize.getDPI(path)
    return round(width * PIXELS_AN_INCH / per_inch) if per_inch > 0 else width


def setup(app):
    """Called by Sphinx."""
    app.add_post_transform(DrawnSize)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
