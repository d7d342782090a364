"""Kill a study with signal 9 at random moments, run it again, and write down what was left: nbs/measured/killed.csv.

usage: kill.py COHORT WORK [--trials 24] [--seed 0] [--out CSV] [--light]
COHORT is a small synthetic cohort (patch2loc cohort DIR --healthy 7 --lesion 1 --slice-mm 8), WORK a folder of its own.
--light: a graph of the study's shape whose notebooks and blocks wait instead of computing, through the same plan, claims, records and Dask.
A second call goes on with the trials of its kind that are missing.
"""
import argparse
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pandas as pd
import psutil

from patch2loc.core import digest_of, write_text
from patch2loc.runs.steps import LOCK, Step, sweep
from patch2loc.runs.locks import hold_lock

ROOT = Path(__file__).resolve().parents[1]
MARK = "PATCH2LOC_KILL_TRIAL"  # in the environment of everything a trial starts, and so of all it leaves behind
PATIENCE_S = 3600  # the machine may be busy
TARGETS = ("worker", "client", "scheduler", "local run")
SETTINGS = {"steps": 6, "val_every": 3, "n_slices": 3, "folds": [0]}
CODE = """
import sys
from patch2loc.core import Patch2LocError
from patch2loc.runs.record import plan_study
from patch2loc.runs.run import run_study
if __name__ == "__main__":
    try: run_study(plan_study(**{study!r}), lambda line: print(line, flush=True), **{how!r})
    except Patch2LocError as error: sys.exit(str(error))
"""


LIGHT = """
import sys
from pathlib import Path
from kill import light_run
from patch2loc.core import Patch2LocError
if __name__ == "__main__":
    try: light_run(Path({study!r}["out"]), **{how!r})
    except Patch2LocError as error: sys.exit(str(error))
"""


def light_block(
    parameters: dict,
    made_from: str,
    report,
) -> int:
    """Write the rows of three subjects, a fifth of a second each."""
    done = 0
    for subject in parameters["subjects"]:
        rows, maps = (Path(parameters["out"], "fold-0/light", kind, f"{subject}_{kind}") for kind in ("subjects", "heatmaps"))
        if not rows.with_name(f"{subject}_cases.csv").is_file():
            time.sleep(0.2)
            write_text(f"{subject} {int(digest_of(subject), 16) % 1000}\n", maps.with_name(f"{subject}_heatmap.nii.gz"))
            write_text(f"{subject},{int(digest_of(subject), 16) % 1000}\n", rows.with_name(f"{subject}_cases.csv"))
            done += 1
        report(f"{subject} scored")
    return done


def light_run(
    out: Path,
    jobs: int = 2,
    scheduler: str = "",
) -> None:
    """Run a graph of the study's shape, as run_study does."""
    from patch2loc.runs.record import Study
    from patch2loc.runs.run import _work
    from patch2loc.runs.plan import plan_steps

    work, here = out.parent / "notebooks", out / "fold-0/light"
    sources = {"prepare": "print('looked')", "train": "Path(out, 'fold-0/model.txt').write_text('7')",
               "gather": "rows = ''.join(p.read_text() for p in sorted(Path(out, 'fold-0/light/subjects').glob('*_cases.csv')))\nPath(out, 'fold-0/light/cases.csv').write_text(rows)",
               "tables": "Path(out, 'report.html').write_text(Path(out, 'fold-0/light/cases.csv').read_text())"}
    for name, source in sources.items():
        cells = [nbformat.v4.new_code_cell("out = ''", metadata={"tags": ["parameters"]}), nbformat.v4.new_code_cell(f"import time\nfrom pathlib import Path\ntime.sleep(1)\n{source}\ntime.sleep(0.5)")]
        work.mkdir(parents=True, exist_ok=True)
        for cell, number in zip(cells, "ab"):
            cell.id = f"{name}{number}"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "python3", "language": "python"}}), work / f"{name}.ipynb")

    def step(name, stage, *made, **facts):
        return Step(name, stage, out / "fold-0/notebooks" / f"{name}.ipynb", str(work / f"{name}.ipynb"), {"out": str(out)}, tuple(out / m for m in made), **facts)

    blocks = [replace(step("gather", "score", after=("train",)), name=f"block{i}", out=out / f"fold-0/light/notebooks/block{i}.ipynb", call=light_block, within="gather",
                      parameters={"out": str(out), "subjects": [f"s{i}{j}" for j in range(3)]}) for i in range(6)]
    steps = [step("prepare", "prepare"), step("train", "train", "fold-0/model.txt", needs="GPU", awaits=("prepare",)), *blocks,
             step("gather", "score", "fold-0/light/cases.csv", after=("train", *(b.name for b in blocks)), intermediate=(here / "subjects",)), step("tables", "tables", "report.html", after=("gather",))]
    plan = plan_steps(Study(out, out, out, (0,), ("light",)), steps)
    if plan.todo:
        with hold_lock(out / LOCK, str(out)) as token:
            sweep(out)
            _work(out, plan, token, lambda line: print(line, flush=True), jobs, scheduler, False, False)


