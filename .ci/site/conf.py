"""Sphinx's configuration of the site; `build.py` writes the pages it reads."""
import sys
from configparser import ConfigParser
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
settings = ConfigParser(delimiters=["="])
settings.read(HERE.parents[1] / "settings.ini", encoding="utf-8")
about = settings["DEFAULT"]

project, author, release, copyright = about["title"], about["author"], about["version"], about["copyright"]
extensions = ["myst_nb", "mathml"]
exclude_patterns = ["_reports"]
nb_execution_mode = "off"  # stored outputs
nb_ipywidgets_js = {}
nb_output_stderr = "show"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nitpicky = True
toc_object_entries_show_parents = "hide"
python_display_short_literal_types = True
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_title = about["title"]
html_baseurl = f"{about['doc_host']}{about['doc_baseurl']}/"
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_favicon = str(HERE / "static" / "icon.svg")
html_context = {"default_mode": "auto"}
html_math_renderer = "mathml"
html_show_sourcelink = html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navbar_persistent": ["search-button-field"],
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
}
html_sidebars = {"index": []}
