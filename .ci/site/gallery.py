"""Keep a finished run as pages of the site: its executed notebooks and its report go to nbs/gallery/<name>/, without a path of this machine."""
import base64
import io
import json
import re
import shutil
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "nbs" / "gallery"
ATTRIBUTION = {  # beginning of a data set's name -> what stands beside its pictures; pictures of other real scans are not shown
    "IXI": "[IXI](https://brain-development.org/ixi-dataset/), CC BY-SA 3.0, [brain-development.org](https://brain-development.org)",
    "MSLUB": "[MSLUB](https://doi.org/10.1007/s12021-017-9348-7), CC BY, Lesjak et al., Neuroinformatics 2018; processed copies by J. Muschelli",
}
OUTSIDE = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|Users|work|mnt|data|scratch)/[^\s\"'\\<>]*")


def attributions(
    record: dict,  # run.json
) -> list[str]:
    """Return the lines that must stand beside the pictures of a run; end with a line if they may not be shown."""
    if record["synthetic"] and record["trained_on"]["synthetic"]:
        return []
    names = {part for name in [record["trained_on"]["dataset"], *record["parameters"]["datasets"]] for part in name.split("-")}
    known = {name: next((text for start, text in ATTRIBUTION.items() if name.startswith(start)), "") for name in sorted(names)}
    if unknown := [name for name, text in known.items() if not text]:
        sys.exit(f"gallery: pictures of {', '.join(unknown)} may not be distributed; run with other data sets")
    return list(dict.fromkeys(known.values()))


def without_paths(
    text: str,               # of a notebook or page
    places: dict[str, str],  # folder of this machine -> what is written instead
) -> str:
    """Replace the folders of this machine."""
    for path, word in sorted(places.items(), key=lambda item: -len(item[0])):
        text = text.replace(path, word)
    return OUTSIDE.sub("…", text)


def page_of(
    path: Path,              # an executed notebook
    places: dict[str, str],
) -> dict:
    """Return a notebook as it is kept: no traces of the execution, its data set in the title, links as seen from the gallery."""
    book = json.loads(without_paths(path.read_text(encoding="utf-8"), places))
    for number, cell in enumerate(book["cells"]):
        tags = [tag for tag in cell["metadata"].get("tags", []) if tag == "parameters"]
        cell.update(metadata={"tags": tags} if tags else {}, id=f"{number:08x}", source="".join(cell["source"]))
        if cell["cell_type"] == "markdown":
            cell["source"] = cell["source"].replace("](../", "](../../")
        else:
            cell["execution_count"] = None
            for output in cell["outputs"]:
                output.pop("execution_count", None)
                output["metadata"] = {}
    if about := re.fullmatch(r"e\d\d_(?:score_dataset|fuse_dataset|train_pixelwise)_(\w+)", path.stem):
        first = next(cell for cell in book["cells"] if cell["cell_type"] == "markdown")
        first["source"] = re.sub(r"^(# .*)", rf"\1: {about[1]}", first["source"], count=1)
    return {"cells": book["cells"], "metadata": {"kernelspec": book["metadata"]["kernelspec"]}, "nbformat": 4, "nbformat_minor": 5}


def smaller(
    match: re.Match,  # the text of a PNG in a page
) -> str:
    """Return a picture as WebP, which takes a third of the space."""
    file = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(match[1]))).convert("RGB").save(file, "webp", quality=75)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def keep(
    run: Path,  # folder of a finished run
    name: str,  # of the page
) -> Path:  # its folder in nbs/gallery
    """Copy what the gallery shows of a run; end with a line if the run is not finished."""
    if not (run / "report.html").is_file():
        sys.exit(f"gallery: {run} has no report.html; finish the run first")
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    lines = attributions(record)
    folders = {run: f"runs/{name}", record["data"]["data_dir"]: "DATA_DIR", record["splits"]["splits_dir"]: "DATA_DIR/splits", ROOT: "."}
    places = {str(Path(path).resolve()): word for path, word in folders.items()}
    target = GALLERY / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    fold = min(record["parameters"]["folds"])
    for path in sorted([*(run / f"fold-{fold}" / "notebooks").glob("e*.ipynb"), *(run / "notebooks").glob("e*.ipynb")]):
        (target / path.name).write_text(json.dumps(page_of(path, places), indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    (target / ".notest").touch()
    report = without_paths((run / "report.html").read_text(encoding="utf-8"), places)
    (target / "report.html").write_text(re.sub(r"data:image/png;base64,([\w+/=]+)", smaller, report), encoding="utf-8")
    for name in set(re.findall(r'href="([\w./-]+)"', report)):  # what the report links
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(without_paths((run / name).read_text(encoding="utf-8"), places), encoding="utf-8")
    parameters = record["parameters"]
    about = {"created": record["created"][:10], "synthetic": record["synthetic"], "attribution": lines, "trained_on": record["trained_on"]["dataset"],
             **{key: parameters[key] for key in ("contrast", "folds", "datasets", "steps", "pixelwise")}}
    (target / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return target


if __name__ == "__main__":
    made = keep(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else Path(sys.argv[1]).resolve().name)
    sizes = [path.stat().st_size for path in made.rglob("*") if path.is_file()]
    print(f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB in {made.relative_to(ROOT)}")
