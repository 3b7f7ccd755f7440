"""`beholder score` on two videos."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.catalog import parse_request
from beholder.cli.job import Job
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.images import File, RawLayout, Video
    from beholder.scoring import ScoreTable, Settings, StoredScores
    from beholder.scoring.video import VideoScorer

__all__ = ["VideoOptions", "find_videos", "video_job"]


@dataclasses.dataclass(frozen=True)
class VideoOptions:
    """What the command is told of videos only.

    Attributes:
        every: Score frames whose index is a multiple of this.
        align: What to do where rates or lengths differ.
        size: Of raw video, WIDTHxHEIGHT.
        pixel_format: Of raw video, as ffmpeg names it.
    """

    every: int
    align: str
    size: str | None
    pixel_format: str

    def refuse(self) -> None:
        """Refuse what is told of videos where there are none.

        Raises:
            UsageError: If anything is.
        """
        if self.every != 1 or self.align != "refuse" or self.size:
            raise UsageError("--every, --align and --size are for two videos; leave them out.")

    def layout(self) -> RawLayout | None:
        """The layout of raw video, if a size is told.

        Raises:
            UsageError: If the size is not WIDTHxHEIGHT.
        """
        from beholder.images import RawLayout

        if self.size is None:
            return None
        found = re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})", self.size)
        if found is None:
            raise UsageError(f"size is {self.size!r}; expected WIDTHxHEIGHT, such as 1920x1080.")
        return RawLayout(int(found[1]), int(found[2]), self.pixel_format)


def find_videos(reference: File | None, distorted: File | None) -> tuple[Path, Path] | None:
    """Both files where they are videos, by their endings, and nothing where they are not.

    Raises:
        UsageError: If only one is, or one is in object storage.
    """
    from beholder.images import VIDEO_SUFFIXES, Address

    if reference is None or distorted is None:
        return None
    videos = [
        file
        for file in (reference, distorted)
        if file.suffix.lower() in VIDEO_SUFFIXES
        and not (file.endswith("/") if isinstance(file, Address) else file.is_dir())
    ]
    if len(videos) == 1:
        other = distorted if videos[0] == reference else reference
        raise UsageError(f"{videos[0]} is a video and {other} is not, by their endings; expected two videos.")
    if not videos:
        return None
    if isinstance(reference, Address) or isinstance(distorted, Address):
        raise UsageError(
            f"{reference}, {distorted}: videos are read from this machine only; download them first."
        )
    return reference, distorted


def video_job(
    videos: tuple[Path, Path],
    metrics: Sequence[str],
    settings: Settings,
    options: VideoOptions,
    *,
    maps: bool,
) -> Job:
    """The job of scoring the frames of a reference and a video under test, after fetching missing weights.

    Raises:
        PictureError: If either is no video.
        UsageError: If a metric is unknown, or the videos do not fit together.
        WeightsError: If weights cannot be had.
        MissingPackageError: If a package that video needs is not installed.
    """
    from beholder.cli.weights import fetch_missing
    from beholder.images import open_video
    from beholder.scoring.memory import limit_memory
    from beholder.scoring.video import VideoScorer

    layout = options.layout()
    if layout is not None and not any(path.suffix.lower() == ".yuv" for path in videos):
        raise UsageError(
            f"--size is for raw video (.yuv); {videos[0]} and {videos[1]} tell their own. Leave it out."
        )

    def look(path: Path) -> Video:
        return open_video(path, layout if path.suffix.lower() == ".yuv" else None)

    reference, distorted = (look(path) for path in videos)
    limit_memory()
    fetch_missing([name for name in metrics if parse_request(name)[0] != "vmaf"])  # libvmaf has its own model
    scorer = VideoScorer(
        reference,
        distorted,
        metrics,
        settings,
        align=options.align,  # type: ignore[arg-type]  # VideoScorer refuses what is no rule
        every=options.every,
        maps=maps,
    )

    return Job(
        unit="frames",
        rows=scorer.count,
        specs=scorer.specs,
        prepare=("libvmaf", frames, scorer.run_libvmaf) if (frames := scorer.frames_of_libvmaf) else None,
        stream=scorer.stream,
        provenance=scorer.provenance,
        complete=_add_pooled_rows,
        map_names=lambda: (
            Path(videos[1].name, f"frame-{options.every * place:06}") for place in range(scorer.count)
        ),
        write_page=lambda scores, path, _: _write_page(scorer, scores.head(scorer.count), path),
        maps_on_page=False,
    )


def _add_pooled_rows(scores: StoredScores) -> StoredScores:
    from beholder.scoring import ScoreTable
    from beholder.scoring.video import pooled_rows

    frames = scores.frame.collect()
    pooled = pooled_rows(frames.to_dicts(), list(scores.provenance["metrics"]))
    added = ScoreTable.from_rows(pooled, scores.provenance)
    return ScoreTable(
        frames.vstack(added.frame), {**scores.provenance, "rows": frames.height + len(pooled)}
    ).stored()


def _write_page(scorer: VideoScorer, table: ScoreTable, path: Path) -> None:
    """Decode the frames that the page shows once more, and write it with their pictures and heat maps."""
    from beholder.images import save_picture
    from beholder.reports import MapFolder, choose_frames, write_video_page

    chosen = choose_frames(table)
    pictures: dict[int, tuple[Path, Path]] = {}
    drawn: dict[tuple[int, str], Path] = {}
    with tempfile.TemporaryDirectory(prefix=".beholder-") as name:
        folder = Path(name)
        drawer = MapFolder(folder, scorer.specs)
        for row, (loaded, found) in zip(sorted(chosen), scorer.show(sorted(chosen.values())), strict=False):
            if loaded.x is None or loaded.y is None:
                break
            pictures[row] = (folder / f"{row}-reference.png", folder / f"{row}-distorted.png")
            for pixels, file in zip((loaded.y, loaded.x), pictures[row], strict=True):
                save_picture(pixels, file)
            for metric, values in found.items():
                drawn[row, metric] = drawer.save(Path(f"frame-{row:06}"), metric, values)
        write_video_page(table, path, pictures=pictures, maps=drawn)
