"""`beholder degrade`: pictures spoilt as for training, to restore and to score."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beholder.cli.console import progress_bar, say, show_error
from beholder.cli.options import MaxPixels, Quiet
from beholder.cli.picture_files import make_folder_of, plan_pictures
from beholder.spec import BeholderError, PictureError

__all__ = ["degrade"]


def degrade(
    degradation: Annotated[
        str, typer.Argument(help="jpeg:quality=10, shrink:scale=4, noise:sigma=0.1, grey")
    ],
    pictures: Annotated[Path, typer.Argument(help="A picture, or a folder of them.")],
    output: Annotated[Path, typer.Argument(help="Picture to write; for a folder, the folder.")],
    seed: Annotated[int, typer.Option(help="Of whatever is drawn.")] = 0,
    max_pixels: MaxPixels = 100_000_000,
    quiet: Quiet = False,
) -> None:
    """Spoil pictures as training does: by JPEG, shrinking, noise, or several of them in order.

    What is written holds the spoilt pixels to the last bit, rounded to 8 bits, but where OUTPUT ends in .jpg: the size of a file
    tells nothing of JPEG's. Of a folder every picture is taken, in its subfolders too. Shrinking drops rows and columns that are left over;
    it tells of which pictures. Nothing is written over. The ways to spoil and their options: docs/data.md.

    Exit code: 0 all spoilt, 1 some could not be, 2 bad usage.

    Examples:
        beholder degrade jpeg:quality=10 photographs/ blocky/

        beholder degrade "shrink:scale=4, noise:sigma=0.02" original.png small.png
    """
    from beholder.catalog import create_degradation
    from beholder.data.degradations.stored import to_levels
    from beholder.data.drawing import random_source
    from beholder.images import read_picture, save_picture

    spoil = create_degradation(degradation)
    jobs = plan_pictures(pictures, output)
    failed = 0
    with progress_bar("pictures", quiet=quiet) as bar:
        task = bar.add_task("spoiling", total=len(jobs), failed="")
        for place, (source, target) in enumerate(jobs):
            try:
                clean = to_levels(read_picture(source, max_pixels=max_pixels).pixels)
                spoilt = spoil(clean, random_source(f"{seed}/{place}"))
                make_folder_of(target)
                save_picture(spoilt, target)
            except BeholderError as error:
                failed += 1
                show_error(str(error) if isinstance(error, PictureError) else f"{source}: {error}")
            else:
                _tell_of_what_is_dropped(source, clean.shape[-2:], spoil.scale)
            bar.update(task, advance=1, failed=f"{failed} failed" if failed else "")
    say(f"wrote {len(jobs) - failed} of {len(jobs)} pictures to {output}")
    raise typer.Exit(1 if failed else 0)


def _tell_of_what_is_dropped(source: Path, size: tuple[int, ...], scale: int) -> None:
    rows, columns = (side % scale for side in size)
    if rows or columns:
        say(
            f"{source}: its last {rows} rows and {columns} columns are left out; cut it to "
            f"{size[1] - columns}x{size[0] - rows} before scoring what is made of the result."
        )
