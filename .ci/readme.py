"""Write README.md from nbs/index.ipynb, as nbdev_readme would if Quarto were here. With --check only compare."""
import re
import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parents[1]
LINK_TARGET = re.compile(r'(?<=\]\()(?!#|/|[a-z]+:)([^)\s]+)')


def readme_of(
    notebook: Path,  # lies in nbs/, its links are relative to that folder
) -> str:
    """Render `notebook` as Markdown whose relative links work from the folder above."""
    body, _ = MarkdownExporter(exclude_input=True).from_notebook_node(nbformat.read(notebook, 4))
    from_root = lambda link: link[1][3:] if link[1].startswith("../") else f"{notebook.parent.name}/{link[1]}"
    return re.sub(r"\n{3,}", "\n\n", LINK_TARGET.sub(from_root, body)).strip() + "\n"


if __name__ == "__main__":
    made, readme = readme_of(ROOT / "nbs" / "index.ipynb"), ROOT / "README.md"
    if sys.argv[1:] != ["--check"]:
        readme.write_text(made, encoding="utf-8")
    elif readme.read_text(encoding="utf-8") != made:
        sys.exit("README.md is not what nbs/index.ipynb gives: run make readme")
