"""`beholder restore`: pictures through a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beholder.cli.console import print_out, print_wide, progress_bar, say, show_error
from beholder.cli.picture_files import plan_pictures
from beholder.spec import BeholderError

__all__ = ["models", "restore"]


def restore(
    model: Annotated[
        str, typer.Argument(help="One of `beholder models`, or model.safetensors of a training run.")
    ],
    pictures: Annotated[Path, typer.Argument(help="A picture, or a folder of them.")],
    output: Annotated[Path, typer.Argument(help="Picture to write; for a folder, the folder.")],
    match_histogram: Annotated[
        str, typer.Option(help="Give results the colours of their inputs: none, rgb (each channel) or lab.")
    ] = "none",
    tile: Annotated[int, typer.Option(help="Height and width of the tiles, in pixels.")] = 512,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 or mps.")] = "cpu",
    max_pixels: Annotated[int, typer.Option(help="Refuse pictures with more pixels.")] = 100_000_000,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Restore pictures with a trained network, in tiles: memory does not grow with the picture, and no seam shows.

    Of a folder every picture is restored, in its subfolders too, and written under its own name as .png. EXIF data are
    kept. Nothing is written over.

    Exit code: 0 all restored, 1 some could not be, 2 bad usage.

    Examples:
        beholder restore deblock blocky.jpg clean.png

        beholder restore runs/sr-x4/model.safetensors small/ large/ --match-histogram lab
    """
    from beholder.images import read_picture, save_picture
    from beholder.training.restoring import Restorer
    from beholder.training.shipped import find_model

    jobs = plan_pictures(pictures, output)
    restorer = Restorer(find_model(model), tile=tile, match=match_histogram, device=device)  # type: ignore[arg-type]  # refused there
    failed = 0
    with progress_bar("pictures", quiet=quiet) as bar:
        task = bar.add_task("restoring", total=len(jobs), failed="")
        for source, target in jobs:
            try:
                restored = restorer.restore(read_picture(source, max_pixels=max_pixels).pixels)
                target.parent.mkdir(parents=True, exist_ok=True)
                save_picture(restored, target, like=source)
            except BeholderError as error:
                failed += 1
                show_error(str(error))
            bar.update(task, advance=1, failed=f"{failed} failed" if failed else "")
    say(f"wrote {len(jobs) - failed} of {len(jobs)} pictures to {output}")
    raise typer.Exit(1 if failed else 0)


def models() -> None:
    """List the trained models that come with Beholder: name, network, scores in validation, and what each does.

    Example:
        beholder models
    """
    from rich.table import Table

    from beholder.training.model_file import read_about
    from beholder.training.shipped import shipped_models

    table = Table("name", "network", "steps", "scores in validation", "what it does")
    for name, path in shipped_models().items():
        told = read_about(path)
        scores = ", ".join(f"{metric} {score:.4g}" for metric, score in told["scores"].items())
        table.add_row(name, told["network"], str(told["step"]), scores, told["recipe"]["title"])
    print_wide(table)
    print_out(
        "beholder restore NAME IN OUT; each has a card beside it, NAME.md, in the package's folder models"
    )
