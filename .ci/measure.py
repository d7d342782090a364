"""Collect what a demo, a run on real scans and a bench measured into nbs/measured/, from where the README's numbers are read.

usage: measure.py RUN [--real RUN] [--bench JSON] [--seconds set_up=125 demo=650 test=500]
"""
import argparse
import json
import shutil
from pathlib import Path

import pandas as pd

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


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("run", type=Path)
    words.add_argument("--real", type=Path)
    words.add_argument("--bench", type=Path)
    words.add_argument("--seconds", nargs="*", default=[])
    asked = words.parse_args()
    OUT.mkdir(exist_ok=True)
    collect(asked.run, "demo")
    shutil.copy(asked.run / "fold-0" / "curve.csv", OUT / "demo_curve.csv")
    shutil.copy(asked.run / "tables" / "fusion.csv", OUT / "demo_fusion.csv")
    if asked.real:
        collect(asked.real, "real")
    if asked.bench:
        shutil.copy(asked.bench, OUT / "bench.json")
    if asked.seconds:
        (OUT / "seconds.json").write_text(json.dumps({k: float(v) for k, v in (word.split("=") for word in asked.seconds)}) + "\n")
