"""Simulated lesions in the validation subjects of a finished run, scored by its network, also as if the scan came from another scanner."""
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

with warnings.catch_warnings():  # its progress bars ask for ipywidgets
    warnings.simplefilter("ignore")
    import torchio as tio

from patch2loc.core import rng_for
from patch2loc.data.scan import Scan, load_scan
from patch2loc.evaluation.voxels import brain_voxels, voxel_measures
from patch2loc.simulation.clinical import TISSUE_KINDS, insert_in_tissue, sample_outline
from patch2loc.simulation.lesions import RADIUS_MM, SCAN_KINDS, SMALL_MM, insert_in_scan
from patch2loc.study.config import Experiment, config_from
from patch2loc.study.fold import Fold, near_lesion

LARGE = {"kinds": ("oedema", "tumour"), "radius_mm": (15.0, 30.0), "least_ml": 14.0}  # a ball of 15 mm has 14 ml
NEAR_MM = 24.0  # slices farther from the lesion are not scored


def sorts(
    paths: Sequence[Path],  # lesion masks in MNI152 space; none: no real outlines
) -> dict[str, Callable[[Scan, int, np.random.Generator], Scan]]:  # sort -> function of scan, number of the case, generator
    """Name the sorts of lesions. Kinds alternate with the cases; balls of chapter 51 are alternately large and small."""
    def kind(i: int, kinds: Sequence[str] = TISSUE_KINDS) -> str: return kinds[i % len(kinds)]

    found = {
        "chapter 51": lambda scan, i, rng: insert_in_scan(scan, SCAN_KINDS[i % 5], rng, SMALL_MM if i // 5 % 2 else RADIUS_MM),
        "tissue, balls": lambda scan, i, rng: insert_in_tissue(scan, kind(i), rng),
        "tumours, balls": lambda scan, i, rng: insert_in_tissue(scan, kind(i, LARGE["kinds"]), rng, radius_mm=LARGE["radius_mm"]),
    }
    real = {
        "tissue, real outlines": lambda scan, i, rng: insert_in_tissue(scan, kind(i), rng, sample_outline(scan, paths, rng)),
        "tumours, real outlines": lambda scan, i, rng: insert_in_tissue(scan, kind(i, LARGE["kinds"]), rng, sample_outline(scan, paths, rng, LARGE["least_ml"])),
    }
    return found | (real if paths else {})


OTHER_SCANNER = tio.Compose([
    tio.RandomAffine(scales=0.06, degrees=3, translation=2), tio.RandomElasticDeformation(max_displacement=5, locked_borders=2),
    tio.RandomGamma(log_gamma=0.35), tio.RandomBlur(std=(0.3, 1.2)), tio.RandomBiasField(0.3), tio.RandomNoise(std=(0.03, 0.08)),
])


def of_other_scanner(
    scan: Scan,  # standardized, not matched
    seed: int,
) -> Scan:
    """Change a scan, and its masks with it, as another scanner and another shape of the head would."""
    torch.manual_seed(seed)
    lesion = scan.lesion_mask if scan.lesion_mask is not None else np.zeros_like(scan.brain_mask)
    def as_tensor(array: np.ndarray) -> torch.Tensor: return torch.from_numpy(array.astype(np.float32))[None]

    masks = {name: tio.LabelMap(tensor=as_tensor(mask), affine=scan.volume.affine) for name, mask in (("brain", scan.brain_mask), ("lesion", lesion))}
    out = OTHER_SCANNER(tio.Subject(image=tio.ScalarImage(tensor=as_tensor(scan.volume.data), affine=scan.volume.affine), **masks))
    brain, lesion = (out[name].data[0].numpy() > 0.5 for name in ("brain", "lesion"))
    return replace(scan, volume=scan.volume.like(out.image.data[0].numpy() * brain), brain_mask=brain, lesion_mask=lesion & brain)


AVERAGE = "average"


def maps_of(
    folds: Mapping[str, Fold],  # name -> network
    scan: Scan,
    methods: Sequence[str],  # empty: all
) -> Iterator[tuple[str, str, np.ndarray]]:  # name, method, map
    """Score a scan with each network; with several, also with the mean of their maps, named AVERAGE."""
    maps = {name: fold.maps(scan, fold.predictions(scan)) for name, fold in folds.items()}
    for method in methods or next(iter(maps.values())):
        for name in maps: yield name, method, maps[name][method]
        if len(maps) > 1: yield AVERAGE, method, np.mean([each[method] for each in maps.values()], axis=0)


def experiment_of(run: str | Path, data: str | Path, splits: str | Path = "") -> Experiment:  # "": the split tables in `data`
    """Describe fold 0 of a run."""
    record = json.loads((Path(run) / "run.json").read_text())
    return Experiment(config_from(record["config"]), str(data), str(splits or f"{data}/splits"), str(run), 0)


def simulated_rows(
    run: str | Path | Sequence[Path],  # folder of a finished run, or of several, trained on the same subjects
    data: str | Path,  # its DATA_DIR
    paths: Sequence[Path],
    cases: int,  # of each sort, one a subject
    wanted: Sequence[str] = (),  # names of sorts; empty: all
    other_scanner: bool = False,  # each scan as if it came from another scanner; the sorts are named so
    methods: Sequence[str] = (),  # that are measured; empty: all
) -> Iterator[dict]:  # one row for each sort, case, method, and network: run, sort, case, method, ml, auprc, prevalence
    """Score simulated lesions with fold 0 of a run; with several, also with the mean of their maps, in rows whose run is AVERAGE.

    The same case has the same lesion in every run on the same data.
    """
    runs = [run] if isinstance(run, (str, Path)) else run
    experiments = [experiment_of(one, data) for one in runs]
    folds, subjects = [Fold.of(one) for one in experiments], experiments[0].subjects("val")
    fold = folds[0]
    for i in range(cases):
        files = subjects[i % len(subjects)]
        scan = load_scan(files, np.array(fold.localizer.about["landmarks"])) if other_scanner else fold.load(files)
        for sort, insert in sorts(paths).items():
            if wanted and sort not in wanted: continue
            ill = insert(scan, i, rng_for(i, "lesion ranks", sort))
            if other_scanner: sort, ill = f"{sort}, other scanner", fold.matched(of_other_scanner(ill, i))
            ill = near_lesion(ill, NEAR_MM)
            ml = ill.lesion_mask.sum() * np.prod(ill.spacing) / 1000
            for name, method, map_ in maps_of(dict(zip(map(str, runs), folds)), ill, methods):
                found = voxel_measures(*brain_voxels(map_, ill.brain_mask, ill.lesion_mask))
                yield {"run": name, "sort": sort, "case": i, "method": method, "ml": round(float(ml), 2), "auprc": found["auprc"], "prevalence": found["prevalence"]}
        print(f"{i + 1}/{cases} subjects", flush=True)
