"""Two videos into a row per frame and a row per pooling."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from typing import TYPE_CHECKING, Any

from beholder.catalog import describe_metric, parse_request
from beholder.images import Pair
from beholder.scoring.fitting import fit
from beholder.scoring.frames import AlignRule, check_alignment, pair_frames
from beholder.scoring.libvmaf import LibvmafScores, score_with_libvmaf
from beholder.scoring.pairs import LoadedPair, ScoredPair, as_text
from beholder.scoring.pooling import POOLINGS, pool
from beholder.scoring.provenance import describe_run
from beholder.scoring.scorer import Scorer
from beholder.scoring.settings import Settings
from beholder.spec import PictureError, ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from beholder.images import Video
    from beholder.spec import MetricSpec

__all__ = ["VideoScorer", "pooled_rows"]


class VideoScorer:
    """Metrics, loaded once, that score the frames of two videos.

    Args:
        reference: The reference.
        distorted: The video under test.
        metrics: Catalogue names, with options if wished; each becomes a column.
        settings: How to score.
        align: What to do where rates or numbers of frames differ, see `check_alignment`.
        every: Score only frames whose index is a multiple of this.
        maps: Whether to compute the maps of metrics that have one.

    Raises:
        UsageError: If the videos do not fit together, a metric is unknown, or ``every`` is below 1.
        WeightsError: If weights are missing.
    """

    def __init__(
        self,
        reference: Video,
        distorted: Video,
        metrics: Sequence[str],
        settings: Settings | None = None,
        *,
        align: AlignRule = "refuse",
        every: int = 1,
        maps: bool = False,
    ) -> None:
        if every < 1:
            raise UsageError(f"every is {every}; expected 1 or more.")
        check_alignment(reference, distorted, align)
        self._settings = settings or Settings()
        _check_sizes(reference, distorted, self._settings)
        self.reference = reference
        self.distorted = distorted
        self.align: AlignRule = align
        self.every = every
        self._requests = tuple(metrics)
        self._films = {
            name: options for name in metrics for options in [_film_options(name)] if options is not None
        }
        if self._films and align == "time":
            raise UsageError(
                "libvmaf pairs frames itself: vmaf goes with --align refuse or shortest, not time."
            )
        stills = [name for name in metrics if name not in self._films]
        self._scorer = Scorer(stills, settings, maps=maps) if stills or not metrics else None
        if self._films and (reference.width, reference.height) != (distorted.width, distorted.height):
            raise UsageError("libvmaf takes videos of one size only, and does not resize: leave out vmaf.")
        self._libvmaf: dict[str, LibvmafScores] = {}
        self._broken: dict[str, str] = {}
        self._pair = Pair(reference.path, distorted.path)

    @property
    def specs(self) -> dict[str, MetricSpec]:
        """The specifications of the metrics, by the names of their columns."""
        stills = self._scorer.metrics if self._scorer else {}
        return {
            name: stills[name].spec if name in stills else describe_metric(name) for name in self._requests
        }

    @property
    def count(self) -> int:
        """Frames that will be scored, if neither video breaks off."""
        shortest = min(self.reference.count, self.distorted.count)
        return -(-(self.distorted.count if self.align == "time" else shortest) // self.every)

    @property
    def frames_of_libvmaf(self) -> int:
        """Frames that `run_libvmaf` goes through, over all of its metrics."""
        return len(self._films) * min(self.reference.count, self.distorted.count)

    def run_libvmaf(self, tell: Callable[[int], object] | None = None) -> None:
        """Let libvmaf score the metrics that it has, on whole videos; `stream` does it if it is not done.

        Args:
            tell: Called with the number of frames that are done, now and then.
        """
        frames = min(self.reference.count, self.distorted.count)
        for place, (name, options) in enumerate(self._films.items()):
            try:
                self._libvmaf[name] = score_with_libvmaf(
                    self.distorted.path,
                    self.reference.path,
                    model="vmaf_v0.6.1neg" if options.get("neg") else "vmaf_v0.6.1",
                    phone=bool(options.get("phone")),
                    layout=self.distorted.layout or self.reference.layout,
                    most=frames,
                    tell=functools.partial(_tell_on, tell, place * frames) if tell else None,
                )
            except PictureError as error:
                self._broken[name] = str(error)

    def stream(self, done: int = 0) -> Iterator[ScoredPair]:
        """Score one frame after another, in order; where a video breaks off, the last one carries the error.

        Args:
            done: Rows that are scored already: their frames are decoded and passed over.
        """
        if self._films and not (self._libvmaf or self._broken):
            self.run_libvmaf()
        if self._scorer is None:
            yield from itertools.islice(self._libvmaf_alone(), done, None)
            return
        for scored in self._scorer.stream_loaded(self._read(done=done)):
            films, error = self._at(scored.frame[0] if scored.frame else 0)
            errors = "; ".join(filter(None, [scored.error, error])) or None
            yield dataclasses.replace(scored, scores={**scored.scores, **films}, error=errors)

    def _libvmaf_alone(self) -> Iterator[ScoredPair]:
        for place in range(self.count):
            index = place * self.every
            time = float(index / self.distorted.rate)
            films, error = self._at(index)
            yield ScoredPair(place, self._pair, films, {}, (), error, (index, time))

    def _at(self, index: int) -> tuple[dict[str, float | None], str | None]:
        """Libvmaf's scores of a frame, and what it could not score."""
        scores = {
            name: found.scores[index] for name, found in self._libvmaf.items() if index < len(found.scores)
        }
        broken = {
            name: why if index == 0 else "libvmaf failed, see frame 0" for name, why in self._broken.items()
        }
        errors = [
            f"{name}: {broken.get(name, 'libvmaf gave no score for this frame')}"
            for name in self._films
            if name not in scores
        ]
        return {name: scores.get(name) for name in self._films}, "; ".join(errors) or None

    def show(self, frames: Collection[int]) -> Iterator[tuple[LoadedPair, Mapping[str, NDArray[np.float32]]]]:
        """Decode some frames, by their index, once more, with their heat maps by metric."""
        drawer = Scorer(list(self._scorer.metrics), self._settings, maps=True) if self._scorer else None
        left = set(frames)
        for loaded in self._read(frozenset(frames)):
            maps = next(iter(drawer.stream_loaded([loaded]))).maps if drawer else {}
            yield loaded, maps
            left -= {loaded.frame[0]} if loaded.frame else set()
            if not left:
                return

    def provenance(self) -> dict[str, Any]:
        """Where the numbers come from; warnings of a run are added by who sees them."""
        videos = {"reference": self.reference, "distorted": self.distorted}
        told = {role: _describe(video) for role, video in videos.items()}
        run = self._scorer.provenance() if self._scorer else describe_run({}, self._settings, {})
        found = run["metrics"]
        for name, options in self._films.items():
            engine = {"engine": "libvmaf", "options": options, "weights": []}
            if name in self._libvmaf:
                engine |= {"model": self._libvmaf[name].model, "libvmaf": self._libvmaf[name].version}
            found[name] = {**describe_metric(name).as_dict(), **engine}
        metrics = {name: found[name] for name in self._requests}
        return run | {"metrics": metrics, "video": {**told, "align": self.align, "every": self.every}}

    def _read(self, only: Collection[int] | None = None, done: int = 0) -> Iterator[LoadedPair]:
        notes = tuple(
            (video.path, note) for video in (self.distorted, self.reference) for note in video.notes
        )
        notes += self._left_out()
        index, place = 0, (0, 0.0)
        try:
            for x, y in pair_frames(self.reference, self.distorted, self.align, self.every):
                if only is not None and x.index not in only:
                    continue
                place = (x.index, x.time)
                if index >= done:
                    fitted_x, fitted_y = fit(x.pixels(), y.pixels(), self._settings.resize)
                    yield LoadedPair(index, self._pair, fitted_x, fitted_y, notes, frame=place)
                step = float(self.every / self.distorted.rate)
                index, notes, place = index + 1, (), (x.index + self.every, x.time + step)
        except (PictureError, ShapeError) as error:
            if index >= done:
                yield LoadedPair(index, self._pair, notes=notes, error=str(error), frame=place)

    def _left_out(self) -> tuple[tuple[Path, str], ...]:
        """A note on frames that have no partner."""
        if self.align == "time":
            shown = math.ceil(self.reference.count / self.reference.rate * self.distorted.rate)
            longer, compared = self.distorted, min(self.distorted.count, shown)
        else:
            longer = max(self.distorted, self.reference, key=lambda video: video.count)
            compared = min(self.reference.count, self.distorted.count)
        if longer.count == compared:
            return ()
        return ((longer.path, f"only about the first {compared} of {longer.count} frames have a partner"),)


