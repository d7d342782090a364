"""The measurements of `patch2loc bench`: each function ending in `_rows` measures one stage and returns rows of the table.

`python speed_rows.py FUNCTION JSON` calls one function with the given arguments and prints what it returns, as JSON. The chapter on
speed (`nbs/9_apps/93_speed.ipynb`) starts it once per stage, so that the peak memory of a stage is its own.
"""
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import timeit
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence
from unittest.mock import patch

import SimpleITK as sitk
import numpy as np
import pandas as pd
import torch
from scipy import ndimage
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score
from torch import nn

from patch2loc.core import Volume, rng_for, write_like, write_volume
from patch2loc.data.scan import fit_landmarks, load_scan
from patch2loc.data.splits import SubjectFiles
from patch2loc.evaluation.voxels import voxel_measures
from patch2loc.heatmap.filters import smooth_median
from patch2loc.heatmap.localize import DenseScorer, localize, localize_patchwise, make_scorer
from patch2loc.heatmap.median import median_filter
from patch2loc.heatmap.normative import heatmaps
from patch2loc.heatmap.resnet import fused_conv
from patch2loc.heatmap.scores import scores, to_map
from patch2loc.localizer.batches import LatticeBatches, PatchBatches, Slices, write_slices
from patch2loc.localizer.model import Architecture, PatchLocalizer, in_threads, keep_memory, pick_precision, round_weights
from patch2loc.simulation.anatomy import make_population
from patch2loc.simulation.cohort import make_head
from patch2loc.simulation.raw import RAW_GRIDS, make_raw, write_raw


