"""Score 200 subjects with one worker and with two, and write down memory, cores and rates: nbs/measured/scoring.csv and batch.json.

usage: scoring.py COHORT RUN WORK [--subjects 200] [--crop 0]
COHORT is a small synthetic cohort, RUN a run on it whose network scores, WORK an empty folder. The subjects are one test subject under many names.
"""
import argparse
import csv
import json
import os
import threading
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import psutil

from patch2loc.runs.record import check_files, plan_study, study_files
from patch2loc.runs.plan import lay_out, score_block
from patch2loc.runs.steps import LOCK, Errand, code_inputs, run_graph, workers
from patch2loc.runs.locks import hold_lock

ROOT = Path(__file__).resolve().parents[1]
DATASET = "cohort_texture"


def many(
    cohort: Path,
    folder: Path,  # written
    count: int,
    crop: int,  # side of a window about its lesion, voxels; 0: whole
) -> None:
    """Link one patient's files under many names."""
    (folder / "splits").mkdir(parents=True)
    (folder / "cohort.json").write_bytes((cohort / "cohort.json").read_bytes()) if (cohort / "cohort.json").is_file() else None
    head, row = (cohort / "splits" / f"{DATASET}_test.csv").read_text().splitlines()[:2]
    subject = Path(row.split(",")[head.split(",").index("img_path")]).name.split("_")[0]
    rows = [row.replace(subject, f"copy{i:04d}") for i in range(count)]
    (folder / "splits" / f"{DATASET}_test.csv").write_text("\n".join([head, *rows]) + "\n")
    paths = sorted((cohort / "Test" / DATASET).rglob(f"{subject}_*"))
    lesion = np.argwhere(np.asarray(nib.load(next(p for p in paths if p.name.endswith("_seg.nii.gz"))).dataobj) > 0).mean(0).round().astype(int)
    for path in paths:
        image = nib.load(path)
        window = tuple(slice(max(0, c - size // 2), c + size // 2) for c, size in zip(lesion, (crop, crop, 6)))
        first = folder / path.relative_to(cohort).parent / path.name.replace(subject, "copy0000")
        first.parent.mkdir(parents=True, exist_ok=True)
        nib.save(image.slicer[window] if crop else image, first)
        for i in range(1, count):
            os.link(first, first.with_name(first.name.replace("copy0000", f"copy{i:04d}")))
    for extra in (cohort / "data_manifest").glob("*"):
        (folder / "data_manifest").mkdir(exist_ok=True)
        (folder / "data_manifest" / extra.name).write_bytes(extra.read_bytes())


def watch(
    pids: list[int],
    rows: list[dict],
    jobs: int,
    ended: threading.Event,
) -> None:
    """Note the workers' memory and processor time every second, and what the machine's other processes took."""
    crew, begun = [psutil.Process(pid) for pid in pids], time.monotonic()
    while not ended.wait(1.0):
        all_cpu = psutil.cpu_times()
        rows.append({"workers": jobs, "second": round(time.monotonic() - begun, 1), "rss_mb": round(max(p.memory_info().rss for p in crew) / 2**20, 1),
                     "cpu_s": round(sum(sum(p.cpu_times()[:2]) for p in crew), 2), "machine_busy_s": round(sum(all_cpu) - all_cpu.idle - all_cpu.iowait, 2)})


def score(
    study,
    jobs: int,
    rows: list[dict],
) -> float:  # seconds, from the first subject to the last
    """Run the blocks alone."""
    files = study_files(study)
    steps = [s for s in lay_out(study, check_files(files, study.data_dir, report=lambda line: None)[0]) if s.call is score_block]
    ended, times = threading.Event(), []
    with workers(jobs=jobs) as client, hold_lock(study.out / LOCK, "scoring") as token:
        pids = list(client.run(os.getpid).values())
        client.run(lambda: __import__("patch2loc.study"))
        threading.Thread(target=watch, args=(pids, rows, jobs, ended), daemon=True).start()
        code = code_inputs(steps[0].notebook)
        run_graph(client, [Errand(s, {}, code, study.out, token, "scoring") for s in steps], lambda name, line: times.append(time.monotonic()))
        ended.set()
    return times[-1] - times[0]


def main() -> None:
    """Score with one worker, then with two."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("cohort", type=Path)
    words.add_argument("run", type=Path)
    words.add_argument("work", type=Path)
    words.add_argument("--subjects", type=int, default=200)
    words.add_argument("--crop", type=int, default=0)
    asked = words.parse_args()
    data = asked.work / "data"
    if not data.is_dir():
        many(asked.cohort, data, asked.subjects, asked.crop)
    rows, facts = [], {"subjects": asked.subjects, "crop": asked.crop, "machine_cores": os.cpu_count()}
    said = json.loads((asked.run / "run.json").read_text())["parameters"]
    small = {k: said[k] for k in ("steps", "val_every", "n_slices")}
    for jobs in (2, 1):
        load, idle = os.getloadavg()[0], psutil.cpu_percent(2.0)
        study = plan_study(data, asked.work / f"scored-{jobs}", load_checkpoint=asked.run, folds=[0], datasets=[DATASET], **small)
        study.out.mkdir()
        took = score(study, jobs, rows)
        mine = [r for r in rows if r["workers"] == jobs]
        wall, cpu = mine[-1]["second"] - mine[0]["second"], mine[-1]["cpu_s"] - mine[0]["cpu_s"]
        busy = mine[-1]["machine_busy_s"] - mine[0]["machine_busy_s"]
        facts[f"{jobs}_workers"] = {"seconds": round(took, 1), "subjects_per_s": round((asked.subjects - 1) / took, 3), "cpu_seconds_per_subject": round(cpu / asked.subjects, 3),
                                    "busy": round(cpu / wall / jobs, 3), "others_cores": round((busy - cpu) / wall, 2), "load_before": round(load, 2), "cpu_percent_before": idle}
        maps = [p.stat().st_size for p in (study.out / "fold-0" / DATASET / "heatmaps").glob("copy0000_*")]
        voxels = json.loads((study.out / "fold-0" / DATASET / "subjects" / "copy0000.json").read_text())["voxels"]
        bytes_of_one = {"brain_voxels": voxels, "maps": len(maps), "map_bytes": sum(maps)}
        print(jobs, facts, flush=True)
    out = ROOT / "nbs" / "measured"
    with open(out / "scoring.csv", "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    known = json.loads((out / "batch.json").read_text()) if (out / "batch.json").is_file() else {}
    (out / "batch.json").write_text(json.dumps(known | {"scored": facts} | ({} if asked.crop else bytes_of_one), indent=1) + "\n")


if __name__ == "__main__":
    main()
