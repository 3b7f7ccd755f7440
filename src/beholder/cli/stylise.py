"""`beholder stylise`: a picture in the style of another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from beholder.cli.console import progress_bar, say
from beholder.cli.options import Device, Quiet
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from beholder.training.stylising import Step

__all__ = ["stylise"]


def stylise(
    content: Annotated[Path, typer.Argument(help="Picture that tells what is seen.")],
    style: Annotated[Path, typer.Argument(help="Picture that tells how it looks.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Picture to write: .png, .jpg, .webp, .tif or .bmp.")
    ],
    style_loss: Annotated[
        Literal["gram", "nearest_patch", "contextual"],
        typer.Option(help="What style is: statistics, small pieces, or features wherever they stand."),
    ] = "gram",
    style_weight: Annotated[
        float | None,
        typer.Option(help="What the style weighs against the content.  [default: chosen for the loss]"),
    ] = None,
    steps: Annotated[int, typer.Option(help="How many steps.")] = 200,
    size: Annotated[int, typer.Option(help="Shrink both pictures until no side is longer, in pixels.")] = 384,
    start: Annotated[
        Literal["content", "noise"], typer.Option(help="Begin with the content picture, or with noise.")
    ] = "content",
    seed: Annotated[int, typer.Option(help="Seed of the noise, and of places that are drawn.")] = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Show one picture in the style of another, by optimising its pixels.

    Ctrl-C ends it early and keeps the picture so far. Exit code: 0 done, 2 bad usage, 130 interrupted.

    Examples:
        beholder stylise photo.jpg painting.jpg -o styled.png

        beholder stylise photo.jpg painting.jpg -o styled.png --style-loss nearest_patch --steps 100

        beholder stylise photo.jpg painting.jpg -o styled.png --style-weight 100 --size 512
    """
    _check(output, content, style, size)
    import torch

    from beholder.cli.running import listen
    from beholder.cli.weights import fetch_missing
    from beholder.images import read_picture, save_picture
    from beholder.scoring import Settings
    from beholder.scoring.memory import limit_memory
    from beholder.training.stylising import stylise_stepwise

    device = Settings(device=device).device
    pictures = [_shrink(read_picture(path).pixels[None], size).to(device) for path in (content, style)]
    limit_memory()
    torch.manual_seed(seed)
    fetch_missing(["content"])  # every loss that is offered looks through the same network
    taken = stylise_stepwise(
        *pictures, style_loss=style_loss, style_weight=style_weight, steps=steps, start=start, seed=seed
    )
    listen()
    last, interrupted = _follow(taken, steps, quiet=quiet)
    if last is None:
        say("interrupted before the first step; nothing is written.")
        raise typer.Exit(130)
    save_picture(last.picture[0], output)
    if interrupted:
        say(f"interrupted after {last.number} of {steps} steps; the picture so far is in {output}.")
        raise typer.Exit(130)
    if not quiet:
        say(f"wrote {output}")


def _check(output: Path, content: Path, style: Path, size: int) -> None:
    """Refuse what could not be written, before minutes of work and not after them."""
    from beholder.cli.outputs import check_file
    from beholder.images.saving import check_picture_ending

    check_picture_ending(output)
    if os.path.realpath(output) in (os.path.realpath(content), os.path.realpath(style)):
        raise UsageError(f"{output}: is read by this run; name another file to write.")
    if size < 1:
        raise UsageError(f"--size is {size}; expected a number of pixels, such as 384.")
    check_file(output)


def _shrink(picture: Tensor, size: int) -> Tensor:
    from beholder.ops.resize import resize

    height, width = picture.shape[-2:]
    scale = size / max(height, width)
    if scale >= 1:
        return picture
    sides = (max(1, round(side * scale)) for side in (height, width))
    return resize(picture, *sides).clamp(0, 1)


def _follow(taken: Iterator[Step], steps: int, *, quiet: bool) -> tuple[Step | None, bool]:
    """The last step that was done, and whether it was interrupted."""
    from beholder.scoring.memory import is_out_of_memory

    last = None
    with progress_bar("steps", quiet=quiet) as bar:
        task = bar.add_task("stylising", total=steps, failed="")
        try:
            for last in taken:
                losses = f"loss {last.total:.3g}: content {last.content:.3g}, style {last.style:.3g}"
                bar.update(task, completed=last.number, description=losses)
        except KeyboardInterrupt:
            return last, True
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise UsageError("the pictures are too large for the memory; name a smaller --size.") from error
    return last, False
