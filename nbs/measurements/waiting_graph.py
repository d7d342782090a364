"""A graph of the study's shape whose notebooks and blocks wait instead of computing; beside the notebook on kills, because Dask's workers import it."""
import time
from dataclasses import replace
from pathlib import Path

import nbformat

from patch2loc.core import digest_of, write_text
from patch2loc.runs.locks import hold_lock
from patch2loc.runs.steps import LOCK, Step, sweep


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
    from patch2loc.runs.run import RunOptions, _work
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
            _work(out, plan, token, lambda line: print(line, flush=True), RunOptions(jobs=jobs, scheduler=scheduler))
