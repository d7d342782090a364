"""The tables of the real study for the front page and the results, read from `nbs/measured/`, where m70_real.ipynb keeps them."""
import re
from pathlib import Path
from typing import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

COLUMNS = {("t1", "LGG"): "tumours, T1", ("t1", "MSLUB_MNI"): "MS, T1", ("t2", "MSLUB_MNI"): "MS, T2"}
PAPER, PIXELWISE = "paper", "best pixel-wise"
ROWS = {
    "intensity": "intensity", "intensity_8mm": "intensity ~8 mm", "intensity_16mm": "intensity ~16 mm",
    "atlas": "voxel-wise atlas, \\|z\\|", "atlas_4mm": "voxel-wise atlas, \\|z\\| ~4 mm", "atlas_16mm": "voxel-wise atlas, \\|z\\| ~16 mm",
    PIXELWISE: "best reconstruction (on these patients)", PAPER: "**the paper's configuration**: ResNet-18, median 7 mm",
    "heatmap": "the paper's score, our network, median 7 mm", "nll_8mm": "**NLL** ~8 mm", "nll_16mm": "**NLL** ~16 mm",
    "multiscale": "**NLL + \\|z\\|**, largest of ~4, ~8 and ~16 mm",
}
RECONSTRUCTIONS = ("ae", "vae", "dae", "ddpm", "ddpm_gaussian", "ddpm_full", "pddpm", "cddpm")  # of part 6
MISSING = "not measured yet"


def is_pixelwise(method: str) -> bool:
    """Tell whether a row is a reconstruction method, with whatever filter or normalization; `voxel_atlas` is none."""
    return re.sub(r"(_median|_gaussian|_smoothed|_z|_\d+mm)+$", "", method) in RECONSTRUCTIONS


def read_real(folder: Path) -> pd.DataFrame:  # as kept, with a column `column` (a value of COLUMNS); empty: not measured yet
    """Read what is there of the runs of our network and, as the row PAPER, of the paper's configuration."""
    parts = []
    for contrast in ("t1", "t2"):
        for path, paper in ((folder / f"real_{contrast}_summary.csv", False), (folder / f"real_paper_{contrast}_summary.csv", True)):
            if path.is_file():
                table = pd.read_csv(path)
                table = table[table.method == "heatmap"].assign(method=PAPER, recommended=False) if paper else table
                parts.append(table.assign(column=[COLUMNS.get((contrast, dataset)) for dataset in table.dataset]))
    found = pd.concat(parts).dropna(subset="column") if parts else pd.DataFrame(columns=["column", "method"])
    return found.drop_duplicates(["column", "method"])


def with_best(real: pd.DataFrame) -> pd.DataFrame:
    """Add the row PIXELWISE: in each column the best of the reconstruction methods, under the same name as it has."""
    best = real[[is_pixelwise(method) for method in real.method]].sort_values("auprc").drop_duplicates("column", keep="last")
    return pd.concat([real, best.assign(which=best.method, method=PIXELWISE)])


def percent(row: pd.Series) -> str:
    """Write AUPRC in per cent with its interval, and the name of a method that stands for several."""
    name = f"{row.which} " if isinstance(row.get("which"), str) else ""
    return f"{name}{100 * row.auprc:.1f} [{100 * row.auprc_low:.1f}–{100 * row.auprc_high:.1f}]"


