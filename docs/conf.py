"""How Sphinx builds the site, with ``make docs``: from what is here, without the network."""

from importlib import metadata

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
