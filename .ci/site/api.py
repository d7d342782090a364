"""Write the reference: a page a module, from the sources of the package, with the comments of parameters and fields as tables."""
import ast
import io
import re
import tokenize
from functools import cached_property
from pathlib import Path

CHAPTER = re.compile(r"File to edit: (?:\.\./)+nbs/(\S+\.ipynb)")
SPECIAL = re.compile(r"([\\*_<>\[\]$|#{}~])")


class Module:
    """One module of the package, parsed but not imported."""

    def __init__(
        self,
        path: Path,
        package: Path,  # folder of the package
    ) -> None:
        """Parse the source and note its comments by line."""
        self.source = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.source)
        self.name = ".".join([package.name, *path.relative_to(package).with_suffix("").parts]).removesuffix(".__init__")
        found = CHAPTER.search(self.source)
        self.chapter = found and found[1]
        tokens = tokenize.generate_tokens(io.StringIO(self.source).readline)
        self.comments = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}

    @cached_property
    def public(self) -> list[str]:
        """Names in `__all__`, in this order."""
        lists = [node.value for node in self.tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
        return ast.literal_eval(lists[0]) if lists else []

    @cached_property
    def definitions(self) -> dict[str, ast.AST]:
        """Public functions, classes and constants, in the order of the source."""
        nodes = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                nodes[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                nodes |= {name.id: node for target in getattr(node, "targets", [getattr(node, "target", None)])
                          for name in ast.walk(target) if isinstance(name, ast.Name)}
        return {name: node for name, node in nodes.items() if name in self.public}


def names_of(
    modules: list[Module],
) -> dict[str, str]:
    """Map short, dotted and full names of what is public to full names; a short name that two modules have, or a common word, is left out."""
    full = {f"{module.name}.{name}" for module in modules for name in module.definitions}
    short = [name.rpartition(".")[2] for name in full]
    unique = {name.rpartition(".")[2]: name for name in full if short.count(name.rpartition(".")[2]) == 1}
    plain = {name: target for name, target in unique.items() if "_" in name or name != name.lower()}
    return plain | {name.partition(".")[2]: name for name in full} | {name: name for name in full}


def escaped(
    text: str,
) -> str:
    """Escape what Markdown would read as markup, code spans aside."""
    return "".join(piece if piece.startswith("`") else SPECIAL.sub(r"\\\1", piece) for piece in re.split(r"(`[^`]*`)", text))


def typed(
    node: ast.AST | None,    # annotation
    names: dict[str, str],
) -> str:
    """Write an annotation with links to the package's own classes."""
    text = ast.unparse(node).strip("'\"") if node else ""
    link = lambda word: f"{{py:obj}}`{word} <{names[word]}>`" if word in names else escaped(word)
    return "".join(map(link, re.split(r"(\w+)", text)))


def prose(
    docstring: str | None,
    names: dict[str, str],
) -> str:
    """Write a docstring as Markdown: names linked, `Source:` and `Raises:` as paragraphs of their own."""
    text = re.sub(r"\s*\b(Source|Raises|Shapes?|Units?):", r"\n\n\1:", escaped(docstring or ""))
    text = re.sub(r"^(Source|Raises|Shapes?|Units?):", r"**\1.**", text, flags=re.MULTILINE)
    link = lambda match: f"{{py:obj}}`{match[1]} <{names[match[1]]}>`" if match[1] in names else match[0]
    return re.sub(r"`([\w.]+)`", link, text)


def table(
    rows: list[tuple[str, str, str, str]],  # name, type, default, meaning
    first: str,                             # title of the first column
) -> str:
    """Write parameters or fields as a table; a column without entries is left out."""
    titles = (first, "type", "default", "meaning")
    kept = [column for column in range(4) if any(row[column] for row in rows)]
    lines = [[titles[column] for column in kept], ["---"] * len(kept), *([row[column] for column in kept] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) if rows else ""


def code(
    node: ast.AST | None,
) -> str:
    """Write a default as code in a table."""
    return "`" + ast.unparse(node).replace("|", "\\|").replace("\n", " ") + "`" if node else ""


def arguments(
    node: ast.FunctionDef,
) -> list[tuple[ast.arg, ast.AST | None, str]]:
    """List the parameters of a function with their defaults and their stars."""
    args = node.args
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + args.defaults
    found = [(arg, default, "") for arg, default in zip(plain, defaults)]
    found += [(args.vararg, None, "*")] if args.vararg else []
    found += [(arg, default, "") for arg, default in zip(args.kwonlyargs, args.kw_defaults)]
    found += [(args.kwarg, None, "**")] if args.kwarg else []
    return [one for one in found if one[0].arg not in ("self", "cls")]


def signature(
    node: ast.FunctionDef,
) -> str:
    """Write the names and short defaults of a function's parameters."""
    star = ["*"] if node.args.kwonlyargs and not node.args.vararg else []
    given = lambda default: "=…" if len(ast.unparse(default)) > 24 else f"={ast.unparse(default)}"
    parts = [f"{stars}{arg.arg}{given(default) if default else ''}" for arg, default, stars in arguments(node)]
    return ", ".join(parts[:len(parts) - len(node.args.kwonlyargs)] + star + parts[len(parts) - len(node.args.kwonlyargs):]) if star else ", ".join(parts)


def comment(
    module: Module,
    last: int,         # line on which the parameter ends
    later: list[int],  # lines on which later parameters end
) -> str:
    """Return the comment of a parameter: that of its line, if no other parameter ends there."""
    if last in later:
        return ""
    return escaped(module.comments.get(last, ""))


def parameters(
    module: Module,
    node: ast.FunctionDef,
    names: dict[str, str],
) -> str:
    """Write the table of a function's parameters and of what it returns."""
    given = arguments(node)
    ends = [max(part.end_lineno for part in (arg, default) if part) for arg, default, _ in given]
    end = node.returns.end_lineno if node.returns else 0
    notes = [comment(module, line, [*ends[number + 1:], end]) for number, line in enumerate(ends)]
    rows = [(f"`{stars}{arg.arg}`", typed(arg.annotation, names), code(default), note) for (arg, default, stars), note in zip(given, notes)]
    if node.returns and ast.unparse(node.returns) != "None":
        rows.append(("*returns*", typed(node.returns, names), "", comment(module, end, [])))
    return table(rows, "parameter") if any(row[1] or row[3] for row in rows) else ""


def fields(
    module: Module,
    node: ast.ClassDef,
    names: dict[str, str],
) -> str:
    """Write the table of a class's fields with their comments."""
    found = [item for item in node.body if isinstance(item, ast.AnnAssign) and not item.target.id.startswith("_")]
    return table([(f"`{item.target.id}`", typed(item.annotation, names), code(item.value), comment(module, item.end_lineno, [])) for item in found], "field")


def block(
    kind: str,       # function, class, method, property, data
    head: str,       # name with signature
    *body: str,      # paragraphs
    fence: int = 3,  # colons, more than those of blocks inside
) -> str:
    """Write one entry of the reference."""
    return "\n".join([f"{':' * fence}{{py:{kind}}} {head}", "", "\n\n".join(filter(None, body)), ":" * fence])


def marks(
    node: ast.FunctionDef | ast.ClassDef,
) -> list[str]:
    """Name the decorators of a definition."""
    return [ast.unparse(mark).partition("(")[0].rpartition(".")[2] for mark in node.decorator_list]


def entry(
    module: Module,
    name: str,
    node: ast.AST,
    names: dict[str, str],
) -> str:
    """Write the entry of a function, a class with its public methods, or a constant."""
    if isinstance(node, ast.FunctionDef):
        return block("function", f"{name}({signature(node)})", prose(ast.get_docstring(node), names), parameters(module, node, names))
    if not isinstance(node, ast.ClassDef):
        value = ast.unparse(node.value) if node.value else ""
        shown = f"```python\n{name} = {value}\n```" if len(value) < 300 else ""
        return block("data", name, escaped(module.comments.get(node.lineno, "")), shown)
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")]
    made = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
    inside = [block("property" if {"property", "cached_property"} & set(marks(item)) else "method",
                    item.name if {"property", "cached_property"} & set(marks(item)) else f"{item.name}({signature(item)})",
                    prose(ast.get_docstring(item), names), parameters(module, item, names)) for item in methods]
    head = f"{name}({signature(made)})" if made else name
    bases = ", ".join(typed(base, names) for base in node.bases)
    return block("class", head, f"Bases: {bases}." if bases else "", prose(ast.get_docstring(node), names), fields(module, node, names),
                 parameters(module, made, names) if made else "", *inside, fence=4)


def page(
    module: Module,
    names: dict[str, str],
) -> str:
    """Write the page of a module."""
    place = f"[Chapter {Path(module.chapter).name[:2]}](../{module.chapter}) explains and tests this module." if module.chapter else ""
    entries = [entry(module, name, node, names) for name, node in module.definitions.items()]
    return "\n\n".join([f"# {module.name}", f"```{{py:module}} {module.name}\n```", escaped(ast.get_docstring(module.tree) or ""), place, *entries]) + "\n"


def reference(
    package: Path,  # folder of the package
) -> tuple[dict[str, str], dict[str, str], list[Module]]:
    """Return the pages of all modules that define something public, the names that can be linked, and the modules."""
    paths = [path for path in sorted(package.rglob("*.py")) if not path.stem.startswith("_")]
    modules = [module for module in (Module(path, package) for path in paths) if module.definitions]
    names = names_of(modules)
    return {module.name.partition(".")[2]: page(module, names) for module in modules}, names, modules
