"""Triplets written to a folder as BAPPS lays them out."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import filelock
import polars as pl
import torch

from beholder.data.distortions.patches import one_thread
from beholder.images import save_picture
from beholder.spec import StoringError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from beholder.data.distortions.triplets import Triplets

__all__ = ["triplet_folder", "write_triplets"]

_RECORD = "distortions.parquet"
_MANIFEST, _LOCK, _PARTIAL = "distortions.json", ".lock", ".partial-"
_SIDES = ("p0", "p1", "ref")
_MOST = 10**6  # names have six digits
_TOGETHER = 25  # triplets that a process makes at a time
_FEW = 1000  # take no longer in one process than it takes others to begin


def triplet_folder(folder: Path, triplets: Triplets) -> Path:
    """Where triplets lie in a BAPPS folder: ``2afc/SPLIT/SCHEME``."""
    return folder / "2afc" / triplets.split / triplets.scheme.name


def write_triplets(
    triplets: Triplets,
    folder: Path,
    *,
    workers: int | None = None,
    tell: Callable[[int], object] = lambda _done: None,
) -> int:
    """Write triplets as ``{ref,p0,p1}/NNNNNN.png``, and what was done to each as ``distortions.parquet``.

    What was begun before by the same call goes on: triplets that are there are not made again. The files are the same
    whatever the number of processes, and however often the writing was interrupted.

    Args:
        triplets: What to write.
        folder: The BAPPS folder; see `triplet_folder` for the place in it.
        workers: How many processes make triplets; by default one a core, or none besides this one where there are few.
        tell: Called with the number of triplets that are there.

    Returns:
        How many were made now.

    Raises:
        UsageError: If there are too many for six digits, or the place holds anything else than what was begun of
            these triplets, or another process writes there.
        StoringError: If the folder cannot be written to, or a process was killed.
    """
    if len(triplets) > _MOST:
        raise UsageError(
            f"found {len(triplets):,} triplets; expected at most {_MOST:,}, whose names have six digits."
        )
    place = triplet_folder(folder, triplets)
    try:
        with _claim(place, _describe(triplets)):
            missing = _find_missing(place, len(triplets))
            tell(len(triplets) - len(missing))
            for made in _make(triplets, place, missing, workers):
                tell(len(triplets) - len(missing) + made)
            _write_record(triplets, place / _RECORD)
    except (OSError, pl.exceptions.PolarsError) as error:  # the latter is what polars makes of a full disk
        raise StoringError(
            f"{place}: cannot be written to: {getattr(error, 'strerror', None) or error}."
        ) from error
    return len(missing)


def _describe(triplets: Triplets) -> dict[str, Any]:
    """All that the files depend on."""
    return {
        "scheme": triplets.scheme.name,
        **triplets.scheme.told,
        "split": triplets.split,
        "triplets": len(triplets),
        "size": triplets.size,
        "seed": triplets.seed,
        "photographs": triplets.pack.folder.name,
        "version": version("beholder"),
    }


@contextlib.contextmanager
def _claim(place: Path, told: dict[str, Any]) -> Iterator[None]:
    """Have a folder for oneself, that is empty or holds what was begun of the same."""
    place.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(place / _LOCK).acquire(blocking=False):
            _check_manifest(place, told)
            yield
            (place / _LOCK).unlink(missing_ok=True)
    except filelock.Timeout as error:
        raise UsageError(
            f"{place}: another process writes triplets there; wait for it, or name another folder."
        ) from error


def _check_manifest(place: Path, told: dict[str, Any]) -> None:
    manifest = place / _MANIFEST
    if manifest.exists():
        try:
            found = json.loads(manifest.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise UsageError(f"{manifest}: is damaged; remove {place} to begin again.")
        differ = [
            f"{name} {found.get(name)!r}, not {value!r}"
            for name, value in told.items()
            if found.get(name) != value
        ]
        if differ:
            raise UsageError(
                f"{place}: holds other triplets: {'; '.join(differ)}. Ask for the same to go on with them, or name another folder."
            )
        return
    if any(entry.name not in (_LOCK, _PARTIAL + _MANIFEST) for entry in place.iterdir()):
        raise UsageError(
            f"{place}: is not empty, and holds no triplets that were begun here; name another folder."
        )
    partial = place / (_PARTIAL + _MANIFEST)
    partial.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    partial.replace(manifest)


def _find_missing(place: Path, count: int) -> list[int]:
    """Numbers of the triplets that are not there in full; what was half written is swept away."""
    whole: set[str] | None = None
    for side in _SIDES:
        (place / side).mkdir(exist_ok=True)
        names = {entry.name for entry in os.scandir(place / side)}
        for name in [name for name in names if name.startswith(_PARTIAL)]:
            (place / side / name).unlink()
        whole = names if whole is None else whole & names
    return [index for index in range(count) if _name(index) not in (whole or ())]


def _name(index: int) -> str:
    return f"{index:06d}.png"


def _make(triplets: Triplets, place: Path, missing: Sequence[int], workers: int | None) -> Iterator[int]:
    """Make triplets; yields how many there are so far."""
    parcels = [missing[start : start + _TOGETHER] for start in range(0, len(missing), _TOGETHER)]
    workers = workers or (_cores() if len(missing) > _FEW else 1)
    done = 0
    if workers == 1:
        with one_thread():
            for parcel in parcels:
                done += _make_parcel(triplets, place, parcel)
                yield done
        return
    # Not forked: threads of this process, such as a progress bar's, would leave their locks held.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin_worker)
    try:
        for future in as_completed(
            [pool.submit(_make_parcel, triplets, place, parcel) for parcel in parcels]
        ):
            done += future.result()
            yield done
    except BrokenProcessPool as error:
        raise StoringError(
            f"{place}: a process that makes triplets was killed, perhaps for want of memory; run the same again to go on."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that began it hears of Ctrl-C
    torch.set_num_threads(1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    # A process that is killed cannot tell those that it began, and they would wait for work for ever.
    if (parent := multiprocessing.parent_process()) is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _make_parcel(triplets: Triplets, place: Path, indices: Sequence[int]) -> int:
    for index in indices:
        made = triplets[index]
        for side in _SIDES:
            # Renamed when whole, so that what is there is never half a file.
            partial = place / side / (_PARTIAL + _name(index))
            save_picture(made[side], partial)
            partial.replace(place / side / _name(index))
    return len(indices)


def _write_record(triplets: Triplets, path: Path) -> None:
    partial = path.with_name(_PARTIAL + path.name)
    told = json.dumps(_describe(triplets))
    numbers = pl.List(pl.Float64)  # empty ones would not tell their type
    pl.DataFrame(
        [_row(triplets, index) for index in range(len(triplets))],
        schema_overrides={"p0_strengths": numbers, "p1_strengths": numbers},
    ).write_parquet(partial, metadata={"beholder": told})
    partial.replace(path)


def _row(triplets: Triplets, index: int) -> dict[str, Any]:
    plan = triplets.plan(index)
    row: dict[str, Any] = {"triplet": index, "photograph": triplets.pack.pictures[plan.picture].name}
    row |= {"top": plan.top, "left": plan.left, "size": triplets.size}
    for side, choice in zip(("p0", "p1"), plan.choices, strict=True):
        row |= {f"{side}_{field}": value for field, value in dataclasses.asdict(choice).items()}
    return row
