"""Memory of `beholder score` over millions of pairs: a Parquet list, a stub for the arithmetic, and the whole rest.

    python benchmarks/ten_million.py [ROWS ...]

Every run is a process of its own; what is told is the most memory that it held, and how long it took.
"""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import typer

_SLICE = 100_000


def write_list(path: Path, rows: int) -> None:
    """A list of pairs, written in slices."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place = pl.col("place").cast(pl.String).str.zfill(9)
    names = pl.LazyFrame({"place": pl.int_range(rows, eager=True)}).select(
        reference="reference/" + place + ".png", distorted="distorted/" + place + ".png"
    )
    names.sink_parquet(path, row_group_size=_SLICE)


def score(folder: Path) -> None:
    """The command, with a metric that looks at no picture: a score for each pair, and an error for one in a thousand."""
    from beholder.cli.job import Wishes
    from beholder.cli.pictures import PairOptions, find_pairs, picture_job
    from beholder.cli.running import run
    from beholder.scoring import ScoredPair, Scorer, Settings
    from beholder.scoring.pairs import Planned

    def stream(_: Scorer, pairs: Iterator[Planned]) -> Iterator[ScoredPair]:
        for planned in pairs:
            place, pair = planned.index, planned.pair
            error = None if place % 1000 else "a picture that cannot be read"
            note = ((pair.distorted, "turned upright"),) if place % 500 == 1 else ()
            yield ScoredPair(place, pair, {"ssim": None if error else place % 997 / 997}, {}, note, error)

    Scorer.stream_planned = stream  # type: ignore[method-assign,assignment]
    pairs = find_pairs(None, None, PairOptions(folder / "pairs.parquet"))
    job = picture_job(pairs, ["ssim"], Settings(), maps=False)
    with (
        contextlib.suppress(typer.Exit),  # for the pairs that failed
        run(job, Wishes(output=folder / "scores.parquet", report=folder / "page.html")),
    ):
        pass


def measure(folder: Path, rows: int) -> dict[str, float]:
    """Most memory, in MB, and seconds of a run over so many pairs.

    Raises:
        SystemExit: If the run broke off, or its table has not a row for each pair.
    """
    write_list(folder / "pairs.parquet", rows)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--score", str(folder)], stdout=subprocess.PIPE, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(done.returncode)
    told = (
        pl.scan_parquet(folder / "scores.parquet").select(pl.len(), pl.col("error").count()).collect().row(0)
    )
    if told != (rows, -(-rows // 1000)):
        raise SystemExit(f"rows and failures are {told}; expected {rows, -(-rows // 1000)}")
    return {**json.loads(done.stdout), "seconds": seconds}


def main(wanted: list[int]) -> None:
    for rows in wanted:
        with tempfile.TemporaryDirectory() as folder:
            told = measure(Path(folder), rows)
        print(f"{rows:>12,} pairs: {told['peak_mb']:,.0f} MB at most, {told['seconds']:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--score"]:
        score(Path(sys.argv[2]))
        print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    else:
        main([int(given) for given in sys.argv[1:]] or [1_000_000, 10_000_000])
