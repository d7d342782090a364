"""Build the site: pages from notebooks and sources into a temporary folder, Sphinx from there into _site/, then the check of all links."""
import ast
import shutil
import subprocess
import sys
import tempfile
import time
from configparser import ConfigParser
from functools import cache, partial
from pathlib import Path

from api import Module, escaped, reference
from links import broken
from pages import (LINK, LISTS, PARTS, about_run, gallery_page, linked_names, list_page, markdown_cell, outside_code, read_cells, shown_cells,
                   site_link, titled, toctree, write_cells)

ROOT = Path(__file__).resolve().parents[2]
NBS, SITE = ROOT / "nbs", ROOT / "_site"
HEADER = {  # pages of the top in this order, with their names in the header; others follow under 'More'
    "quickstart": "Quickstart", "contents": "Chapters", "howto/index": "How-tos", "api/index": "API", "results": "Results", "gallery/index": "Gallery",
    "paper": "Paper", "glossary": "Glossary", "usage": "Usage", "data": "Data",
}
WITHOUT_CODE = ("index", "contents", "results", "usage")  # pages whose code only makes text


@cache
def source_address() -> str:
    """Read the repository's address."""
    settings = ConfigParser(delimiters=["="])
    settings.read(ROOT / "settings.ini", encoding="utf-8")
    return settings["DEFAULT"]["git_url"]


def changed_markdown(
    markdown: str,
    folder: Path,            # of the notebook
    names: dict[str, str],   # that are linked
) -> str:
    """Make links and names of a text cell lead to pages of the site."""
    link = lambda match: site_link(match[1], folder, NBS, source_address()) + (match[2] or "")
    return linked_names(outside_code(markdown, partial(LINK.sub, link)), names)


def below_title(
    path: Path,             # a notebook
    modules: list[Module],
) -> str:
    """Say which module a chapter makes, or which run of the gallery a notebook belongs to."""
    if path.parent.parent == NBS / "gallery":
        return f"From the run *{path.parent.name}* of the [gallery](../index.md). {about_run(path.parent)}"
    made = [module for module in modules if module.chapter == path.relative_to(NBS).as_posix()]
    return "".join(f"Cells with a coloured edge are the source of [`{module.name}`](../api/{module.name.partition('.')[2]}.md)." for module in made)


def added(
    path: Path,          # a notebook
    pages: list[str],    # all pages of the top
) -> str:
    """Write the tables of contents that a page carries for the sidebars."""
    if path == NBS / "index.ipynb":
        return toctree(pages)
    if path == NBS / "contents.ipynb":
        return "\n\n".join(toctree([f"{folder}/{book.stem}" for book in sorted((NBS / folder).glob("*.ipynb"))], title) for folder, title in PARTS.items())
    return ""


def write_notebook(
    path: Path,             # a notebook
    target: Path,           # the page
    names: dict[str, str],
    modules: list[Module],
    toc: str,               # more Markdown, or ''
) -> None:
    """Write a notebook as a page of the site."""
    change, tag = partial(changed_markdown, folder=path.parent, names=names), "remove-input" if path.stem in WITHOUT_CODE else ""
    cells = titled(list(shown_cells(read_cells(path), change, tag)), path.stem[:2] if path.parent.name in PARTS else "", below_title(path, modules))
    write_cells(cells + [markdown_cell(toc)] * bool(toc), target)


def api_index(
    modules: list[Module],
) -> str:
    """Write the page that lists all modules, by part."""
    rows = [f"- [`{module.name}`]({module.name.partition('.')[2]}.md): {escaped(ast.get_docstring(module.tree) or '')}" for module in modules]
    return "\n\n".join(["# API reference", "Every public function, class and constant, from the sources of the package. Each page links to the chapter that explains it.",
                        "\n".join(rows), toctree([module.name.partition(".")[2] for module in modules])]) + "\n"


def write_sources(
    folder: Path,  # empty
) -> None:
    """Write everything that Sphinx reads, and below _reports what it only copies."""
    api, names, modules = reference(ROOT / "patch2loc")
    books = [path for path in sorted(NBS.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
    lists = [f"{name}/index" for name in LISTS if (NBS / name).is_dir()]
    top = [path.stem for path in books if path.parent == NBS and path.stem != "index"] + lists + ["api/index"]
    order = [f"{title} <{name}>" for name, title in HEADER.items() if name in top] + [name for name in top if name not in HEADER]
    for path in books:
        write_notebook(path, folder / path.relative_to(NBS), names, modules, added(path, order))
    (folder / "api").mkdir()
    for name, text in (api | {"index": api_index(modules)}).items():
        (folder / "api" / f"{name}.md").write_text(text, encoding="utf-8")
    for name in lists:
        page = gallery_page if name == "gallery/index" else list_page
        (folder / f"{name}.md").write_text(page(NBS / Path(name).parent), encoding="utf-8")
    shutil.copytree(NBS / "images", folder / "images")
    (folder / "_reports").mkdir()
    for run in NBS.glob("gallery/*/"):  # reports and what they link are no pages of Sphinx
        shutil.copytree(run, folder / "_reports" / run.relative_to(NBS), ignore=shutil.ignore_patterns("*.ipynb", ".notest", "about.json"))


def main() -> None:
    """Build, check, and say where the site is."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        write_sources(folder / "pages")
        command = [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", "-q", "-j", "2", "-c", Path(__file__).parent, "-d", folder / "trees"]
        command += ["-D", f"html_extra_path={folder / 'pages' / '_reports'}"]
        if subprocess.run(list(map(str, [*command, folder / "pages", folder / "site"]))).returncode:
            sys.exit("the site was not built without a warning")
        if complaints := broken(folder / "site"):
            sys.exit("\n".join([*complaints, f"{len(complaints)} links are broken"]))
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.move(folder / "site", SITE)
    print(f"{len(list(SITE.rglob('[!_]*/**/*.html')) + list(SITE.glob('*.html')))} pages in {time.monotonic() - start:.0f} s, every link checked: open _site/index.html")


if __name__ == "__main__":
    main()
