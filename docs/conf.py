"""How Sphinx builds the site, with ``make docs``: from what is here, without the network.

It is Sphinx, and not Material for MkDocs, because autodoc makes the reference from the docstrings,
and ``nitpicky`` has the build fail where a type that they name leads nowhere; MkDocs leaves both to
plugins. With MyST, the pages are the same Markdown that GitHub shows.
"""

from importlib import metadata
from typing import Any

project = "verified-barrier"
author = "The verified-barrier authors"
copyright = author  # noqa: A001 - Sphinx calls it so
release = metadata.version("verified-barrier")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["examples"]
nitpicky = True
nitpick_ignore = [("py:class", "collections.abc.Callable")]
myst_heading_anchors = 3

html_theme = "furo"
html_extra_path = ["../build/barrier.html"]
html_title = "verified-barrier"
html_copy_source = False
html_show_sphinx = False


def setup(app: Any) -> None:
    """Have each page changed when it is read."""
    app.connect("source-read", _link_to_pages)


def _link_to_pages(_app: Any, _page: str, source: list[str]) -> None:
    # On GitHub the text of the specification is spec/README.md; here it is a page that includes it.
    source[0] = source[0].replace("](../spec/README.md", "](specification.md")
