"""How Sphinx builds the documentation; `scripts/check docs` does it."""

from importlib.metadata import version as installed_version

project = "coachwork"
author = "The coachwork authors"
project_copyright = "2026, The coachwork authors"
release = version = installed_version("coachwork")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.mermaid",
]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "coachwork"

# Drawn by the reader's browser: the build needs neither a network nor a program that draws.
mermaid_output_format = "raw"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_attr_annotations = False  # a class's parameters tell the same types, without private paths

# Where an annotation says `type`, Sphinx looks for a field of that name too, and finds several.
suppress_warnings = ["ref.python"]
