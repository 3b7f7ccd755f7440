"""The ranking network G fitted on five parts of real judgements, and asked of the sixth.

The folder is that of `judgements.py`. G must agree with people at least as often as the plain rule, that the nearer one is
preferred. Exits with 1 where it does not.

Usage: python benchmarks/preference.py FOLDER
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl

from beholder.calibration.ranking import fit_ranking, predict_preference
from beholder.judgements import twoafc_score

COLUMNS = ("d0", "d1", "judge")


def main() -> None:
    """Print a row for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    parts = {path.stem: pl.read_csv(path, columns=COLUMNS) for path in sorted(folder.glob("*.csv"))}
    worse = []
    print("| part | plain rule | G of the other five |\n| --- | --- | --- |")
    for name, part in parts.items():
        others = pl.concat([each for other, each in parts.items() if other != name])
        network = fit_ranking(*(others[column].to_numpy() for column in COLUMNS))
        d0, d1, judge = (part[column].to_numpy() for column in COLUMNS)
        prefers1 = predict_preference(network, d0, d1)
        plain, learned = 100 * twoafc_score(d0, d1, judge), 100 * twoafc_score(prefers1, 1 - prefers1, judge)
        print(f"| {name} | {plain:.3f} | {learned:.3f} |", flush=True)
        if learned < plain - 1e-9:
            worse.append(name)
    sys.exit(f"G agrees less often on {', '.join(worse)}" if worse else 0)


if __name__ == "__main__":
    main()
