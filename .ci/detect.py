"""Put lesions of 15 mm into synthetic raw heads, look for them with `detect`, and write down what was found: nbs/measured/detect.csv.

usage: detect.py RUN WORK [--heads 4] [--healthy 5] [--seed 20261122] [--out CSV] [--make]
RUN is a run on the embedded cohort, WORK a folder for the heads; what lies there already is not done again. --make: only write the heads.
Each head has two bright tumours, two bright foci in white matter, a dark stroke and a changed texture, 30 mm apart, and a grid, pose and receive field of its own.
The rule of candidates was chosen on heads of seed 77; those of another seed are used for no choice.
"""
import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
from nibabel.affines import apply_affine

from patch2loc.core import rng_for, seed_for
from patch2loc.apps.detect import detect
from patch2loc.simulation.raw import RAW_GRIDS, make_raw, write_raw
from patch2loc.tiny import Head
from patch2loc.simulation.lesions import Lesions, insert_kind
from patch2loc.simulation.cohort import make_head
from patch2loc.simulation.anatomy import make_person, make_population, scan_person, tissue_signal

KINDS = ("bright", "foci", "dark", "texture", "bright", "foci")
SIZES = Lesions(central=72, bright_core=(7.5, 7.5), bright_oedema=(0, 0), foci_number=(1, 1), foci_radius=(7.5, 7.5), dark_radius=(7.5, 7.5), texture_radius=(7.5, 7.5))
APART_MM, WITHIN_MM = 30.0, 5.0


def ill_head(
    population,
    index: int,
    seed: int,
) -> tuple[Head, list[tuple[str, np.ndarray]]]:  # head; kind and centre, mm
    """Make a person with one lesion of every entry of KINDS, each of 15 mm and apart from the others."""
    stream = lambda *purpose: rng_for(seed, "ill", index, *purpose)
    person = make_person(population, stream("anatomy"), (1, 1, 1))
    signal = tissue_signal(person, stream("signal"))
    lesion, placed = np.zeros(person.brain_mask.shape, bool), []
    for number, kind in enumerate(KINDS):
        for attempt in range(50):
            tried, mask = insert_kind(person, signal, kind, stream(number, attempt), SIZES)
            centre = apply_affine(person.affine, np.argwhere(mask).mean(0))
            if mask.sum() > 900 and all(np.linalg.norm(centre - other) >= APART_MM for _, other in placed):
                signal, lesion = tried, lesion | mask
                placed.append((kind, centre))
                break
    volumes = scan_person(person, signal, stream("scanner"))
    return Head(volumes["t1"], volumes["t2"], person.brain_mask, lesion), placed


def write_head(
    population,
    name: str,  # ill1, healthy1, ...
    seed: int,
    work: Path,
) -> None:
    """Write a raw head and, beside it, where its lesions are in the T2 scan's millimetres."""
    truth = work / f"{name}_lesions.json"
    if truth.is_file():
        return
    kind, index = name.rstrip("0123456789"), int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))
    head, placed = ill_head(population, index, seed) if kind == "ill" else (make_head(population, "healthy", 1000 + index, seed, (1, 1, 1)), [])
    grid = RAW_GRIDS[index % len(RAW_GRIDS)]
    raw = make_raw(head, seed_for(seed, kind, index), {"t2": grid})
    write_raw(raw, work, name)
    truth.write_text(json.dumps([[kind, *apply_affine(raw["t2"].move, centre).round(2).tolist()] for kind, centre in placed]))
    print(f"{name}: {', '.join(kind for kind, _ in placed) or 'healthy'}; {grid}", flush=True)


def rows_of(
    name: str,
    run: str,
    work: Path,
) -> list[dict]:  # one row a lesion, and one a head
    """Look for a head's lesions; the answer is kept beside it."""
    kept = work / f"{name}_found.json"
    if not kept.is_file():
        begun, wall = time.process_time(), time.monotonic()
        found = detect(work / f"{name}_t2.nii.gz", run, quiet=True)
        seconds = time.process_time() - begun, time.monotonic() - wall
        kept.write_text(json.dumps({"centres": found.candidates[["x_mm", "y_mm", "z_mm"]].astype(float).to_numpy().tolist(), "cpu_s": round(seconds[0]), "wall_s": round(seconds[1]), "quality": found.quality, "warnings": found.warnings}))
    said = json.loads(kept.read_text())
    centres, lesions = np.array(said["centres"]).reshape(-1, 3), json.loads((work / f"{name}_lesions.json").read_text())
    rows, meant = [], set()
    for kind, *centre in lesions:
        apart = np.linalg.norm(centres - centre, axis=1)
        meant |= set(np.flatnonzero(apart < 2 * WITHIN_MM))
        nearest = int(apart.argmin()) if len(apart) else -1
        rows.append({"head": name, "kind": kind, "nearest_mm": round(float(apart[nearest]), 1) if len(apart) else "", "rank": nearest + 1 or "", "found": int(bool((apart <= WITHIN_MM).any()))})
    quality = {n: round(said["quality"][n], 3) for n in ("overlap", "likeness")}
    return [*rows, {"head": name, "kind": "head", "candidates": len(centres), "false": len(centres) - len(meant), "cpu_s": said["cpu_s"], **quality}]


def main() -> None:
    """Make, look, count."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("run")
    words.add_argument("work", type=Path)
    words.add_argument("--heads", type=int, default=4)
    words.add_argument("--healthy", type=int, default=5)
    words.add_argument("--seed", type=int, default=20261122)
    words.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "nbs/measured/detect.csv")
    words.add_argument("--make", action="store_true")
    given = words.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    names = [f"ill{i + 1}" for i in range(given.heads)] + [f"healthy{i + 1}" for i in range(given.healthy)]
    population = make_population()
    for name in names:
        write_head(population, name, given.seed, given.work)
    if given.make:
        return
    rows = []
    for name in names:
        rows += rows_of(name, given.run, given.work)
        print(*(list(row.values()) for row in rows if row["head"] == name), sep="\n", flush=True)
    with given.out.open("w", newline="") as file:
        table = csv.DictWriter(file, ["seed", "head", "kind", "nearest_mm", "rank", "found", "candidates", "false", "cpu_s", "overlap", "likeness"], lineterminator="\n")
        table.writeheader()
        table.writerows({"seed": given.seed, **row} for row in rows)


if __name__ == "__main__":
    main()