def real_table(real: pd.DataFrame, rows: Mapping[str, str]) -> str:  # method -> text of the row
    """Lay out the study as Markdown: methods by data sets, patients and chance level in the heads."""
    if real.empty:
        return f"*{MISSING}*"
    real = with_best(real)
    first = real.groupby("column")[["patients", "prevalence"]].first()
    fewer = lambda row: f" (n = {row.patients:.0f})" if row.patients != first.patients[row.column] else ""
    cells = {(row.column, row.method): percent(row) + fewer(row) for _, row in real.iterrows()}
    about = {c: f"{row.patients:.0f} patients, chance {100 * row.prevalence:.1f}" for c, row in first.iterrows()}
    columns = [c for c in COLUMNS.values() if c in about]
    there = {name: text for name, text in rows.items() if any((c, name) in cells for c in columns)}
    lines = [f"| {text} | " + " | ".join(cells.get((c, name), "–") for c in columns) + " |" for name, text in there.items()]
    heads = [f"{c}: {about[c]}" for c in columns]
    return "\n".join(["| AUPRC, % | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(columns), *lines])


def not_measured(real: pd.DataFrame, rows: Mapping[str, str]) -> str:
    """Name the columns and rows of the table that have no value yet."""
    real = with_best(real) if len(real) else real
    gaps = [c for c in COLUMNS.values() if c not in set(real.column)] + [rows[m] for m in (PIXELWISE, PAPER) if m not in set(real.method)]
    return f" Not measured yet: {'; '.join(gaps)}." if gaps else ""


FAMILIES = {
    "intensity": "intensity", "atlas": "atlas, |z|", "signed": "signed z", "log_error": "log error", "log_variance": "log-variance",
    "entropy": "entropy", "nll": "NLL", "nll_atlas": "NLL + |z|", "nll_signed": "NLL + signed z",
}
ALONE = {
    "heatmap": ("the paper's score, our network", "median 7 mm"), PAPER: ("the paper's configuration", "median 7 mm"),
    PIXELWISE: ("best reconstruction", "various"), "multiscale": ("NLL + |z|, multi-scale", "various"),
}


def family(method: str) -> tuple[str, str] | None:  # None: not in the picture
    """Split the name of a row into what is shown and how it was filtered."""
    found = re.fullmatch(r"(.*)_(\d+)mm", method)
    if not found or found[1] not in FAMILIES:
        return ALONE.get(method)
    return FAMILIES[found[1]], "no filter" if found[2] == "0" else f"{found[2]} mm"


def dot_plot(real: pd.DataFrame) -> Figure:
    """Draw AUPRC with its interval: one panel per data set, one line per family, one mark per filter."""
    table = with_best(real)
    table = table[[family(method) is not None for method in table.method]]
    table = table.assign(**dict(zip(("family", "filter"), zip(*map(family, table.method)))))
    columns = [c for c in COLUMNS.values() if c in set(table.column)]
    order = list(table[table.column == columns[0]].groupby("family").auprc.max().sort_values().index)
    order = [name for name in table.family.unique() if name not in order] + order
    sizes = sorted({f for f in table["filter"] if f[0].isdigit()}, key=lambda f: int(f.split()[0]))
    filters = [f for f in ("no filter", *sizes, "median 7 mm", "various") if f in set(table["filter"])]
    looks = (("o", "#1b3a5c"), ("s", "#2a9d8f"), ("D", "#d9700a"), ("^", "#7a4b9d"), ("v", "#6b6b6b"), ("P", "#a03040"))
    marks = dict(zip(filters, looks))
    scaled = [name for name in filters if name == "no filter" or name in sizes]
    shift = {name: 0.22 * ((len(scaled) - 1) / 2 - scaled.index(name)) if name in scaled else 0 for name in filters}
    figure = plt.figure(figsize=(7.6, 1.3 + 0.3 * len(order)), dpi=80, layout="constrained")
    axes = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for axis, column in zip(axes, columns):
        part = table[table.column == column]
        for name, (mark, colour) in marks.items():
            at = part[part["filter"] == name]
            y = [order.index(row) + shift[name] for row in at.family]
            axis.hlines(y, 100 * at.auprc_low, 100 * at.auprc_high, color=colour, linewidth=1.1)
            axis.plot(100 * at.auprc, y, mark, color=colour, markersize=4.5, linestyle="none", label=name)
        axis.axvline(100 * part.prevalence.iloc[0], color="#6b6b6b", linestyle=":", linewidth=1)
        axis.set_title(f"{column}, {part.patients.iloc[0]} patients", fontsize=8.5)
        axis.set_xlabel("AUPRC, %", fontsize=8)
        axis.set_xlim(0, None)
        axis.tick_params(labelsize=8)
        axis.grid(axis="y", color="#e8e8e8", linewidth=0.6)
        axis.set_axisbelow(True)
    axes[0].set_yticks(range(len(order)), order)
    title = "Gaussian filter, or what is named; dotted: chance level"
    handles, place = axes[0].get_legend_handles_labels(), "outside lower center"
    figure.legend(*handles, title=title, title_fontsize=8, loc=place, ncols=len(marks), fontsize=8, frameon=False)
    return figure


def work_of(path: Path) -> pd.DataFrame:  # stage, command, wall clock (s), processors (s)
    """Read the times of the study's commands: of a run that was made more than once the last; calls that had nothing to do are left out."""
    times = pd.read_csv(path).rename(columns={"seconds": "wall clock", "processor_seconds": "processors"})
    worked = times[times.processors > 30]  # s; what did nothing took less
    run = worked.stage.str.startswith("run")
    return pd.concat([worked[~run], worked[run].drop_duplicates("stage", keep="last")])
