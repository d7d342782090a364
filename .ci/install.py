"""Build wheel and source distribution, install each outside the clone, and use it there.

An environment gets the distribution and nothing else but links to what its own metadata requires, directly or not, of the packages installed
here: so no gigabyte is copied, and a package that only development needs is not there. (That the requirements name every import, and that
`constraints.txt` pins every version, chapter 99 checks. A second line of each distribution is what pip says of its requirements.)
"""
import os
import subprocess
import sys
import tempfile
import time
import venv
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
SAME = """
from patch2loc.core import PROJECT_DIR
from patch2loc.data.datasets import dataset_spec
from patch2loc.data.layouts import get_layout, target_folder
print([(dataset_spec(name), target_folder(get_layout(name))) for name in ('IXI', 'Brats21', 'MSLUB', 'ATLAS_v2', 'WMH')])
print(sorted((file.name, file.stat().st_size) for file in (PROJECT_DIR / 'splits/subjects').glob('*.csv')))
"""
WHERE = "import patch2loc, patch2loc.core as core; print(patch2loc.__file__, core.PROJECT_DIR)"
TRAIN = """
from patch2loc.study.config import Config, Experiment
from patch2loc.study.fold import train_fold
config = Config().changed({'training': {'steps': 4, 'val_every': 4, 'n_slices': 2}})
train_fold(Experiment(config, 'data', 'data/splits', 'toy'))
"""


def said(
    command: list,         # program and arguments
    cwd: Path = ROOT,      # folder it runs in
    status: int = 0,       # expected exit status
) -> str:
    """Run `command` without the caller's Python path and data folders; return what it printed, or end with it if the status is another."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATA_DIR", "LOG_DIR", "PYTHONPATH")}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=kept, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != status or "Traceback" in done.stdout:
        sys.exit(f"{' '.join(map(str, command))}\nexpected exit status {status}, got {done.returncode}:\n{done.stdout}")
    return done.stdout


def required(
    installed: Distribution,
) -> dict[str, Distribution]:
    """Return what a distribution requires without its extras, directly or not, as it is installed here."""
    todo, found = [(installed, "")], {}
    while todo:
        one, extra = todo.pop()
        for need in map(Requirement, one.requires or ()):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                for wanted in ("", *need.extras):
                    if (need.name, wanted) not in found:
                        found[need.name, wanted] = distribution(need.name)
                        todo.append((found[need.name, wanted], wanted))
    return {name: one for (name, _), one in found.items()}


def installation(
    archive: Path,  # wheel or source distribution
    folder: Path,   # made
) -> Path:
    """Install `archive` into an environment that holds only what it requires; return the folder of its programs."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    if archive.suffix == ".gz":
        said([sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, archive])
        archive = next(folder.glob("*.whl"))
    said([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", archive])
    site = next(folder.glob("lib/python*/site-packages"))
    for one in required(next(iter(distributions(name="patch2loc", path=[str(site)])))).values():
        for name in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
            if not (site / name).exists():
                (site / name).symlink_to(Path(one.locate_file(name)).resolve())
    said([sys.executable, "-m", "pip", "--python", python, "check"])
    return folder / "bin"


def use(
    programs: Path,  # the folder from `installation`
    folder: Path,    # works in it; the first call leaves a cohort and a trained fold there
) -> None:
    """Run what a new user runs, in a folder that is no clone."""
    python, patch2loc = programs / "python", programs / "patch2loc"
    if not all(Path(path).is_relative_to(programs.parent) for path in said([python, "-c", WHERE], folder).split()):
        sys.exit(f"{programs}: another patch2loc is imported there")
    if said([python, "-c", SAME], folder) != said([sys.executable, "-c", SAME]):
        sys.exit(f"{programs}: describes the data sets otherwise than the clone")
    said([patch2loc, "--help"], folder)
    if "needs a clone" not in said([patch2loc, "demo"], folder, status=1):
        sys.exit(f"{programs}: demo does not say that it needs a clone")
    if not (folder / "toy").exists():
        said([patch2loc, "cohort", "data", "--healthy", "7", "--lesion", "1", "--slice-mm", "6", "--jobs", "1"], folder)
        said([python, "-c", TRAIN], folder)
    tables, found = f"tables-{programs.parent.name}", f"found-{programs.parent.name}"
    said([patch2loc, "splits", "make", "cohort_dark", "--data-dir", "data", "--all-test", "--out", tables], folder)
    said([patch2loc, "splits", "check", tables], folder)
    said([patch2loc, "detect", "data/Test/cohort_dark/t2/dark001_t2.nii.gz", "--run", "toy", "--out", found], folder)
    if not (folder / found / "report.html").is_file():
        sys.exit(f"{programs}: detect wrote no report.html")


def main() -> None:
    """Build both, install both, use both; a line each."""
    with tempfile.TemporaryDirectory() as name:
        folder, start = Path(name).resolve(), time.monotonic()
        said([sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", folder / "dist", ROOT])
        for kind, pattern in (("wheel", "*.whl"), ("sdist", "*.tar.gz")):
            use(installation(next((folder / "dist").glob(pattern)), folder / kind), folder)
            print(f"{kind}: installed outside the clone and used, {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