def start(
    words: list[str],  # of Python
    trial: str,
    log: Path,
) -> subprocess.Popen:
    """Start a process of a trial."""
    env = os.environ | {MARK: trial, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / '.ci'}"}
    with open(log, "a") as out:
        return subprocess.Popen([sys.executable, *words], stdout=out, stderr=out, env=env, start_new_session=True)


def wait_for(
    log: Path,
    text: str,
) -> str:  # the last word of the line
    """Wait until a log says something."""
    for _ in range(10 * PATIENCE_S):
        for line in log.read_text().splitlines() if log.exists() else []:
            if text in line:
                return line.split()[-1]
        time.sleep(0.1)
    raise TimeoutError(f"{log}: no {text!r}")


def alive(
    trial: str,
) -> list[psutil.Process]:
    """List the living processes of a trial."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == trial and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def cluster(
    folder: Path,
    trial: str,
    number: int,
) -> tuple[str, list[subprocess.Popen]]:  # address; scheduler and two workers
    """Start a scheduler and two workers by Dask's command line."""
    log = folder / f"scheduler{number}.log"
    head = start(["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"], trial, log)
    address = wait_for(log, "Scheduler at")
    words = ["-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder / "dask")]
    return address, [head, *(start(words, trial, folder / f"worker{number}{i}.log") for i in range(2))]


def finished(
    run: Path,
) -> dict[str, float]:  # file -> when it was written
    """Name what is finished: notebooks with a record, maps of subjects with rows."""
    notebooks = [p for p in run.rglob("*.ipynb") if p.with_suffix(".json").is_file()]
    subjects = [run / p.parts[-4] / p.parts[-3] / "heatmaps" / f"{p.name.removesuffix('_cases.csv')}_heatmap.nii.gz" for p in run.glob("fold-*/*/subjects/*_cases.csv")]
    return {str(p.relative_to(run)): p.stat().st_mtime for p in notebooks + subjects if p.exists()}


def client(
    folder: Path,
    trial: str,
    study: dict,
    address: str,  # "": a local run
) -> subprocess.Popen:
    """Start a run."""
    how = {"scheduler": address} if address else {"jobs": 2}
    code = folder / "client.py"
    code.write_text((LIGHT if "data_dir" not in study else CODE).format(study=study, how=how))
    return start([str(code)], trial, folder / "client.log")


def cases(
    run: Path,
) -> dict[str, bytes]:
    """Read a run's cases."""
    return {str(p.relative_to(run)): p.read_bytes() for p in sorted(run.glob("fold-*/*/cases.csv"))}


def one_trial(
    folder: Path,
    trial: str,
    target: str,
    study: dict,
    moment: float,  # seconds after the plan's line
    expected: dict[str, bytes],
) -> dict:
    """Kill once, run again as often as needed (at most twice), look at what is there."""
    run, runs = Path(study["out"]), 1
    address, crew = cluster(folder, trial, 0) if target != "local run" else ("", [])
    first = client(folder, trial, study, address)
    wait_for(folder / "client.log", "notebooks to run")
    time.sleep(moment)
    victim = {"worker": crew[-1:], "scheduler": crew[:1]}.get(target, [first])[0]
    over = first.poll() is not None
    victim.kill()
    victim.wait()
    first.wait(timeout=PATIENCE_S)
    time.sleep(3)
    before, begun = finished(run), time.time()
    status = first.returncode
    orphans = [p for p in alive(trial) if p.pid not in {c.pid for c in crew} and target != "worker"]
    stray = len(orphans)
    while status != 0 and runs < 3:
        if target == "scheduler" and runs == 1:
            for process in crew:
                process.kill(); process.wait()
            address, crew = cluster(folder, trial, 1)
        again = client(folder, trial, study, address)
        status, runs = again.wait(timeout=PATIENCE_S), runs + 1
    after = finished(run)
    for process in crew:
        process.kill()
        process.wait()
    time.sleep(2)
    left = alive(trial)
    for process in left:
        process.kill()
    hidden = [p.name for p in run.rglob(".*")] + [p.name for p in run.rglob("*.lock")]
    redone = sorted(name for name, when in before.items() if name in after and after[name] != when or name not in after and name.endswith(".ipynb"))
    return {"target": target, "light": "data_dir" not in study, "killed_after_s": round(moment, 1), "was_over": over, "finished_before": len(before), "runs": runs, "status": status,
            "same_cases": cases(run) == expected, "done_twice": len(redone), "alive_3s_after": stray, "orphans": len(left), "half_written": len(hidden), "note": " ".join(redone[:2] + hidden[:2])}


def trial(
    work: Path,
    number: int,
    target: str,
    study: dict,
    moment: float,
    expected: dict[str, bytes],
) -> dict:
    """Make one trial in a folder of its own."""
    folder = work / f"trial{number:02d}-{int(time.time())}"
    folder.mkdir()
    return one_trial(folder, f"{os.getpid()}-{number}-{moment:.2f}", target, study | {"out": str(folder / "run")}, moment, expected)


def main() -> None:
    """Run the trials."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("cohort", type=Path)
    words.add_argument("work", type=Path)
    words.add_argument("--trials", type=int, default=24)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--light", action="store_true")
    words.add_argument("--out", type=Path, default=ROOT / "nbs" / "measured" / "killed.csv")
    asked = words.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    base = {"data_dir": str(asked.cohort), **SETTINGS}
    studies = {True: base | {"datasets": ["cohort_texture"]}, False: base | {"datasets": ["cohort_texture", "cohort"]}}
    if asked.light:
        studies = {True: {}, False: {}}
    expected, took = {}, {}
    for trains, study in studies.items():
        study["out"], known = str(asked.work / f"undisturbed-{trains}"), asked.work / f"seconds-{trains}"
        if not known.is_file():
            (asked.work / "client.log").unlink(missing_ok=True)
            calm = client(asked.work, "undisturbed", study, "")
            wait_for(asked.work / "client.log", "notebooks to run")
            begun = time.monotonic()
            if calm.wait() != 0:
                raise SystemExit((asked.work / "client.log").read_text()[-2000:])
            known.write_text(str(time.monotonic() - begun))
        expected[trains], took[trains] = cases(Path(study["out"])), float(known.read_text())
        if not asked.light:
            studies[False]["load_checkpoint"] = str(asked.work / "undisturbed-True")
    rows = pd.read_csv(asked.out, keep_default_na=False).to_dict("records") if asked.out.is_file() else []
    for number in range(sum(row["light"] == asked.light for row in rows), asked.trials):
        trains, target = number % 6 == 5, TARGETS[number % 4]
        moment = random.Random(f"{asked.seed} {number}").uniform(0.02, 0.98) * took[trains]
        while (row := trial(asked.work, number, target, studies[trains], moment, expected[trains])).pop("was_over"):
            moment /= 2  # the machine was less busy than when the undisturbed run was timed: nothing was killed
        rows.append({"trial": number} | row | {"seed": asked.seed})
        print(rows[-1], flush=True)
        pd.DataFrame(rows).to_csv(asked.out, index=False)


if __name__ == "__main__":
    main()
