"""Two videos into a row per frame and a row per pooling."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from beholder.images import Pair
from beholder.scoring.fitting import fit
from beholder.scoring.frames import AlignRule, check_alignment, pair_frames
from beholder.scoring.pooling import POOLINGS, pool
from beholder.scoring.reader import LoadedPair
from beholder.scoring.scorer import Scorer, as_text
from beholder.spec import PictureError, ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from beholder.images import Video
    from beholder.scoring.scorer import ScoredPair
    from beholder.scoring.settings import Settings
    from beholder.spec import Metric

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
        self.reference = reference
        self.distorted = distorted
        self.align: AlignRule = align
        self.every = every
        self._scorer = Scorer(metrics, settings, maps=maps)
        self._pair = Pair(reference.path, distorted.path)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The metrics, by the names of their columns."""
        return self._scorer.metrics

    @property
    def count(self) -> int:
        """Frames that will be scored, if neither video breaks off."""
        shortest = min(self.reference.count, self.distorted.count)
        return -(-(self.distorted.count if self.align == "time" else shortest) // self.every)

    def stream(self) -> Iterator[ScoredPair]:
        """Score one frame after another, in order; where a video breaks off, the last one carries the error."""
        return self._scorer.stream_loaded(self._read())

    def show(self, frames: Collection[int]) -> Iterator[tuple[LoadedPair, ScoredPair]]:
        """Decode and score some frames, by their index, once more and with heat maps."""
        self._scorer.maps = True
        left = set(frames)
        for loaded in self._read():
            if not left:
                return
            if loaded.frame is not None and loaded.frame[0] in left:
                left.remove(loaded.frame[0])
                yield loaded, next(iter(self._scorer.stream_loaded([loaded])))

    def provenance(self) -> dict[str, object]:
        """Where the numbers come from; warnings of a run are added by who sees them."""
        videos = {"reference": self.reference, "distorted": self.distorted}
        told = {role: _describe(video) for role, video in videos.items()}
        return self._scorer.provenance() | {"video": {**told, "align": self.align, "every": self.every}}

    def _read(self) -> Iterator[LoadedPair]:
        notes = tuple(
            (video.path, note) for video in (self.distorted, self.reference) for note in video.notes
        )
        index, place = 0, (0, 0.0)
        try:
            for x, y in pair_frames(self.reference, self.distorted, self.align, self.every):
                place = (x.index, x.time)
                fitted_x, fitted_y = fit(x.pixels, y.pixels, self._scorer.settings.resize)
                yield LoadedPair(index, self._pair, fitted_x, fitted_y, notes, frame=place)
                index, notes, place = index + 1, (), (x.index + self.every, x.time)
        except (PictureError, ShapeError) as error:
            yield LoadedPair(index, self._pair, notes=notes, error=str(error), frame=place)


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
