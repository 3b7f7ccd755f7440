"""How often LPIPS decides as people do: table 5 of Zhang et al. (CVPR 2018, arXiv:1801.03924), from real judgements.

JUDGEMENTS holds one table for each part of BAPPS' validation set, `traditional.csv` and so on, with the columns d0 and d1
(distances of an AlexNet LPIPS) and judge; they come with ShiftTolerant-LPIPS (github.com/abhijay9/ShiftTolerant-LPIPS). From
them come 2AFC scores with intervals and people's ceilings, which must be the known ones, and two rows of the table. Intervals
resample triplets, each of which has a patch of its own for a reference. The other rows need BAPPS' pictures.

    python experiments/lpips_agreement.py JUDGEMENTS                      # seconds
    python experiments/lpips_agreement.py JUDGEMENTS --full BAPPS/2afc/val   # all rows that Beholder has metrics for: hours
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress, TaskID

from beholder.calibration.measuring import measure
from beholder.data.judged import open_judgements
from beholder.judgements import agreements, human_ceilings, mean_interval, preference_auc, twoafc_score
from beholder.spec import UsageError
from published import STDERR, build_parser, print_table, run

PARTS = ("traditional", "cnn", "superres", "deblur", "color", "frameinterp")
KNOWN_SCORES = (77.479, 82.871, 71.188, 61.038, 65.233, 62.426)
KNOWN_CEILINGS = (80.84, 84.35, 73.60, 66.09, 68.83, 68.61)
TOLERANCE = 0.01  # percent
PUBLISHED = {
    "people": (80.8, 84.4, 73.4, 67.1, 68.8, 68.6, 73.9),
    "L2": (59.9, 77.8, 64.7, 58.2, 63.5, 55.0, 63.2),
    "SSIM": (60.3, 79.1, 65.1, 58.6, 58.1, 57.7, 63.1),
    "FSIMc": (61.4, 78.6, 68.1, 59.5, 57.3, 57.7, 63.8),
    "Alex": (70.6, 83.1, 71.7, 60.7, 65.0, 62.7, 68.9),
    "VGG": (70.1, 81.3, 69.0, 59.0, 60.2, 62.1, 67.0),
    "Squeeze, lin": (76.1, 83.5, 71.1, 60.8, 65.3, 63.2, 70.0),
    "Alex, lin": (73.9, 83.4, 71.5, 61.2, 65.3, 63.2, 69.8),
    "VGG, lin": (76.0, 82.8, 70.5, 60.5, 62.5, 63.0, 69.2),
    "Alex, scratch": (77.6, 82.8, 71.1, 61.0, 65.6, 63.3, 70.2),
    "VGG, tune": (79.3, 83.5, 69.8, 60.5, 63.4, 62.3, 69.8),
}
"""2AFC in percent, in the order of `PARTS`, then the mean of the six."""
METRICS = {
    "L2": "mse",
    "SSIM": "ssim",
    "FSIMc": "fsimc",
    "Alex": "lpips_alex:version=0.0:lin=false",
    "VGG": "lpips_vgg:version=0.0:lin=false",
    "Alex, lin": "lpips_alex:version=0.0",
    "VGG, lin": "lpips_vgg:version=0.0",
}
"""Row of the table -> the metric that stands for it. SqueezeNet's trunk is in no package; those of the last rows were never published."""


def read_table(file: Path) -> list[np.ndarray]:
    """Distances of candidates 0 and 1, and the share of people for candidate 1, shape (n,) each.

    Raises:
        UsageError: If there is no such table.
    """
    if not file.is_file():
        raise UsageError(
            f"{file}: is not there; expected tables {', '.join(f'{name}.csv' for name in PARTS)}."
        )
    return list(np.loadtxt(file, delimiter=",", skiprows=1, usecols=(1, 2, 3), unpack=True))


