"""`beholder restore`: pictures through a trained network."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.completion import complete_models
from beholder.cli.console import print_out, print_wide, progress_bar, say, show_error
from beholder.cli.options import Device, MaxPixels, Quiet
from beholder.cli.outputs import check_outputs
from beholder.cli.picture_files import make_folder_of, plan_pictures
from beholder.spec import BeholderError

if TYPE_CHECKING:
    from beholder.reports.restored_page import Restorations
    from beholder.training.restoring import Restorer

__all__ = ["models", "restore"]


def restore(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_models,
            help="One of `beholder models`, or model.safetensors of a training run.",
        ),
    ],
    pictures: Annotated[Path, typer.Argument(help="A picture, or a folder of them.")],
    output: Annotated[Path, typer.Argument(help="Picture to write; for a folder, the folder.")],
    match_histogram: Annotated[
        str, typer.Option(help="Give results the colours of their inputs: none, rgb (each channel) or lab.")
    ] = "none",
    self_ensemble: Annotated[
        bool,
        typer.Option(
            "--self-ensemble", help="Mean of each picture restored in eight positions: eight times as long."
        ),
    ] = False,
    report: Annotated[Path | None, typer.Option(help="HTML page to write: each before and after.")] = None,
    tile: Annotated[
        int | None, typer.Option(help="Height and width of the tiles, in pixels.  [default: chosen]")
    ] = None,
    device: Device = "auto",
    max_pixels: MaxPixels = 100_000_000,
    quiet: Quiet = False,
) -> None:
    """Restore pictures with a trained network, in tiles: memory does not grow with the picture, and no seam shows.

    Of a folder every picture is restored, in its subfolders too, and written under its own name as .png. Colours become
    sRGB; EXIF data are kept. No picture is written over.

    Exit code: 0 all restored, 1 some could not be, 2 bad usage.

    Examples:
        beholder restore deblock blocky.jpg clean.png

        beholder restore deblock blocky/ clean/ --report before-and-after.html

        beholder restore runs/sr-x4/model.safetensors small/ large/ --match-histogram lab
    """
    from beholder.scoring import Settings
    from beholder.training.restoring import Restorer

    device = Settings(device=device).device
    jobs = plan_pictures(pictures, output)
    page = None
    if report is not None:
        from beholder.reports.restored_page import Restorations

        check_outputs(None, report, None, read=[source for source, _ in jobs])
        page = Restorations()
    restorer = Restorer(
        model,
        tile=tile,
        match=match_histogram,  # type: ignore[arg-type]  # refused there
        self_ensemble=self_ensemble,
        device=device,
    )
    errors: list[str] = []
    with progress_bar("pictures", quiet=quiet) as bar:
        task = bar.add_task("restoring", total=len(jobs), failed="")
        for source, target in jobs:
            try:
                _restore_one(restorer, source, target, max_pixels, page)
            except BeholderError as error:
                errors.append(str(error))
                show_error(str(error))
            bar.update(task, advance=1, failed=f"{len(errors)} failed" if errors else "")
    say(f"wrote {len(jobs) - len(errors)} of {len(jobs)} pictures to {output}")
    if page is not None and report is not None:
        page.failed += errors
        _write_report(page, report, model, restorer)
    raise typer.Exit(1 if errors else 0)


def _restore_one(
    restorer: Restorer, source: Path, target: Path, max_pixels: int, page: Restorations | None
) -> None:
    from beholder.data.degradations.stored import to_levels
    from beholder.images import read_picture, save_picture
    from beholder.scoring import as_text

    picture = read_picture(source, max_pixels=max_pixels)
    notes, restored = picture.notes, restorer.restore(picture.pixels)
    before = to_levels(picture.pixels) if page is not None else None
    # the writer needs the memory
    del picture
    make_folder_of(target)
    save_picture(restored, target, like=source)
    if page is not None and before is not None:
        name = f"{as_text(source)} → {as_text(target)}"
        page.add(name, {"Before": before, "After": restored}, notes)


def _write_report(page: Restorations, report: Path, model: str, restorer: Restorer) -> None:
    import hashlib
    import shlex
    import sys
    from datetime import UTC, datetime

    from beholder.reports.restored_page import write_restored_page
    from beholder.scoring import as_text

    told = restorer.told
    write_restored_page(
        page,
        report,
        told={
            "model": model,
            "what it does": told["recipe"]["title"],
            "network": told["network"],
            "steps of training": f"{told['step']:,}",
            "colours matched": restorer.match,
            "self-ensemble": "mean of eight positions" if restorer.self_ensemble else "none",
            "trained with": f"beholder {told['beholder']}",
            "sha256 of the model": hashlib.sha256(restorer.file.read_bytes()).hexdigest(),
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=as_text(shlex.join(["beholder", *sys.argv[1:]])),
    )
    say(f"wrote {report}")


def models() -> None:
    """List the trained models that come with Beholder: name, network, scores, and what each does.

    Behind each score stands that of the pictures before they were restored; which pictures, its card tells.

    Example:
        beholder models
    """
    from rich.table import Table

    from beholder.training.model_file import read_about
    from beholder.training.shipped import shipped_models

    table = Table("name", "network", "steps", "scores (before)", "what it does")
    for name, path in shipped_models().items():
        told = read_about(path)
        scores = ", ".join(
            f"{metric} {score:.4g} ({told['before'][metric]:.4g})" for metric, score in told["scores"].items()
        )
        table.add_row(name, told["network"], str(told["step"]), scores, told["recipe"]["title"])
    print_wide(table)
    print_out(
        f"beholder restore NAME IN OUT; each has a card, NAME.md, in {Path(str(files('beholder'))) / 'models'}"
    )
