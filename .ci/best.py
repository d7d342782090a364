"""Measure detectors on the test beds of chapter 48: every variant for the same seconds of one core. What is done is not done again.

python .ci/best.py make BEDS                               write the test beds (label maps where they are, the embedded cohort)
python .ci/best.py run BED OUT SECONDS SEED,SEED VARIANT…  train and score variants on one bed
python .ci/best.py table OUT CSV                           put all rows together
"""
import sys
from pathlib import Path

import pandas as pd
import torch

from patch2loc.core import write_text
from patch2loc.detector import detector_table, embedded_scans, label_scans, measure_variant, open_bed, save_scans
from patch2loc.labels import LABEL_DIR
from patch2loc.phantom import LESION_KINDS, make_population

PLAN = {"train": (("healthy",), 4, 30), "val": (("healthy",), 4, 8), "test": (LESION_KINDS, 2, 8)}  # kinds, scans of a label map, embedded people


def make(folder: Path) -> None:
    "Write the test beds."
    population = None
    for part, (kinds, times, people) in PLAN.items():
        for bed in ("labels", "embedded"):
            done = folder / bed / part / "done"
            if done.exists():
                continue
            if bed == "labels" and not LABEL_DIR.is_dir():
                print(f"skipped: no label maps at {LABEL_DIR}")
                continue
            population = population or (make_population() if bed == "embedded" else None)
            save_scans(label_scans(LABEL_DIR, part, kinds, times) if bed == "labels" else embedded_scans(population, part, people, kinds), done.parent)
            done.touch()


def run(path: Path, out: Path, seconds: float, seeds: list[int], names: list[str]) -> None:
    "Train and score."
    torch.set_num_threads(1)
    bed = open_bed(path)
    for seed in seeds:
        for name in names:
            here = out / bed.name / f"{name}, seed {seed}".replace(" ", "_")
            if (here / "cases.csv").is_file():
                continue
            cases = measure_variant(bed, name, here, seconds, seed, lambda line: print(bed.name, name, seed, line, flush=True))
            print(cases[cases.part == "test"].pivot_table("auprc", "method", "kind").round(3).to_string(), flush=True)


def table(out: Path, path: Path) -> None:
    "Mean AUPRC a kind over patients and seeds, its interval, and the paired test against the published head and score."
    cases = pd.concat([pd.read_csv(p) for p in sorted(out.glob("*/*/cases.csv"))])
    write_text(detector_table(cases).round(5).to_csv(index=False, lineterminator="\n"), path)


if __name__ == "__main__":
    command, *words = sys.argv[1:] or [""]
    if command == "make" and len(words) == 1:
        make(Path(words[0]))
    elif command == "run" and len(words) > 4:
        run(Path(words[0]), Path(words[1]), float(words[2]), [int(s) for s in words[3].split(",")], words[4:])
    elif command == "table" and len(words) == 2:
        table(Path(words[0]), Path(words[1]))
    else:
        sys.exit(__doc__)
