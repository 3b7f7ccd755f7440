"""`beholder score`: pairs of pictures into a table of scores."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.catalog import split_requests
from beholder.cli.completion import complete_metrics
from beholder.cli.job import Wishes
from beholder.cli.options import Device, MaxPixels
from beholder.cli.outputs import check_outputs, local_folder
from beholder.cli.pictures import PairOptions, find_pairs, picture_job
from beholder.cli.running import run
from beholder.cli.video import VideoOptions, find_videos, video_job
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.scoring.cluster import Cluster

__all__ = ["score"]


def score(
    reference: Annotated[
        str | None, typer.Argument(path_type=str, help="Reference picture, folder of them, or video.")
    ] = None,
    distorted: Annotated[
        str | None, typer.Argument(path_type=str, help="Picture under test, folder of them, or video.")
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--metrics",
            autocompletion=complete_metrics,
            help="Names, comma-separated or each with an -m; options follow a colon. In an option's value, "
            "put a backslash before a comma or colon.",
        ),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            path_type=str,
            help="CSV or Parquet file with the columns reference and distorted; or WebDataset shards, 'a-{00..09}.tar'.",
        ),
    ] = None,
    one_reference: Annotated[
        bool, typer.Option("--one-reference", help="Compare one reference with every picture of a folder.")
    ] = False,
    allow_unmatched: Annotated[
        bool, typer.Option("--allow-unmatched", help="Score what pairs up, although some pictures do not.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", path_type=str, help="Table to write: .parquet, .csv or .jsonl."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Rows as a JSON list on standard output.")] = False,
    report: Annotated[
        str | None, typer.Option(path_type=str, help="HTML page to write, with pictures and heat maps.")
    ] = None,
    maps: Annotated[
        str | None, typer.Option(path_type=str, help="Folder for a heat map per pair and metric.")
    ] = None,
    resize: Annotated[
        str, typer.Option(help="Where sizes differ: refuse, reference, distorted (resize to it) or crop.")
    ] = "refuse",
    background: Annotated[str, typer.Option(help="Colour to lay transparent pictures on.")] = "white",
    max_pixels: MaxPixels = 100_000_000,
    device: Device = "auto",
    batch_size: Annotated[int | None, typer.Option(help="Most pairs at once.  [default: chosen]")] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="What computes networks: torch, winograd, openvino, or auto (on processors winograd, in bf16 OpenVINO "
            "where it is installed; else torch). Or compiled: torch compiles all metrics, which takes seconds for each size."
        ),
    ] = "auto",
    precision: Annotated[
        str, typer.Option(help="What networks compute in: auto (fp32), fp32, or bf16, faster and less exact.")
    ] = "auto",
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Score on Ray: local (on this machine), auto (the cluster that it is in), ray://HOST:PORT."
        ),
    ] = None,
    every: Annotated[int, typer.Option(help="Of videos, score every N-th frame only.")] = 1,
    align: Annotated[
        str, typer.Option(help="Where videos' rates or lengths differ: refuse, shortest, or time.")
    ] = "refuse",
    size: Annotated[str | None, typer.Option(help="Of raw video (.yuv): WIDTHxHEIGHT.")] = None,
    pix_fmt: Annotated[str, typer.Option(help="Of raw video: ffmpeg's pixel format.")] = "yuv420p",
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where the same command broke off; score only what is missing."),
    ] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Add columns to the table that -o names, for the same pairs.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no summary.")] = False,
    log_json: Annotated[
        bool,
        typer.Option("--log-json", help="Progress as JSON lines on standard error, in place of the bar."),
    ] = False,
) -> None:
    """Score pictures, or the frames of a video, against their references.

    Exit code: 0 all scored, 1 some rows failed (their error column says why), 2 bad usage, 130 interrupted
    and 3 broken off or not all written (what was scored is kept, and --resume goes on).

    Examples:
        beholder score original.png restored.png -m lpips_alex,ssim

        beholder score originals/ restored/ -m psnr_y:border=4,lpips_vgg -o scores.parquet --report page.html

        beholder score original.png tries/ --one-reference -m lpips_alex --json

        beholder score originals/ restored/ -m dists -o scores.parquet --add

        beholder score s3://bucket/originals/ s3://bucket/restored/ -m ssim -o s3://bucket/scores.parquet

        beholder score --pairs pairs.parquet -m lpips_vgg -o scores.parquet --cluster auto

        beholder score --pairs 'shards/pairs-{000..009}.tar' -m lpips_vgg -o scores.parquet

        beholder score original.mp4 encoded.mp4 -m vmaf,psnr_y,lpips_alex --every 5 --report page.html
    """
    names = _split(metrics or ())
    from beholder.images import as_file
    from beholder.scoring import Settings

    table, page, listed, folder = as_file(output), as_file(report), as_file(pairs), local_folder(maps)
    settings = Settings(
        resize=resize,  # type: ignore[arg-type]  # Settings refuses what is no rule
        background=background,
        max_pixels=max_pixels,
        device=device,
        batch_size=batch_size,
        engine=engine,  # type: ignore[arg-type]  # and what is no engine
        precision=precision,  # type: ignore[arg-type]  # and no precision
    )
    wishes = Wishes(table, page, folder, resume=resume, quiet=quiet, log_json=log_json)
    wishes.check()
    if add and output is None:
        raise UsageError("--add adds columns to a table; name it with -o.")
    machines = _find_cluster(cluster, wishes)
    told_pairs = PairOptions(listed, one_reference, allow_unmatched, add, cluster is not None)
    told_videos = VideoOptions(every, align, size, pix_fmt)
    sides = as_file(reference), as_file(distorted)
    videos = find_videos(*sides)
    if videos:
        told_pairs.refuse()
        check_outputs(table, page, folder, read=videos)
        job = video_job(videos, names, settings, told_videos, maps=maps is not None)
    else:
        told_videos.refuse()
        found = find_pairs(*sides, told_pairs, wishes.tell, quiet=quiet or log_json)
        files = (file for pair in found.after(0) for file in (pair.reference, pair.distorted))
        check_outputs(table, page, folder, read=itertools.chain([listed] if listed else [], files))
        wants_maps = maps is not None or report is not None
        base = table if add else None
        job = picture_job(
            found, names, settings, maps=wants_maps, add_to=base, cluster=machines, tell=wishes.tell
        )
    with machines or contextlib.nullcontext(), run(job, wishes) as outcome:
        if as_json:
            outcome.print_json()
        elif output is None:
            outcome.print_table()


def _split(metrics: Sequence[str]) -> list[str]:
    """The metrics that are asked for.

    Raises:
        UsageError: If there are none.
    """
    names = [name for given in metrics for name in split_requests(given)]
    if not names:
        raise UsageError(
            "no metric is named; for example -m lpips_alex,ssim. `beholder metrics` lists them all."
        )
    return names


def _find_cluster(address: str | None, wishes: Wishes) -> Cluster | None:
    """The cluster that is asked for, not joined yet.

    Raises:
        UsageError: If it is asked for in unknown words.
        MissingPackageError: If Ray is not installed.
    """
    if address is None:
        return None
    from beholder.scoring.cluster import Cluster

    return Cluster(address, wishes.tell)