def pooled_rows(rows: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each pooling of a video's rows, see `pool`; they stand behind the rows of the frames."""
    if not rows:
        return []
    pooled = {metric: pool([row[metric] for row in rows]) for metric in metrics}
    files = {name: rows[0][name] for name in ("reference", "distorted")}
    return [
        {**files, "pooled": pooling, **{metric: pooled[metric][pooling] for metric in metrics}}
        for pooling in POOLINGS
    ]


def _tell_on(tell: Callable[[int], object], before: int, done: int) -> None:
    tell(before + done)


def _check_sizes(reference: Video, distorted: Video, settings: Settings) -> None:
    sizes = [f"{video.width}x{video.height}" for video in (reference, distorted)]
    if settings.resize == "refuse" and sizes[0] != sizes[1]:
        raise UsageError(
            f"{reference.path} is {sizes[0]} and {distorted.path} {sizes[1]}; expected equal sizes. Name a rule: "
            "--resize reference, distorted or crop."
        )


def _film_options(request: str) -> dict[str, Any] | None:
    """The options of a metric that libvmaf scores, or ``None`` for one that looks at frames alone."""
    describe_metric(request)  # refuses options that it does not have
    name, options = parse_request(request)
    return options if name == "vmaf" else None


def _describe(video: Video) -> dict[str, Any]:
    plain = {
        "path": as_text(video.path),
        "size": [video.width, video.height],
        "rate": str(video.rate),
        "frames": video.count,
    }
    if video.layout is not None:
        plain["layout"] = dataclasses.asdict(video.layout) | {"rate": str(video.layout.rate)}
    return plain
