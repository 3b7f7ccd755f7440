"""`beholder score`: pairs of pictures into a table of scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.catalog import split_requests
from beholder.cli.console import print_out, print_wide, say
from beholder.cli.outputs import check_outputs
from beholder.cli.running import Job, exit_code, run
from beholder.cli.video import VideoOptions, find_videos, video_job
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from beholder.images import Pair, Pairing
    from beholder.scoring import ScoreTable, Settings

__all__ = ["picture_job", "score"]

_SHOWN = 10


def score(
    reference: Annotated[
        Path | None, typer.Argument(help="Reference picture, folder of them, or video.")
    ] = None,
    distorted: Annotated[
        Path | None, typer.Argument(help="Picture under test, folder of them, or video.")
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--metrics",
            help="Names, comma-separated or each with an -m; options follow a colon. In an option's value, "
            "put a backslash before a comma or colon.",
        ),
    ] = None,
    pairs: Annotated[Path | None, typer.Option(help="CSV with the columns reference and distorted.")] = None,
    one_reference: Annotated[
        bool, typer.Option("--one-reference", help="Compare one reference with every picture of a folder.")
    ] = False,
    allow_unmatched: Annotated[
        bool, typer.Option("--allow-unmatched", help="Score what pairs up, although some pictures do not.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Table to write: .parquet, .csv or .jsonl.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Rows as a JSON list on standard output.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="HTML page to write, with pictures and heat maps.")
    ] = None,
    maps: Annotated[Path | None, typer.Option(help="Folder for a heat map per pair and metric.")] = None,
    resize: Annotated[
        str, typer.Option(help="Where sizes differ: refuse, reference, distorted (resize to it) or crop.")
    ] = "refuse",
    background: Annotated[str, typer.Option(help="Colour to lay transparent pictures on.")] = "white",
    max_pixels: Annotated[int, typer.Option(help="Refuse pictures with more pixels.")] = 100_000_000,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    batch_size: Annotated[int | None, typer.Option(help="Most pairs at once.  [default: chosen]")] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="What computes networks: torch, openvino, or auto (OpenVINO where it is installed)."
        ),
    ] = "auto",
    precision: Annotated[
        str, typer.Option(help="What networks compute in: auto (fp32), fp32, or bf16, faster and less exact.")
    ] = "auto",
    every: Annotated[int, typer.Option(help="Of videos, score every N-th frame only.")] = 1,
    align: Annotated[
        str, typer.Option(help="Where videos' rates or lengths differ: refuse, shortest, or time.")
    ] = "refuse",
    size: Annotated[str | None, typer.Option(help="Of raw video (.yuv): WIDTHxHEIGHT.")] = None,
    pix_fmt: Annotated[str, typer.Option(help="Of raw video: ffmpeg's pixel format.")] = "yuv420p",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no summary.")] = False,
) -> None:
    """Score pictures, or the frames of a video, against their references.

    Exit code: 0 all scored, 1 some rows failed (their error column says why), 2 bad usage, 130 interrupted
    and 3 broken off or not all written (what was scored is kept).

    Examples:
        beholder score original.png restored.png -m lpips_alex,ssim

        beholder score originals/ restored/ -m psnr_y:border=4,lpips_vgg -o scores.parquet --report page.html

        beholder score original.png tries/ --one-reference -m lpips_alex --json

        beholder score original.mp4 encoded.mp4 -m vmaf,psnr_y,lpips_alex --every 5 --report page.html
    """
    names = [name for given in metrics or () for name in split_requests(given)]
    if not names:
        raise UsageError(
            "no metric is named; for example -m lpips_alex,ssim. `beholder metrics` lists them all."
        )
    from beholder.reports import score_table
    from beholder.scoring import Settings

    settings = Settings(
        resize=resize,  # type: ignore[arg-type]  # Settings refuses what is no rule
        background=background,
        max_pixels=max_pixels,
        device=device,
        batch_size=batch_size,
        engine=engine,  # type: ignore[arg-type]  # and what is no engine
        precision=precision,  # type: ignore[arg-type]  # and no precision
    )
    options = VideoOptions(every, align, size, pix_fmt)
    videos = find_videos(reference, distorted)
    if videos and (pairs or one_reference or allow_unmatched):
        raise UsageError("--pairs, --one-reference and --allow-unmatched are for pictures; leave them out.")
    if videos:
        check_outputs(output, report, maps, read=videos)
        job = video_job(videos, names, settings, options, maps=maps is not None)
    else:
        options.refuse()
        pairing = _find_pairs(
            reference, distorted, pairs, one_reference=one_reference, allow_unmatched=allow_unmatched
        )
        read = [pairs, *(file for pair in pairing.pairs for file in (pair.reference, pair.distorted))]
        check_outputs(output, report, maps, read=read)
        job = picture_job(pairing.pairs, names, settings, maps=maps is not None or report is not None)
    table = run(job, report=report, maps=maps, quiet=quiet, output=output)
    if as_json:
        print_out(json.dumps(table.to_rows(), indent=1, ensure_ascii=False, allow_nan=False))
    elif output is None:
        print_wide(score_table(table))
    raise typer.Exit(exit_code(table))


def _find_pairs(
    reference: Path | None,
    distorted: Path | None,
    pairs: Path | None,
    *,
    one_reference: bool,
    allow_unmatched: bool,
) -> Pairing:
    from beholder.images import pair_paths, read_pairs

    if pairs is not None:
        if reference is not None or one_reference:
            raise UsageError(
                "--pairs names the files itself; leave out REFERENCE, DISTORTED and --one-reference."
            )
        return read_pairs(pairs)
    if reference is None or distorted is None:
        raise UsageError(
            "name REFERENCE and DISTORTED (files or folders), or --pairs FILE. See beholder score -h."
        )
    found = pair_paths(reference, distorted, one_reference=one_reference, allow_unmatched=allow_unmatched)
    for side, files in (("reference", found.unmatched_references), ("distorted", found.unmatched_distorted)):
        if files:
            more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
            say(
                f"{len(files)} {side} pictures without a partner: {', '.join(map(str, files[:_SHOWN]))}{more}"
            )
    return found


def picture_job(pairs: Sequence[Pair], metrics: Sequence[str], settings: Settings, *, maps: bool) -> Job:
    """The job of scoring pairs of pictures, after fetching the weights that are missing.

    Raises:
        UsageError: If a metric is unknown.
        WeightsError: If weights cannot be had.
    """
    from beholder.cli.weights import fetch_missing
    from beholder.reports import write_score_page
    from beholder.scoring import Scorer
    from beholder.scoring.memory import limit_memory

    limit_memory()
    fetch_missing(list(metrics))
    scorer = Scorer(metrics, settings, maps=maps)

    def write_page(table: ScoreTable, path: Path, drawn: Mapping[tuple[int, str], Path]) -> None:
        write_score_page(table, path, maps=drawn)

    return Job(
        unit="pairs",
        names=[pair.distorted for pair in pairs],
        specs={name: metric.spec for name, metric in scorer.metrics.items()},
        stream=lambda: scorer.stream(pairs),
        provenance=scorer.provenance,
        pool=lambda _: (),
        write_page=write_page,
        maps_on_page=True,
    )