def percent(values: np.ndarray) -> str:
    """The mean with its interval at 95%."""
    found = mean_interval(values, np.arange(len(values)))
    return f"{100 * found.estimate:.3f} ({100 * found.low:.2f} to {100 * found.high:.2f})"


def show_stored(tables: Mapping[str, list[np.ndarray]]) -> tuple[list[float], list[float]]:
    """Print the scores of the stored distances beside the known ones; scores and ceilings, in percent."""
    rows: dict[str, list[Any]] = {}
    scores, ceilings, everything = [], [], []
    for place, (part, (d0, d1, judge)) in enumerate(tables.items()):
        agreed, most = agreements(d0, d1, judge), human_ceilings(judge)
        everything.append(agreed)
        scores.append(100 * agreed.mean())
        ceilings.append(100 * most.mean())
        rows[part] = [
            len(judge),
            f"{KNOWN_SCORES[place]:.3f}",
            percent(agreed),
            f"{KNOWN_CEILINGS[place]:.2f}",
            f"{ceilings[-1]:.2f}",
            f"{100 * preference_auc(d0, d1, judge):.2f}",
        ]
    rows["all triplets"] = [sum(map(len, everything)), None, percent(np.concatenate(everything))]
    rows["all triplets"] += [None, None, None]
    print_table(
        "Stored distances of an AlexNet LPIPS, percent:",
        ["triplets", "known 2AFC", "2AFC, interval", "known ceiling", "ceiling", "preference AUC"],
        rows,
    )
    return scores, ceilings


def measure_parts(folder: Path) -> dict[str, list[float]]:
    """2AFC of each row's metric on each part of BAPPS' pictures, in percent."""
    found: dict[str, list[float]] = {row: [] for row in METRICS}
    for part in PARTS:
        judged = open_judgements(folder / part, kind="triplets")
        with Progress(console=STDERR) as bar:
            tell = partial(_advance, bar, bar.add_task(part, total=len(judged)))
            measured = measure(judged, list(METRICS.values()), tell=tell)
        for row, distances in zip(METRICS, measured.distances.values(), strict=True):
            found[row].append(100 * twoafc_score(*distances.T, measured.answers))
    return found


def _advance(bar: Progress, task: TaskID, done: int, _: int) -> None:
    bar.update(task, completed=done)


def cells(scores: list[float] | None) -> list[str | None]:
    """Scores of the six parts, and their mean."""
    return [None] * 7 if scores is None else [f"{score:.1f}" for score in [*scores, float(np.mean(scores))]]


def main() -> None:
    """Score the stored distances, and metrics where there are pictures; print."""
    parser = build_parser(__doc__)
    parser.add_argument("judgements", type=Path, help="folder of the six tables")
    parser.add_argument("--full", type=Path, metavar="VAL", help="BAPPS' folder 2afc/val: score the pictures")
    told = parser.parse_args()
    tables = {part: read_table(told.judgements / f"{part}.csv") for part in PARTS}
    scores, ceilings = show_stored(tables)
    made = {"people": ceilings, **(measure_parts(told.full) if told.full else {})}
    rows: dict[str, list[Any]] = {}
    for row, published in PUBLISHED.items():
        ours = cells(made.get(row))
        rows[row] = [
            f"{theirs:.1f}" + ("" if own is None else f" / {own}")
            for theirs, own in zip(published, ours, strict=True)
        ]
    rows["stored, AlexNet LPIPS"] = [f"/ {own}" for own in cells(scores)]
    print_table("Table 5, 2AFC in percent, published / ours:", [*PARTS, "mean of the six"], rows)
    differences = np.abs([*(np.array(scores) - KNOWN_SCORES), *(np.array(ceilings) - KNOWN_CEILINGS)])
    print(f"\nLargest difference from the known values: {differences.max():.4f}")
    if differences.max() > TOLERANCE:
        raise SystemExit(f"{told.judgements}: differs from what is known by more than {TOLERANCE} percent.")


if __name__ == "__main__":
    run(main)
