"""`beholder score` on two videos."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.catalog import parse_request
from beholder.cli.running import Job
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.images import RawLayout, Video
    from beholder.scoring import ScoreTable, Settings
    from beholder.scoring.video import VideoScorer

__all__ = ["is_video", "raw_layout", "video_job"]


def is_video(reference: Path, distorted: Path) -> bool:
    """Whether two files are videos, by their endings.

    Raises:
        UsageError: If only one is.
    """
    from beholder.images import VIDEO_SUFFIXES

    videos = [
        path for path in (reference, distorted) if path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir()
    ]
    if len(videos) == 1:
        other = distorted if videos[0] == reference else reference
        raise UsageError(f"{videos[0]} is a video and {other} is not, by their endings; expected two videos.")
    return bool(videos)


def raw_layout(size: str | None, pixel_format: str) -> RawLayout | None:
    """What ``--size`` and ``--pix-fmt`` tell of raw video, if a size is given.

    Raises:
        UsageError: If the size is not WIDTHxHEIGHT.
    """
    from beholder.images import RawLayout

    if size is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})", size)
    if found is None:
        raise UsageError(f"size is {size!r}; expected WIDTHxHEIGHT, such as 1920x1080.")
    return RawLayout(int(found[1]), int(found[2]), pixel_format)


def video_job(
    reference: Path,
    distorted: Path,
    metrics: Sequence[str],
    settings: Settings,
    *,
    layout: RawLayout | None,
    align: str,
    every: int,
    maps: bool,
) -> Job:
    """The job of scoring the frames of two videos, after fetching the weights that are missing.

    Raises:
        PictureError: If either is no video.
        UsageError: If a metric is unknown, or the videos do not fit together.
        WeightsError: If weights cannot be had.
        MissingPackageError: If a package that video needs is not installed.
    """
    from beholder.cli.weights import fetch_missing
    from beholder.images import open_video
    from beholder.scoring.memory import limit_memory
    from beholder.scoring.video import VideoScorer, pooled_rows

    def look(path: Path) -> Video:
        return open_video(path, layout if path.suffix.lower() == ".yuv" else None)

    opened = look(reference), look(distorted)
    limit_memory()
    fetch_missing([name for name in metrics if parse_request(name)[0] != "vmaf"])  # libvmaf has its own model
    scorer = VideoScorer(
        opened[0],
        opened[1],
        metrics,
        settings,
        align=align,  # type: ignore[arg-type]  # VideoScorer refuses what is no rule
        every=every,
        maps=maps,
    )

    return Job(
        unit="frames",
        names=[Path(distorted.name, f"frame-{every * place:06}") for place in range(scorer.count)],
        specs=scorer.specs,
        prepare=("libvmaf", frames, scorer.run_libvmaf) if (frames := scorer.frames_of_libvmaf) else None,
        stream=scorer.stream,
        provenance=scorer.provenance,
        pool=lambda rows: pooled_rows(rows, list(scorer.specs)),
        write_page=lambda table, path, _: _write_page(scorer, table, path),
        maps_on_page=False,
    )


def _write_page(scorer: VideoScorer, table: ScoreTable, path: Path) -> None:
    """Decode the frames that the page shows once more, and write it with their pictures and heat maps."""
    from beholder.images import save_picture
    from beholder.reports import MapFolder, choose_frames, write_video_page

    chosen = choose_frames(table)
    pictures: dict[int, tuple[Path, Path]] = {}
    drawn: dict[tuple[int, str], Path] = {}
    with tempfile.TemporaryDirectory(prefix=".beholder-") as name:
        folder = Path(name)
        drawer = MapFolder(
            folder, [folder / f"frame-{row:06}" for row in range(table.pairs.height)], scorer.specs
        )
        for row, (loaded, found) in zip(sorted(chosen), scorer.show(sorted(chosen.values())), strict=False):
            if loaded.x is None or loaded.y is None:
                break
            pictures[row] = (folder / f"{row}-reference.png", folder / f"{row}-distorted.png")
            for pixels, file in zip((loaded.y, loaded.x), pictures[row], strict=True):
                save_picture(pixels, file)
            for metric, values in found.items():
                drawn[row, metric] = drawer.save(row, metric, values)
        write_video_page(table, path, pictures=pictures, maps=drawn)
