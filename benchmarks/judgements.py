"""2AFC scores and human ceilings of real judgements, next to the values that must come out.

The folder holds one table for each part of BAPPS' validation set, ``traditional.csv`` and so on, with the columns d0 and d1
(distances of an AlexNet LPIPS) and judge; they come with ShiftTolerant-LPIPS (github.com/abhijay9/ShiftTolerant-LPIPS).
Intervals resample triplets, each of which has a patch of its own for a reference.

Usage: python benchmarks/judgements.py FOLDER
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from beholder.judgements import agreements, human_ceilings, mean_interval, preference_auc

# Percent: 2AFC score and ceiling.
EXPECTED = {
    "traditional": (77.479, 80.84),
    "cnn": (82.871, 84.35),
    "superres": (71.188, 73.60),
    "deblur": (61.038, 66.09),
    "color": (65.233, 68.83),
    "frameinterp": (62.426, 68.61),
}
TOLERANCE = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(
        "| part | triplets | 2AFC | expected | interval, 95% | seconds | ceiling | expected | AUC, votes | AUC, majorities |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    worst, everything = 0.0, []
    for name, (score, ceiling) in EXPECTED.items():
        d0, d1, judge = np.loadtxt(
            folder / f"{name}.csv", delimiter=",", skiprows=1, usecols=(1, 2, 3), unpack=True
        )
        agreed = agreements(d0, d1, judge)
        everything.append(agreed)
        found, most = 100 * agreed.mean(), 100 * human_ceilings(judge).mean()
        worst = max(worst, abs(found - score), abs(most - ceiling))
        areas = [100 * preference_auc(d0, d1, judge, count=count) for count in ("votes", "majorities")]
        print(
            f"| {name} | {len(judge)} | {found:.3f} | {score:.3f} | {interval(agreed)} | {most:.2f} | {ceiling:.2f} "
            f"| {areas[0]:.2f} | {areas[1]:.2f} |"
        )
    agreed = np.concatenate(everything)
    print(f"| all | {len(agreed)} | {100 * agreed.mean():.3f} | | {interval(agreed)} | | | | |")
    print(f"largest difference {worst:.4f}", file=sys.stderr)
    if worst > TOLERANCE:
        sys.exit(f"differs by more than {TOLERANCE}")


def interval(agreed: np.ndarray) -> str:
    """The interval of the mean in words, and the seconds that it took."""
    start = time.perf_counter()
    found = mean_interval(agreed, np.arange(len(agreed)))
    return f"{100 * found.low:.2f} to {100 * found.high:.2f} | {time.perf_counter() - start:.3f}"


if __name__ == "__main__":
    main()
