"""Prepare the notebooks for the site: as they are, with stored outputs, less what only nbdev and Jupyter need."""
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

PARTS = {
    "0_ground": "0 Ground", "1_data": "1 Data", "2_localizer": "2 Localizer", "3_heatmap": "3 Heatmap", "4_evaluation": "4 Evaluation",
    "5_simulation": "5 Simulation", "6_pixelwise": "6 Pixel-wise methods", "7_study": "7 Study", "8_runs": "8 Runs", "9_apps": "9 Applications",
}
LISTS = {  # folders with a page that lists their notebooks
    "howto": ("How-tos", "One task per page, worked through to the end. Automated checks execute every code cell."),
    "experiments": ("Experiments", "Notebooks that papermill runs for every fold and data set. They are shown without outputs; every run keeps its own copies."),
    "measurements": ("Measurements", "The measurements behind the numbers of this project."),
    "gallery": ("Gallery", "Finished runs as the command left them: the executed notebooks, and the report."),
}
DIRECTIVE = re.compile(r"^#\|.*\n?", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LINK = re.compile(r"(?<=\]\()(?!#|[a-z]+:)([^)\s#]+)(#[^)\s]*)?(?=\))")


def text_of(
    value: str | list[str],  # as in a notebook's JSON
) -> str:
    """Join the lines of a text."""
    return value if isinstance(value, str) else "".join(value)


def read_cells(
    path: Path,  # a notebook
) -> list[dict]:
    """Read the cells of a notebook, their sources joined."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": text_of(cell["source"])} for cell in cells]


def markdown_cell(
    source: str,
) -> dict:
    """Make a text cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def write_cells(
    cells: list[dict],
    path: Path,
) -> None:
    """Write a notebook of `cells`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbered = [cell | {"id": f"c{number}"} for number, cell in enumerate(cells)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}}
    path.write_text(json.dumps({"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")


def outside_code(
    markdown: str,
    change: Callable[[str], str],  # of the text between code
) -> str:
    """Change Markdown everywhere but in code spans and code blocks."""
    end, pieces = 0, []
    for code in CODE.finditer(markdown):
        pieces += [change(markdown[end:code.start()]), code[0]]
        end = code.end()
    return "".join([*pieces, change(markdown[end:])])


def site_link(
    target: str,    # as written in a notebook, relative to its folder
    folder: Path,   # of the notebook
    nbs: Path,      # folder of all notebooks
    source: str,    # address of the repository's files
) -> str:
    """Return where a link leads on the site: notebooks and pictures stay, listed folders become pages, other files are in the repository.

    Raises: FileNotFoundError if there is nothing.
    """
    path = (folder / target).resolve()
    if not path.exists():
        raise FileNotFoundError(f"{folder.name}: link to {target}")
    inside = path.is_relative_to(nbs)
    if inside and path.is_dir() and path.name in LISTS:
        return f"{os.path.relpath(path, folder)}/index.md"
    if inside and path.suffix in (".ipynb", ".png"):
        return target
    return f"{source}/{'tree' if path.is_dir() else 'blob'}/main/{path.relative_to(nbs.parent).as_posix()}"


def linked_names(
    markdown: str,
    names: dict[str, str],  # public name -> full name, of those that are unique
) -> str:
    """Link names of functions and classes in code spans to the reference, headings and link texts aside."""
    def link(match: re.Match) -> str:
        word = match[1].removesuffix("()")
        return f"{{py:obj}}`{match[1]} <{names[word]}>`" if word in names else match[0]

    def line(text: str) -> str:
        return text if text.startswith("#") or "](" in text and "|" not in text else re.sub(r"(?<![\[`}])`([\w.]+(?:\(\))?)`(?![`\]])", link, text)

    blocks = re.split(r"(```.*?```)", markdown, flags=re.DOTALL)
    return "".join(block if block.startswith("```") else "\n".join(map(line, block.split("\n"))) for block in blocks)


def shown_cells(
    cells: list[dict],
    change: Callable[[str], str],  # of Markdown
    tag: str = "",                 # of code cells, for instance remove-input
) -> Iterator[dict]:
    """Yield the cells that a reader sees: none that are hidden or empty, without directives, Markdown outputs as text."""
    for cell in cells:
        source = cell["source"]
        if cell["cell_type"] == "markdown":
            yield markdown_cell(change(source))
        elif cell["cell_type"] == "code" and not re.search(r"^#\|\s*hide\b", source, re.MULTILINE):
            texts = [text_of(output["data"]["text/markdown"]) for output in cell["outputs"] if "text/markdown" in output.get("data", {})]
            outputs = [output for output in cell["outputs"] if "text/markdown" not in output.get("data", {})]
            tags = [*cell["metadata"].get("tags", ()), *["export"] * bool(re.search(r"^#\|\s*export", source, re.MULTILINE)), *filter(None, [tag])]
            bare = DIRECTIVE.sub("", source).strip("\n")
            if bare and not (tag == "remove-input" and not outputs):
                yield {"cell_type": "code", "metadata": {"tags": tags}, "source": bare, "outputs": outputs, "execution_count": None}
            yield from (markdown_cell(change(text)) for text in texts)


def titled(
    cells: list[dict],
    number: str,  # of the chapter, or ''
    below: str,   # a paragraph under title and sentence, or ''
) -> list[dict]:
    """Put the title first, the chapter's number before it, and a paragraph below."""
    first = next(cell for cell in cells if cell["cell_type"] == "markdown")
    source = re.sub(r"^# ", f"# {number} ", first["source"], count=1) if number else first["source"]
    return [markdown_cell("\n\n".join(filter(None, [source, below]))), *(cell for cell in cells if cell is not first)]


def toctree(
    entries: list[str],  # pages, relative to the page it is on
    caption: str = "",
    hidden: bool = True,
) -> str:
    """Write a table of contents in MyST."""
    options = [":hidden:"] * hidden + ([f":caption: {caption}"] if caption else []) + [":maxdepth: 1"]
    return "\n".join(["```{toctree}", *options, "", *entries, "```"])


def first_lines(
    path: Path,  # a notebook
) -> tuple[str, str]:
    """Read the title of a notebook and the sentence under it."""
    text = next(cell["source"] for cell in read_cells(path) if cell["cell_type"] == "markdown").splitlines()
    return text[0].lstrip("# "), next((line[2:] for line in text if line.startswith("> ")), "")


def list_page(
    folder: Path,  # with notebooks
) -> str:
    """Write the page that lists the notebooks of a folder."""
    title, about = LISTS[folder.name]
    paths = sorted(folder.glob("*.ipynb"))
    rows = [f"- [{title}]({path.name}): {sentence}" for path in paths for title, sentence in [first_lines(path)]]
    return "\n\n".join([f"# {title}", about, "\n".join(rows), toctree([path.stem for path in paths])]) + "\n"


def about_run(
    folder: Path,  # of a run in the gallery
) -> str:
    """Say in one sentence what a run of the gallery was trained and tested on, and whose pictures it shows."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    kind = "**Synthetic** subjects" if about["synthetic"] else "Real scans"
    folds, more = f"{len(about['folds'])} fold{'s' * (len(about['folds']) > 1)}", f", with the pixel-wise methods {about['pixelwise']}" if about["pixelwise"] else ""
    learned = f"{kind}, {about['contrast'].upper()}: {folds}, trained on `{about['trained_on']}` for {about['steps']} steps{more} ({about['created']})."
    return " ".join([learned, *([f"Scans: {'; '.join(about['attribution'])}."] if about["attribution"] else [])])


def gallery_page(
    folder: Path,  # nbs/gallery
) -> str:
    """Write the page that lists the runs of the gallery."""
    title, sentence = LISTS[folder.name]
    blocks, entries = [f"# {title}", sentence], []
    for run in sorted(path.parent for path in folder.glob("*/about.json")):
        paths = sorted(run.glob("*.ipynb"))
        rows = [f"- [{first_lines(path)[0]}]({run.name}/{path.name})" for path in paths]
        blocks += [f"## {run.name}", about_run(run), f'<a href="{run.name}/report.html">The report</a> of the run, on a page of its own. Its notebooks:', "\n".join(rows)]
        entries += [f"{run.name}/{path.stem}" for path in paths]
    return "\n\n".join([*blocks, toctree(entries)] if entries else [*blocks, "No run is kept yet."]) + "\n"