def synthetic_brain(shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:  # float32 in [0, 1], 0 outside; bool
    """Fill a third of a volume with an ellipsoid of smooth noise; returns the (X, Y, Z) image and mask."""
    axes = np.meshgrid(*((np.arange(n, dtype=np.float32) + 0.5) / n * 2 - 1 for n in shape), indexing="ij", sparse=True)
    mask = sum((a / r) ** 2 for a, r in zip(axes, (0.70, 0.92, 0.98))) < 1
    noise = ndimage.uniform_filter(rng_for(0, "brain").random(tuple(shape), dtype=np.float32), 3)
    return np.clip((noise - 0.2) / 0.6, 0, 1) * mask, mask


def random_network(encoder: str, head: str = "gaussian") -> PatchLocalizer:
    """Make a network with random weights whose outputs depend on the patch."""
    torch.manual_seed(0)
    model = PatchLocalizer(Architecture(encoder=encoder, head=head)).eval()
    for one in model.heads:
        nn.init.normal_(one.last.weight, std=0.2)
    round_weights(model)  # as those of a trained network are
    return model


Rows = list[dict[str, Any]]  # of the table


def median_seconds(call: Callable[[], Any], repeats: int, warm: bool = True) -> float:
    """Time a call, after one that is not timed; the median of the repeats, by the wall clock."""
    if warm:
        call()
    return float(np.median(timeit.repeat(call, number=1, repeat=repeats)))


def peak_mb(reset: bool = False) -> float:  # MiB; NaN on systems without /proc
    """Return the largest resident memory of this process since its start or the last reset."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024


def make_row(name: str, precision: str, stage: str, seconds: float, voxels: int, **more: Any) -> dict[str, Any]:
    """Make a row of the table; `voxels` is the number scored in that time."""
    row = {"name": name, "precision": precision, "stage": stage, "seconds": seconds}
    return row | {"voxels": int(voxels), "voxels_per_s": voxels / seconds, **more}


PUBLISHED_BATCH = 512  # patches; larger batches are slower on a CPU


def middle_voxels(mask: np.ndarray, n: int) -> np.ndarray:  # (X, Y, Z) bool
    """Keep n voxels of a mask, from the middle slice upwards."""
    chosen, middle = np.zeros_like(mask), mask.shape[2] // 2
    z, x, y = np.nonzero(np.moveaxis(mask[:, :, middle:], 2, 0))
    chosen[x[:n], y[:n], z[:n] + middle] = True
    return chosen


def resnet_rows(shape: Sequence[int], patches: int, precision: str | None = None) -> Rows:
    """Measure the published network patch by patch, or its fast form with the given precision."""
    (image, mask), model = synthetic_brain(shape), random_network("resnet18")
    if precision:
        run, todo = partial(localize, model, image, dtype=pick_precision(precision)), {"fast resnet18, brain voxels": mask}
    else:
        run = partial(localize_patchwise, model, image, batch=PUBLISHED_BATCH)
        todo = {"published, every voxel": np.ones_like(mask), "published, brain voxels": mask}
    run(middle_voxels(mask, min(patches, PUBLISHED_BATCH)))
    rows = []
    for name, voxels in todo.items():
        sample = middle_voxels(voxels, patches)
        took = median_seconds(lambda: run(sample), 1, warm=False) / sample.sum() * voxels.sum()
        note = f"{sample.sum():,} patches measured, scaled"
        rows.append(make_row(name, precision or "float32", "network", took, voxels.sum(), peak_mb=peak_mb(), note=note))
    return rows


def filtered_heatmap(scorer: DenseScorer, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Compute the filtered heatmap of a volume in memory."""
    predictions = localize(scorer, image, mask)
    return smooth_median(to_map(scores(predictions)["heatmap"], predictions, mask.shape), mask, np.ones(3))


def warm_up(scorer: DenseScorer, image: np.ndarray, mask: np.ndarray) -> None:
    """Compute the heatmap of the four middle slices."""
    few = slice(mask.shape[2] // 2 - 2, mask.shape[2] // 2 + 2)
    filtered_heatmap(scorer, image[:, :, few], mask[:, :, few])


def volume_rows(
    shape: Sequence[int], repeats: int, precision: str, device: str = "cpu", stages: tuple = ("network", "heatmap"), head: str = "gaussian",
) -> Rows:
    """Measure the scoring of a volume in memory; the stage `growth` is `heatmap` under a name with the volume's size."""
    image, mask = synthetic_brain(shape)
    scorer = DenseScorer(random_network("dense", head).to(device), pick_precision(precision, device))
    warm_up(scorer, image, mask)
    rows = []
    for stage in stages:
        peak_mb(reset=True)
        took = median_seconds(lambda: (localize if stage == "network" else filtered_heatmap)(scorer, image, mask), repeats, warm=False)
        where = ", " + " × ".join(map(str, shape)) if stage == "growth" else "" if device == "cpu" else f", {device}"
        where += f", {head} head" if head != "gaussian" else ""
        rows.append(make_row(f"dense{where}", precision, stage, took, mask.sum(), peak_mb=peak_mb()))
    return rows


def synthetic_files(folder: Path, shape: Sequence[int]) -> SubjectFiles:
    """Write a synthetic scan, its brain mask and a lesion mask."""
    image, mask = synthetic_brain(shape)
    lesion = mask.copy()
    lesion[: shape[0] // 2 + shape[0] // 8] = False
    parts = {"t2": (1000 * image, np.float32), "mask": (mask, np.uint8), "seg": (lesion, np.uint8)}
    for part, (data, dtype) in parts.items():
        write_volume(Volume(data, np.eye(4)), folder / f"synthetic_{part}.nii.gz", dtype)
    return SubjectFiles("synthetic", "synthetic", "t2", *(folder / f"synthetic_{part}.nii.gz" for part in parts), None)


def one_scan(files: SubjectFiles, landmarks: np.ndarray, scorer: DenseScorer, grid: tuple[int, int, int]) -> Iterator[str]:
    """Go from files to files; yields the name of each part when it is done."""
    scan = load_scan(files, landmarks, grid)
    yield "read and prepare"
    predictions = localize(scorer, scan.image, scan.brain_mask)
    yield "network"
    maps = heatmaps(predictions, scan.brain_mask, scan.volume.spacing)
    yield "scores and filter"
    in_threads(lambda map_: voxel_measures(map_[scan.brain_mask], scan.lesion_mask[scan.brain_mask], 0.0), maps.values())
    yield "measures"
    in_threads(lambda name: write_like(scan.volume.like(maps[name]), files.scan.with_name(f"{name}.nii.gz"), files.scan), maps)
    yield "write"


def file_rows(shape: Sequence[int], repeats: int, precision: str) -> Rows:
    """Measure one scan from file to file, and each part of it."""
    scorer = DenseScorer(random_network("dense"), pick_precision(precision))
    warm_up(scorer, *synthetic_brain(shape))
    taken: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        files = synthetic_files(Path(folder), shape)
        landmarks = fit_landmarks([files])
        for _ in range(repeats):
            peak_mb(reset=True)
            taken.append({})
            start = time.perf_counter()
            for part in one_scan(files, landmarks, scorer, tuple(shape)):
                taken[-1][part] = time.perf_counter() - start
                start = time.perf_counter()
    peak, parts, voxels = peak_mb(), pd.DataFrame(taken).median(), synthetic_brain(shape)[1].sum()
    whole = make_row("file to file", precision, "files", parts.sum(), voxels, peak_mb=peak, note="four maps written")
    return [whole, *(make_row(f"of it: {part}", precision, "files", took, voxels) for part, took in parts.items())]


def median_rows(shape: Sequence[int], repeats: int, slab: int) -> Rows:
    """Measure the exact median of 7³ voxels three ways, the other two on the first `slab` slices."""
    values, mask = synthetic_brain(shape)
    part = values[:, :, : min(slab, shape[2])]
    picture, scale = sitk.GetImageFromArray(part), values.size / part.size
    others = {"scipy": lambda: ndimage.median_filter(part, 7), "SimpleITK": lambda: sitk.Median(picture, [3, 3, 3])}
    note = f"whole box, {part.shape[2]} slices measured, scaled"
    times = {name: scale * median_seconds(call, 1, warm=False) for name, call in others.items()}
    rows = [make_row(name, "float32", "median", took, values.size, note=note) for name, took in times.items()]
    took = median_seconds(lambda: median_filter(values, mask), repeats)
    return [*rows, make_row("ours", "float32", "median", took, mask.sum(), note="brain")]


def by_scikit_learn(lesion: np.ndarray, score: np.ndarray) -> tuple[float, float, float]:  # AUPRC, AUROC, best Dice
    """Measure (n,) scores against (n,) labels with scikit-learn."""
    precision, recall, _ = precision_recall_curve(lesion, score)
    dice = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return average_precision_score(lesion, score), roc_auc_score(lesion, score), dice.max()


def metric_rows(shape: Sequence[int], repeats: int) -> Rows:
    """Measure AUPRC, AUROC and best Dice of the brain voxels of a volume two ways."""
    image, mask = synthetic_brain(shape)
    rng = rng_for(0, "lesion")
    lesion = rng.random(mask.sum()) < 0.02
    score = image[mask] + 0.3 * lesion + rng.normal(size=lesion.size).astype(np.float32)
    calls = {"scikit-learn": lambda: by_scikit_learn(lesion, score), "ours": lambda: voxel_measures(score, lesion)}
    times = {name: median_seconds(call, repeats) for name, call in calls.items()}
    return [make_row(name, "float32", "metrics", took, lesion.size, note="AUPRC, AUROC, best Dice") for name, took in times.items()]


def train_steps(batches: PatchBatches | LatticeBatches, encoder: str, dtype: torch.dtype, device: str) -> Iterator[int]:
    """Train step by step; yields the number of patches of each step."""
    from patch2loc.localizer.training import LocalizerModule, Training

    module = LocalizerModule(Architecture(encoder=encoder), Training(), {}).to(device)
    optimizer = torch.optim.Adam(module.parameters(), 1e-3)
    for i in range(len(batches)):
        batch = {key: torch.from_numpy(np.ascontiguousarray(value)).to(device) for key, value in batches[i].items()}
        if not len(batch["image"]):
            continue
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            loss, error = module.training_loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()
        yield len(error)


def training_rows(shape: Sequence[int], steps: int, slices: int, device: str = "cpu") -> Rows:
    """Measure training with each way of sampling."""
    precision, rows = str(pick_precision("auto", device)).removeprefix("torch."), []
    with tempfile.TemporaryDirectory() as folder:
        write_slices(*synthetic_brain((*shape[:2], 24)), Path(folder) / "one")
        one = [Slices.open(Path(folder) / "one")]
        many = {"steps": 10_000, "seed": 0, "n_slices": slices}
        sampling = {
            "one by one": PatchBatches(one, 10_000, 0, n_slices=1, candidates=1),
            "at random": PatchBatches(one, candidates=91, **many), "lattice": LatticeBatches(one, **many),
        }
        ways = [("dense", name, precision) for name in sampling] + [("resnet18", "at random", precision if device == "cuda" else "float32")]
        for encoder, name, kind in ways:
            run = train_steps(sampling[name], encoder, pick_precision(kind), device)
            next(run), next(run)
            repeats = steps * (8 if name == "one by one" else 1)
            start = time.perf_counter()
            patches = sum(next(run) for _ in range(repeats))
            took, where = (time.perf_counter() - start) / repeats, "" if device == "cpu" else f", {device}"
            note = "patches a second; seconds a step"
            rows.append(make_row(f"{encoder}, {name}{where}", kind, "training", took, round(patches / repeats), note=note))
    return rows


@contextmanager
def busy_processes(n: int) -> Iterator[None]:
    """Keep processes busy that do nothing useful."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def busy_training_rows(shape: Sequence[int], steps: int, slices: int) -> Rows:
    """Measure training on a lattice, in turns with one thread and with all, while three other processes are busy."""
    precision, threads, taken = str(pick_precision("auto")).removeprefix("torch."), torch.get_num_threads(), {}
    with tempfile.TemporaryDirectory() as folder, busy_processes(3):
        write_slices(*synthetic_brain((*shape[:2], 24)), Path(folder) / "one")
        run = train_steps(LatticeBatches([Slices.open(Path(folder) / "one")], 10_000, 0, n_slices=slices), "dense", pick_precision(precision), "cpu")
        next(run), next(run)
        for _ in range(3 * steps):
            for n in (1, threads):
                torch.set_num_threads(n)
                start = time.perf_counter()
                patches = next(run)
                taken.setdefault(n, []).append((time.perf_counter() - start, patches))
    note, rows = "three other processes busy; patches a second; seconds a step", []
    for n, found in taken.items():
        seconds, patches = np.mean(found, 0)
        name = f"dense, lattice, beside three processes, {n} thread{'s' * (n > 1)}"
        rows.append(make_row(name, precision, "training", seconds, round(patches), note=note))
    return rows


DETECT = {  # stage of `patch2loc detect` -> the function that is timed
    "read": ("apps.detect", "_read_all"), "extract the brain": ("data.preprocessing", "_find_brain"),
    "bias field": ("data.preprocessing", "bias_field"), "register to the template": ("data.preprocessing", "register"),
    "prepare": ("apps.detect", "prepare"), "recognize the contrast": ("apps.detect", "tissue_levels"),
    "place on the model's grid": ("apps.detect", "place"), "network and maps": ("apps.detect", "_maps"),
    "candidates": ("apps.detect", "_search"), "write files and page": ("apps.detect", "write_detection"),
}


def raw_head(folder: Path) -> Path:
    """Write a synthetic T1 head with skull."""
    head = make_head(make_population(), "bright", 0, spacing=(1, 1, 1))
    write_raw(make_raw(head, 3, {"t1": RAW_GRIDS[0]}), folder, "raw")
    return next(folder.glob("raw_t1.nii*"))


def detect_rows(repeats: int) -> Rows:
    """Measure `patch2loc detect` on a raw head in a process that has its libraries, whole and stage by stage; `prepare` holds three."""
    from patch2loc.apps import detect as own

    taken: list[dict[str, float]] = []

    def timed(name: str, function: Callable) -> Callable:
        def call(*args: Any, **named: Any) -> Any:
            start = time.perf_counter()
            found = function(*args, **named)
            taken[-1][name] = taken[-1].get(name, 0.0) + time.perf_counter() - start
            return found
        return call

    with tempfile.TemporaryDirectory() as folder, ExitStack() as changed:
        scan = raw_head(Path(folder))
        for name, (module, function) in DETECT.items():
            where = importlib.import_module(f"patch2loc.{module}")
            changed.enter_context(patch.object(where, function, timed(name, getattr(where, function))))
        for _ in range(repeats):
            peak_mb(reset=True)
            taken.append({})
            start = time.perf_counter()
            own.detect(scan, out=Path(folder) / f"found{len(taken)}", quiet=True)
            taken[-1]["raw synthetic scan to report"] = time.perf_counter() - start
    parts = pd.DataFrame(taken).median()
    whole, voxels = parts.pop("raw synthetic scan to report"), np.nan
    row = lambda name, took, **more: {"name": name, "precision": "", "stage": "detect", "seconds": took, "voxels": voxels, **more}
    return [row("raw synthetic scan to report", whole, peak_mb=peak_mb()), *(row(f"of it: {name}", took) for name, took in parts.items())]


def operations_per_voxel(network: PatchLocalizer) -> int:
    """Count two floating-point operations for each weight of a dense network's layers, which are all evaluated once per voxel."""
    weights = [conv.weight for conv in network.encoder.convs]
    weights += [layer.weight for head in network.heads for layer in (head.body[0], head.last)]
    return 2 * sum(w.numel() for w in weights)


def limit_rows(shape: Sequence[int], repeats: int, precision: str) -> Rows:
    """Measure matrix products and the network's own convolutions; the best rate gives the limit."""
    dtype, network = pick_precision(precision), random_network("dense")
    scorer, rates = DenseScorer(network, dtype), {}
    with torch.inference_mode():
        for n in (512, 1024, 2048):
            a, b = torch.rand(n, n).to(dtype), torch.rand(n, n).to(dtype)
            rates[f"product of {n} × {n}"] = 2 * n**3 / median_seconds(lambda: torch.mm(a, b), 3 * repeats)
        for weight, bias in scorer.convs[1:]:
            for slices in (2, 8, 32):
                x = torch.rand(slices, weight.shape[1], 40, 46).to(dtype).contiguous(memory_format=torch.channels_last)
                operations = 2 * fused_conv(x, weight, bias).numel() * weight[0].numel()
                name = f"convolution {weight.shape[1]} → {weight.shape[0]}, {slices} × 40 × 46"
                rates[name] = operations / median_seconds(lambda: fused_conv(x, weight, bias), 3 * repeats)
    best, voxels = max(rates, key=rates.get), synthetic_brain(shape)[1].sum()
    took = operations_per_voxel(network) * voxels / rates[best]
    return [make_row("arithmetic limit", precision, "limit", took, voxels, note=f"{rates[best] / 1e9:.0f} GFLOP/s, {best}")]


def operation(name: str, shapes: list[list[int]]) -> str:
    """Name the part of the network that an event of the profiler belongs to; `shapes` are those of its inputs."""
    if "conv" in name:
        outputs, inputs = [s for s in shapes if len(s) == 4][-1][:2]
        return f"convolution {inputs} → {outputs}"
    kinds = {"matrix products": ("linear", "addmm", "aten::mm"), "pooling": ("maximum", "max_pool"), "gathering": ("aten::index",)}
    return next((kind for kind, parts in kinds.items() if any(part in name for part in parts)), "copies and sums")


def profile_rows(shape: Sequence[int], slab: int, patches: int, precision: str, encoder: str = "dense") -> Rows:
    """Measure the time per operation: on `slab` slices of the dense network, or on `patches` of ResNet-18."""
    torch.set_num_threads(1)  # the profiler sees one thread
    (image, mask), scorer = synthetic_brain(shape), make_scorer(random_network(encoder), pick_precision(precision))
    near = abs(np.arange(mask.shape[2]) - mask.shape[2] // 2) < max(1, slab // 2)
    sample = mask & near if encoder == "dense" else middle_voxels(mask, patches)
    localize(scorer, image, sample)
    start = time.perf_counter()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], record_shapes=True) as seen:
        localize(scorer, image, sample)
    whole, events = time.perf_counter() - start, seen.key_averages(group_by_input_shape=True)
    kinds = [operation(e.key, e.input_shapes) for e in events]
    parts = pd.Series([e.self_cpu_time_total / 1e6 for e in events], kinds).groupby(level=0).sum()
    parts["compiled pooling, windows, the profiler itself"] = max(0.0, whole - parts.sum())
    scale, name = mask.sum() / sample.sum(), "dense" if encoder == "dense" else "fast resnet18"
    note = "{:.0f} % of the network's time, one thread"
    return [
        make_row(f"{name}: {kind}", precision, "profile", took * scale, mask.sum(), note=note.format(100 * took / whole))
        for kind, took in parts.sort_values(ascending=False).items()
    ]


@dataclass(frozen=True)
class Effort:
    """How much a benchmark measures."""

    shape: tuple[int, int, int] = (192, 192, 100)  # of the volume, voxels
    repeats: int = 5  # the median of these is reported
    patches: int = 36_864  # of the published procedure: a sample, scaled to the volume
    slab: int = 25  # slices that other median filters are measured on, scaled to the volume
    growth: tuple[float, ...] = (0.5, 2.0, 4.0)  # other volumes, in multiples of the voxels of `shape`
    steps: int = 6  # of each training
    slices: int = 12  # per step of training on a CPU
    detections: int = 3  # raw scans, from file to report
    apart: bool = True  # each stage in a process of its own, so that its peak memory is its own


QUICK = Effort(repeats=3, patches=6_000, slab=8, growth=(0.5,), steps=2, detections=1)


def list_stages(effort: Effort) -> Iterator[tuple[str, str, dict[str, Any]]]:  # description, function, arguments
    """List what is measured, in order."""
    shape, common = {"shape": effort.shape}, {"shape": effort.shape, "repeats": effort.repeats}
    native = list(dict.fromkeys(["float32", str(pick_precision("auto")).removeprefix("torch.")]))
    yield "the published network", "resnet_rows", shape | {"patches": effort.patches}
    for precision in native:
        yield f"its fast form, {precision}", "resnet_rows", shape | {"patches": effort.patches, "precision": precision}
    for precision in native:
        for what, stage in (("arithmetic limit", "limit_rows"), ("dense", "volume_rows"), ("file to file", "file_rows")):
            yield f"{what}, {precision}", stage, common | {"precision": precision}
    yield f"dense with the binned head, {native[-1]}", "volume_rows", common | {"precision": native[-1], "head": "binned"}
    for encoder in ("dense", "resnet18"):
        for precision in native:
            arguments = {"slab": effort.slab, "patches": effort.patches // 4, "precision": precision, "encoder": encoder}
            yield f"time per operation, {encoder}, {precision}", "profile_rows", shape | arguments
    for times in effort.growth:
        grown = [round(n * times ** (1 / 3)) for n in effort.shape]
        arguments = {"shape": grown, "repeats": 1, "precision": native[-1], "stages": ["growth"]}
        yield f"a volume {times:g} times as large", "volume_rows", arguments
    yield "median filters", "median_rows", common | {"slab": effort.slab}
    yield "measures", "metric_rows", common
    yield "training", "training_rows", shape | {"steps": effort.steps, "slices": effort.slices}
    yield "training beside three busy processes", "busy_training_rows", shape | {"steps": effort.steps, "slices": effort.slices}
    if effort.detections:
        yield "detect", "detect_rows", {"repeats": effort.detections}
    if torch.cuda.is_available():
        yield "dense on the GPU", "volume_rows", common | {"precision": "bfloat16", "device": "cuda"}
        yield "training on the GPU", "training_rows", shape | {"steps": effort.steps, "slices": 356, "device": "cuda"}


def machine() -> str:
    """Name the processor, its cores, the library and the date."""
    info = Path("/proc/cpuinfo")
    found = dict(re.findall(r"^(\w.*?)\s*: (.*)$", info.read_text(), re.MULTILINE)) if info.is_file() else {}
    flags = found.get("flags", "").split()
    units = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    gpu = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    cores, version = f"{os.cpu_count()} cores ({torch.get_num_threads()} used)", f"PyTorch {torch.__version__}"
    return ", ".join([found.get("model name", "unknown processor"), cores, *units[-2:], *gpu, version, date.today().isoformat()])


def busy() -> str:  # "": idle enough
    """Warn of a machine that does other work."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    idle = load <= 0.3 * (os.cpu_count() or 1)
    return "" if idle else f"the machine was busy (load {load:.1f} before the benchmark): ratios hold approximately, seconds do not"


def every_row(**effort: Any) -> Rows:
    """Measure all stages of an effort in this process, one after the other."""
    return [found for _, stage, arguments in list_stages(Effort(**effort)) for found in globals()[stage](**arguments)]


def plan(quick: bool = False, **changes: Any) -> dict[str, Any]:
    """List the stages of an effort, with the name of the machine and remarks on it; `changes` are other values of `Effort`."""
    effort, work = replace(QUICK if quick else Effort(), **changes), busy()
    remarks = [work] * bool(work) + ["no GPU here, so no rows for one"] * (not torch.cuda.is_available())
    stages = list(list_stages(effort)) if effort.apart else [("all stages in one process", "every_row", asdict(effort))]
    return {"machine": machine() + (f"; {work}" if work else ""), "remarks": remarks, "stages": stages}


if __name__ == "__main__":
    keep_memory()
    print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))
