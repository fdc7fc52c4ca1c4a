"""How Sphinx builds the documentation: sphinx-build -W -j 2 paper_figures/docs paper_figures/output/docs."""

import os

from vas_theory import __version__

os.environ.setdefault("HF_HUB_OFFLINE", "1")

project = "Variance-aware sampling"
copyright = "the authors of variance-aware-sampling, Apache-2.0"
version = release = __version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "paper_figures.docs.mathml",
    "paper_figures.docs.statements",
    "paper_figures.docs.api_pages",
    "paper_figures.docs.docstrings",
    "paper_figures.docs.guide",
    "paper_figures.docs.packages",
    "paper_figures.docs.glossary",
]
root_doc = "index"

html_theme = "furo"  # dark mode, contents of the page, and a menu on phones
html_title = project
html_static_path = ["style", "../report/mathematics.woff"]
html_css_files = ["documentation.css"]
html_js_files = ["filter.js"]
html_math_renderer = "mathml"
html_copy_source = False

myst_enable_extensions = ["attrs_inline", "attrs_block", "colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
myst_update_mathjax = False
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
autodoc_default_options = {"exclude-members": "model_config"}
maximum_signature_line_length = 88

# Every reference to this project's names must lead somewhere, apart from private helpers; other projects' names lead
# nowhere, because nothing is fetched at build time.
nitpicky = True
suppress_warnings = ["ref.python"]  # types of the same name in several packages: the module says which
nitpick_ignore_regex = [
    ("py:.*", r".*\._.*"),
    ("py:attr", r"\w+"),  # what an object remembers has no entry of its own
    ("py:func", "natural_gradient"),  # written without its module; its page is vas_theory.policy.gradients
    ("py:.*", r"(?!vas_theory|simulations|full_scale|paper_figures)\w+\..*"),
]
