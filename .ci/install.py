"""Build wheel and source distribution, install each outside the clone, and use it there.

An environment gets the distribution and nothing else but links to what its own metadata requires, directly or not, of the packages
installed here. So no gigabyte is copied, and a package that only development needs is missing there as it would be for a user. `pip check`
must find every requirement satisfied. (That the requirements name every import, and that `constraints.txt` pins every version, chapter 99
checks.)

What is installed from either must hold the same files with the same checksums, and each must run the commands of a new user: help, cohort,
splits, detection. Only the fold of 4 training steps that detection uses is made once, by the wheel.
"""
import os
import subprocess
import sys
import tempfile
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
SAME = """
from patch2loc.core import PROJECT_DIR
from patch2loc.data.datasets import dataset_spec
from patch2loc.data.layouts import get_layout, target_folder
print([(dataset_spec(name), target_folder(get_layout(name))) for name in ('IXI', 'Brats21', 'MSLUB', 'ATLAS_v2', 'WMH')])
print(sorted((file.name, file.stat().st_size) for file in (PROJECT_DIR / 'splits/subjects').glob('*.csv')))
from patch2loc.study.models import list_models, load_model
print([(name, load_model(name).localizer.digest) for name in list_models()])
"""
WHERE = "import patch2loc, patch2loc.core as core; print(patch2loc.__file__, core.PROJECT_DIR)"
TRAIN = """
import sys
from pathlib import Path
from patch2loc.study.config import Config, Experiment
from patch2loc.study.fold import train_fold
for part, rows in (('train', 2), ('val', 1)):
    table = Path(f'data/splits/cohort_{part}_fold0.csv')
    table.write_text(''.join(table.read_text().splitlines(keepends=True)[:rows + 1]))
small = {'training': {'steps': 4, 'val_every': 4, 'n_slices': 2}, 'scoring': {'score': 'nll', 'median_mm': 0.0}, 'network': {'width': 0.25}}
config = Config().changed(small)
train_fold(Experiment(config, 'data', 'data/splits', sys.argv[1]))
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
    for one in required(Distribution.at(next(site.glob("patch2loc-*.dist-info")))).values():
        for name in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
            if not (site / name).exists():
                (site / name).symlink_to(Path(one.locate_file(name)).resolve())
    said([sys.executable, "-m", "pip", "--python", python, "check"])
    return folder / "bin"


def start(
    programs: Path,  # the folder from `installation`
    folder: Path,    # works in it
) -> list:
    """Check that the installation is what runs, and that it knows what the clone knows; return its files with their checksums."""
    python, patch2loc = programs / "python", programs / "patch2loc"
    if not all(Path(path).is_relative_to(programs.parent) for path in said([python, "-c", WHERE], folder).split()):
        sys.exit(f"{programs}: another patch2loc is imported there")
    if said([python, "-c", SAME], folder) != said([sys.executable, "-c", SAME]):
        sys.exit(f"{programs}: describes the data sets otherwise than the clone")
    said([patch2loc, "--help"], folder)
    for words in (["run"], ["demo"], ["splits", "check"], ["bench"]):
        if "clone" not in said([patch2loc, *words], folder, status=2 if words == ["bench"] else 1):
            sys.exit(f"{programs}: {words[0]} does not say that it needs a clone")
    recorded = Distribution.at(next(programs.parent.glob("lib/python*/site-packages/patch2loc-*.dist-info"))).files
    return sorted((str(file), file.hash and file.hash.value) for file in recorded if file.parts[0] == "patch2loc" and file.hash)


def use(
    programs: Path,  # the folder from `installation`
    folder: Path,    # made, works in it
    run: Path,       # the toy run that detection uses; trained if it is not there
) -> None:
    """Run what a new user runs."""
    folder.mkdir()
    patch2loc = programs / "patch2loc"
    said([patch2loc, "cohort", "data", "--healthy", "7", "--lesion", "1", "--slice-mm", "7", "--jobs", "1"], folder)
    said([patch2loc, "splits", "make", "cohort_dark", "--data-dir", "data", "--all-test", "--out", "tables"], folder)
    said([patch2loc, "splits", "check", "tables"], folder)
    if not run.exists():
        said([programs / "python", "-c", TRAIN, run], folder)
    said([patch2loc, "models", "list"], folder)
    said([patch2loc, "detect", "data/Test/cohort_dark/t2/dark001_t2.nii.gz", "--run", run, "--out", "found"], folder)
    if not (folder / "found" / "report.html").is_file():
        sys.exit(f"{programs}: detect wrote no report.html")


def main() -> None:
    """Build both, install both, compare them, and use them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        said([sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", folder / "dist", ROOT])
        wheel = installation(next((folder / "dist").glob("*.whl")), folder / "wheel")
        source = installation(next((folder / "dist").glob("*.tar.gz")), folder / "source")
        if start(wheel, folder) != start(source, folder):
            sys.exit("wheel and source distribution install different files")
        for programs in (wheel, source):
            use(programs, folder / f"by-{programs.parent.name}", folder / "toy")
        print("wheel and source distribution: installed outside the clone and used")


if __name__ == "__main__":
    main()
