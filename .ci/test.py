"""Run what CI checks: notebooks and package agree, wheel and sdist can be used, then every chapter's own checks. The last line counts them.

With the argument `howto`, only the how-tos are executed, with those that take minutes.
"""
import atexit
import filecmp
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
LONG = ("own_data", "own_baseline", "read_results", "new_score")  # how-tos that train and score a fold or more, by `make howtos` only
SLOW = ("86_run", "92_detect", "12_preprocessing", "71_fold", "75_fused_study")  # started first, so that none of them ends alone
TIME_LIMIT_S = 600  # a chapter takes about 20 s; one that hangs fails by name
# third-party modules that most chapters need: imported once, by a process that is then forked for each chapter
SHARED = ["torch", "lightning", "torchio", "monai.networks.nets", "nilearn.image", "scipy.stats", "pandas", "seaborn", "distributed", "papermill", "nbdev.test"]


def quiet_environment() -> dict[str, str]:
    """Give each check one thread, no display, and none of the caller's data folders."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATA_DIR", "LOG_DIR")}
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
    return kept | threads | {"MPLBACKEND": "agg", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                             "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run(
    command: list,  # program and arguments
    cwd: Path,      # folder it runs in
) -> str:
    """Run `command`; return '' if it succeeds, else what it printed."""
    try:
        done = subprocess.run(list(map(str, command)), cwd=cwd, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"still running after {TIME_LIMIT_S} s"
    return "" if done.returncode == 0 else done.stdout or f"exit status {done.returncode}"


def run_chapter(
    chapter: Path,  # a notebook
    log: Path,      # gets what the chapter prints, and why it fails
) -> None:
    """Execute a chapter's checks in this process, a fork without any module of the package; exit with 1 if one fails."""
    from nbdev.config import get_config
    from nbdev.test import test_nb

    os.setsid()  # a chapter that hangs is ended with all that it started
    for stream in (1, 2):
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    os.chdir(ROOT / "nbs")
    tempfile.tempdir = os.environ["TMPDIR"] = str(log.parent)
    passed, _ = test_nb(chapter, skip_flags=get_config().tst_flags.split(), basepath=get_config().config_path)
    atexit._run_exitfuncs()  # a forked process ends without them
    sys.exit(not passed)


def tested(
    chapter: Path,  # a notebook
) -> str:
    """Execute a chapter's checks in a process of its own; return '' if they pass, else what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        process = multiprocessing.get_context("forkserver").Process(target=run_chapter, args=(chapter, log))
        process.start()
        process.join(TIME_LIMIT_S)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            return f"still running after {TIME_LIMIT_S} s"
        return "" if process.exitcode == 0 else log.read_text(errors="replace") or f"exit status {process.exitcode}"


def differing(
    left: Path,   # folder
    right: Path,  # folder
) -> list[str]:
    """Name every file that is not the same in both folders, Python's and Jupyter's own caches aside."""
    both = filecmp.dircmp(left, right, ignore=["__pycache__", ".ipynb_checkpoints"])
    _, changed, unreadable = filecmp.cmpfiles(left, right, both.common_files, shallow=False)
    inside = [f"{folder}/{name}" for folder in both.common_dirs for name in differing(left / folder, right / folder)]
    return sorted(changed + unreadable + both.left_only + both.right_only + both.funny_files + inside)


def unchanged_by(
    command: str,  # nbdev_clean or nbdev_export
) -> str:
    """Run `command` on a copy of the working tree; return '' if it changes nothing, else what it changed."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before", Path(folder) / "after"
        before.mkdir()
        for name in ("settings.ini", "README.md"):
            shutil.copy(ROOT / name, before)
        for name in ("nbs", "patch2loc"):
            shutil.copytree(ROOT / name, before / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
        shutil.copytree(before, after)
        trouble = run([Path(sys.executable).parent / command], after)
        changed = differing(before, after)
    return trouble or (f"{command} changes {', '.join(changed)}: run make export" if changed else "")


def code_length(
    chapter: Path,  # a notebook
) -> int:
    """Count the characters of a chapter's code."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    return sum(len("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code")


def checks() -> dict[str, Callable[[], str]]:
    """List every check by name; slow chapters and those with most code first, so that no worker idles at the end."""
    found = [path for path in (ROOT / "nbs").rglob("*.ipynb") if not {"experiments", "measurements", "gallery", ".ipynb_checkpoints"} & set(path.parts)]
    chapters = sorted((path for path in found if path.stem not in LONG), key=lambda path: (path.stem in SLOW, code_length(path)), reverse=True)
    agree = {command: lambda command=command: unchanged_by(command) for command in ("nbdev_clean", "nbdev_export")}
    agree["install"] = lambda: run([sys.executable, ROOT / ".ci" / "install.py"], ROOT)
    return agree | {path.stem: lambda path=path: tested(path) for path in chapters}


def howto_checks() -> dict[str, Callable[[], str]]:
    """List the how-tos by name, the long ones first."""
    pages = sorted((ROOT / "nbs" / "howto").glob("*.ipynb"), key=lambda path: path.stem not in LONG)
    return {path.stem: lambda path=path: tested(path) for path in pages}


def timed(
    check: Callable[[], str],
) -> tuple[str, float]:
    """Run `check`; return what it found wrong and the seconds it took."""
    start = time.monotonic()
    return check(), time.monotonic() - start


def main() -> int:
    """Run all checks, two at a time, one line each; return how many failed."""
    failed, named, environment = 0, howto_checks() if sys.argv[1:] == ["howto"] else checks(), quiet_environment()
    os.environ.clear()
    os.environ.update(environment)
    multiprocessing.set_forkserver_preload(SHARED)
    print(f"{len(named)} checks, {WORKERS} at a time", flush=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(timed, check): name for name, check in named.items()}
        for done in as_completed(running):
            trouble, seconds = done.result()
            failed += bool(trouble)
            print(f"{'FAIL' if trouble else 'ok  '} {seconds:5.1f} s  {running[done]}", flush=True)
            if trouble:
                print(trouble.rstrip(), flush=True)
    print(f"{len(named) - failed} passed, {failed} failed", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
