"""Measure detectors on the test beds of chapter 31: every variant for the same seconds of one core. What is done is not done again.

python .ci/best.py make BEDS                               write the test beds (label maps where they are, the embedded cohort)
python .ci/best.py run BED ROWS SECONDS SEED,SEED VARIANT… train and score variants on one bed (OMP_NUM_THREADS=2 of them for a long training)
python .ci/best.py table BEDS ROWS CSV                     put all rows together; what CSV holds of other variants stays
"""
import os
import sys
from pathlib import Path

import pandas as pd
import torch

from patch2loc.core import write_text
from patch2loc. import PUBLISHED, combinations, detector_table, embedded_scans, label_scans, measure_variant, open_bed, real_scans, save_scans
from patch2loc.simulation.label_maps import LABEL_DIR, Look
from patch2loc.simulation.lesions import LESION_KINDS
from patch2loc.simulation.anatomy import make_population

PLAN = {"train": (("healthy",), 4, 30), "val": (("healthy",), 4, 8), "test": (LESION_KINDS, 2, 8)}  # kinds, scans of a label map, embedded people
WIDE = Look(spread=0.3, blur=1.5, gamma=0.3)  # contrasts that are nearly anybody's guess


def make(folder: Path) -> None:
    "Write the test beds; labels_wide has other training and validation scans, and shares the rest with labels."
    population, patients = make_population(), LABEL_DIR.parent / "mslub"
    made = {f"embedded/{part}": lambda part=part, kinds=kinds, people=people: embedded_scans(population, part, people, kinds) for part, (kinds, _, people) in PLAN.items()}
    if LABEL_DIR.is_dir():
        made |= {f"labels/{part}": lambda part=part, kinds=kinds, times=times: label_scans(LABEL_DIR, part, kinds, times) for part, (kinds, times, _) in PLAN.items()}
        made |= {f"labels_wide/{part}": lambda part=part: label_scans(LABEL_DIR, part, times=4, look=WIDE) for part in ("train", "val")}
        made |= {"labels/real": lambda: real_scans(patients)} if patients.is_dir() else {}
    else:
        print(f"skipped: no label maps at {LABEL_DIR}")
    for name, scans in made.items():
        if not (folder / name / "done").exists():
            save_scans(scans(), folder / name)
            (folder / name / "done").touch()
    for part in ("test", "real"):
        if (folder / "labels" / part).is_dir() and not (folder / "labels_wide" / part).exists():
            (folder / "labels_wide" / part).symlink_to(Path("../labels") / part)


def run(path: Path, rows: Path, seconds: float, seeds: list[int], names: list[str]) -> None:
    "Train and score."
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    bed = open_bed(path)
    for seed in seeds:
        for name in names:
            cases = measure_variant(bed, name, rows, seconds, seed, lambda line: print(bed.name, name, seed, line, flush=True))
            print(cases[cases.part == "test"].pivot_table("auprc", "method", "kind").round(3).to_string(), flush=True)


KEPT = ("heatmap@7", "heatmap_z@7", "surprise@7", "surprise~4", "surprise_z~4", "entropy~4", "wide 6 or narrow", "mean~4", "highest~4", "mean~4 sum 0.65 atlas~1")  # methods of variants that are not the two heads


def keep(
    table: pd.DataFrame,  # of what is measured here
    path: Path,
    order: list[str],  # columns to sort by
    digits: int = 5,
) -> None:
    "Write a table; what it held of variants that are not measured here stays."
    before = pd.read_csv(path) if path.is_file() else table[:0]
    here = set(zip(table.bed, table.variant))
    both = pd.concat([before[[pair not in here for pair in zip(before.bed, before.variant)]], table.round(digits)])
    if "times" in both:  # the published head and score may be among what stays
        place = ["bed", "part", "kind"]
        published = both[(both.variant == PUBLISHED[0]) & (both.method == PUBLISHED[1])].set_index(place).auprc
        ratio = both.auprc / published.reindex(pd.MultiIndex.from_frame(both[place])).to_numpy()
        both["times"] = both.times.fillna(ratio.round(digits))
    write_text(both.sort_values(order, kind="stable").to_csv(index=False, lineterminator="\n"), path)


def table(beds: Path, rows: Path, path: Path) -> None:
    "Mean AUPRC a kind over patients and seeds, its interval, and the paired test against the published head and score where that is measured here too; beside it the curves of the trainings and each real patient."
    cases = [pd.read_csv(p) for p in sorted(rows.glob("*/*/cases.csv"))]
    seeds = sorted({int(some.seed.iloc[0]) for some in cases})
    for home in sorted({some.bed.iloc[0] for some in cases}):
        cases += combinations(open_bed(beds / home), rows, seeds)
    cases = pd.concat(cases, ignore_index=True)
    cases.to_csv(rows / "all_cases.csv", index=False)
    found = detector_table(cases)
    found = found[(found.variant.isin(["gaussian", "binned"]) | found.method.isin(KEPT)) & ((found.part != "choice") | (found.kind == "mean"))]
    keep(found, path, ["bed", "part", "kind", "variant", "method"])
    real = cases[(cases.part == "real") & cases.method.isin([*KEPT, "intensity", "intensity_median", "atlas", "atlas~4"])]
    real = real.groupby(["bed", "variant", "method", "subject"], as_index=False).agg(auprc=("auprc", "mean"), seeds=("auprc", "count"))
    keep(real, path.with_name(f"{path.stem}_real.csv"), ["bed", "variant", "method", "subject"])
    curves = [pd.read_csv(p).assign(bed=p.parts[-3], variant=p.parts[-2].rpartition(",_seed_")[0].replace("_", " "), seed=int(p.parts[-2].rpartition("_")[2])) for p in sorted(rows.glob("*/*/curve.csv")) if (p.parent / "cases.csv").is_file()]
    keep(pd.concat(curves), path.with_name(f"{path.stem}_curves.csv"), ["bed", "variant", "seed", "step"], 4)


if __name__ == "__main__":
    command, *words = sys.argv[1:] or [""]
    if command == "make" and len(words) == 1:
        make(Path(words[0]))
    elif command == "run" and len(words) > 4:
        run(Path(words[0]), Path(words[1]), float(words[2]), [int(s) for s in words[3].split(",")], words[4:])
    elif command == "table" and len(words) == 3:
        table(*map(Path, words))
    else:
        sys.exit(__doc__)
