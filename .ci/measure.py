"""Collect what a demo, a run on real scans and a bench measured into nbs/measured/, from where the README's numbers are read.

usage: measure.py [RUN] [--study RUN] [--real RUN] [--bench JSON] [--seconds set_up=125 demo=650 test=500]
"""
import argparse
import json
import shutil
from pathlib import Path

import pandas as pd

from patch2loc.study.ranking import cost_table
from patch2loc.pixelwise.diffusion_methods import PIXEL_METHODS

OUT = Path(__file__).resolve().parents[1] / "nbs" / "measured"
COLUMNS = ["dataset", "method", "synthetic", "patients", "prevalence", "auprc", "auprc_low", "auprc_high", "interval"]


def collect(
    run: Path,   # a run's folder
    name: str,   # stem of the files written
) -> None:
    """Copy a run's summary, location errors and record, without the list of its files."""
    summary = pd.read_csv(run / "tables" / "summary.csv")
    summary[summary.patients > 0][COLUMNS].to_csv(OUT / f"{name}_summary.csv", index=False)
    pd.concat([pd.read_csv(f).assign(dataset=f.parent.name) for f in sorted(run.glob("fold-*/*/localization.csv"))]).to_csv(OUT / f"{name}_localization.csv", index=False)
    record = json.loads((run / "run.json").read_text())
    kept = {key: record[key] for key in ("created", "parameters", "synthetic", "trained_on", "versions", "machine", "folds")}
    kept["parameters"]["load_checkpoint"] = Path(kept["parameters"]["load_checkpoint"]).name
    (OUT / f"{name}_run.json").write_text(json.dumps(kept, indent=2) + "\n")


def collect_study(
    run: Path,   # of make study
) -> None:
    """Copy what `make study` says of every method: its tables, and what a training, a choice and a volume cost."""
    collect(run, "study")
    for name in ("fusion", "ranks"):
        shutil.copy(run / "tables" / f"{name}.csv", OUT / f"study_{name}.csv")
    steps = pd.DataFrame(json.loads((run / "steps.json").read_text()).values())
    steps["notebook"] = steps.name.map(lambda name: Path(name).name)
    took = steps.groupby("notebook").seconds.mean().round(1)
    trainings = {name.removeprefix("e11_train_pixelwise_"): seconds for name, seconds in took.items() if name.startswith("e11")}
    costs = cost_table(run).round(3)
    parameters = json.loads((run / "run.json").read_text())["parameters"]
    about = {"measured": f"{run.name}, {json.loads((run / 'run.json').read_text())['created'][:10]}, embedded cohort (synthetic)", "size": parameters.get("pixel_size", "cohort"), "training": trainings, "learn_fusion": took["e12_learn_fusion"], "volume": costs[costs.index.isin(PIXEL_METHODS)].to_dict()}
    subjects = steps[steps.kind == "subject"]
    about["beside"] = round((subjects.seconds.sum() / subjects.amount.sum() - costs["heatmap"] - sum(about["volume"].values())) / len(about["volume"]), 2)  # fusions, measures, files
    (OUT / "study.json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("run", type=Path, nargs="?")
    words.add_argument("--study", type=Path)
    words.add_argument("--real", type=Path)
    words.add_argument("--bench", type=Path)
    words.add_argument("--seconds", nargs="*", default=[])
    asked = words.parse_args()
    OUT.mkdir(exist_ok=True)
    if asked.run:
        collect(asked.run, "demo")
        shutil.copy(asked.run / "fold-0" / "curve.csv", OUT / "demo_curve.csv")
        shutil.copy(asked.run / "tables" / "fusion.csv", OUT / "demo_fusion.csv")
    if asked.study:
        collect_study(asked.study)
    if asked.real:
        collect(asked.real, "real")
    if asked.bench:
        shutil.copy(asked.bench, OUT / "bench.json")
    if asked.seconds:
        known = json.loads((OUT / "seconds.json").read_text()) if (OUT / "seconds.json").is_file() else {}
        (OUT / "seconds.json").write_text(json.dumps(known | {k: float(v) for k, v in (word.split("=") for word in asked.seconds)}) + "\n")
