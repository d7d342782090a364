"""Render formulas as MathML, which browsers draw themselves: no script and no font is loaded."""
from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def inline(
    writer: HTML5Translator,
    node: nodes.math,
) -> None:
    """Write a formula in a line."""
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def displayed(
    writer: HTML5Translator,
    node: nodes.math_block,
) -> None:
    """Write a formula of its own line; a wide one can be scrolled."""
    writer.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
