"""`beholder distort`: pictures spoilt as those that people judged for BAPPS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from beholder.cli.console import print_out, print_wide, progress_bar, say
from beholder.cli.options import AsList, Quiet
from beholder.spec import UsageError

__all__ = ["distort"]

distort = typer.Typer(
    help="Distort pictures as those that people judged for BAPPS, and make pictures for people to judge.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@distort.command()
def make(
    photos: Annotated[Path, typer.Argument(help="A folder of photographs, or a .zip or .tar of them.")],
    output: Annotated[Path, typer.Argument(help="The BAPPS folder to write.")],
    scheme: Annotated[
        str, typer.Option(help="Where the distortions come from: traditional, cnn or mix.")
    ] = "traditional",
    autoencoders: Annotated[
        Path | None, typer.Option(help="For cnn and mix: a folder of `beholder distort train-autoencoders`.")
    ] = None,
    triplets: Annotated[int, typer.Option(min=1, help="How many.")] = 5000,
    size: Annotated[int, typer.Option(min=1, help="Side of a patch, in pixels.")] = 64,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    split: Annotated[
        Literal["train", "val"], typer.Option(help="Which part of BAPPS; each draws its own.")
    ] = "train",
    quiet: Quiet = False,
) -> None:
    """Make triplets, a patch and two distorted ones each, in BAPPS's folders, for people to judge.

    Writes OUTPUT/2afc/SPLIT/SCHEME/{ref,p0,p1}/NNNNNN.png, and distortions.parquet beside them, which tells what was done to
    each. There is no folder judge: nobody has judged yet. After an interruption the same command goes on; anything
    else that lies there is refused. The same photographs, seed, split and size, and autoencoders, give the same files.

    Examples:
        beholder distort make photographs/ bapps/ --triplets 5000

        beholder distort make other-photographs/ bapps/ --triplets 500 --split val

        beholder distort make photographs/ bapps/ --scheme cnn --autoencoders autoencoders/
    """
    from beholder.data.distortions import Triplets, create_scheme, triplet_folder, write_triplets
    from beholder.data.packs import open_pack

    chosen = create_scheme(scheme, autoencoders)
    with progress_bar("triplets", quiet=quiet) as bar:
        reading = bar.add_task("decoding", total=None, failed="", unit="pictures")
        pack = open_pack(photos, tell=lambda done, total: bar.update(reading, completed=done, total=total))
        bar.remove_task(reading)
        wanted = Triplets(pack, chosen, triplets, size=size, seed=seed, split=split)
        task = bar.add_task("distorting", total=triplets, failed="")
        made = write_triplets(wanted, output, tell=lambda done: bar.update(task, completed=done))
    if wanted.left_out:
        say(f"left out {wanted.left_out} of {len(pack)} photographs, smaller than {size} pixels")
    there = f", {triplets - made} were there" if made < triplets else ""
    say(f"made {made} triplets in {triplet_folder(output, wanted)}{there}")


@distort.command()
def levels(
    name: Annotated[str, typer.Argument(help="A distortion, or several in order with + between them.")],
    photos: Annotated[Path, typer.Argument(help="A folder of photographs, or a .zip or .tar of them.")],
    output: Annotated[Path, typer.Argument(help="The folder to make.")],
    strengths: Annotated[
        str, typer.Option(help="Listed with commas; or FIRST:LAST:HOW MANY, from above 0 to 1.")
    ] = "0.05:1:12",
    log: Annotated[
        bool, typer.Option("--log", help="FIRST to LAST in equal factors, not in equal steps.")
    ] = False,
    references: Annotated[
        int | None, typer.Option(min=1, help="How many patches; by default one a photograph.")
    ] = None,
    size: Annotated[int, typer.Option(min=1, help="Side of a patch, in pixels.")] = 64,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    sheet: Annotated[
        Path | None, typer.Option(help="Draw the first references at all strengths: .png, .webp or .jpg.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Make references, and each at every strength, for a study that asks which strengths are seen.

    Writes OUTPUT/reference/NNNNNN.png, OUTPUT/STRENGTH/NNNNNN.png, and levels.parquet beside them, which tells where each was cut
    and how far each is from its reference. A design takes the folder as `stimuli: {levels: OUTPUT}`. The folder is made whole or
    not at all. Along the strengths of a reference nothing else changes: direction, sign and noise are the same.

    Examples:
        beholder distort levels gaussian_blur photographs/ blur/ --strengths 0.05:1:12

        beholder distort levels jpeg photographs/ jpeg/ --strengths 0.02:1:16 --log --references 20 --sheet jpeg.png
    """
    from beholder.data.distortions import Levels, not_farther, read_composition, read_strengths, write_levels
    from beholder.data.distortions.levels_folder import check_levels_folder
    from beholder.data.packs import open_pack
    from beholder.reports.distortion_sheet import check_sheet_ending, save_sheet
    from beholder.reports.levels_sheet import draw_levels

    composition, chosen = read_composition(name), read_strengths(strengths, log=log)
    check_levels_folder(output)
    if sheet is not None:
        check_sheet_ending(sheet)
        _check_new(sheet)
    with progress_bar("pictures", quiet=quiet) as bar:
        reading = bar.add_task("decoding", total=None, failed="", unit="pictures")
        pack = open_pack(photos, tell=lambda done, total: bar.update(reading, completed=done, total=total))
        bar.remove_task(reading)
        wanted = Levels(pack, composition, chosen, count=references, size=size, seed=seed)
        task = bar.add_task("distorting", total=None, failed="")
        record = write_levels(
            wanted, output, tell=lambda done, total: bar.update(task, completed=done, total=total)
        )
    if wanted.left_out:
        say(f"left out {wanted.left_out} of {len(pack)} photographs, smaller than {size} pixels")
    say(f"made {len(wanted)} references at {len(chosen)} strengths in {output}")
    if odd := not_farther(record).rows(named=True):
        say(
            "note: {} of {} are not farther, by RMS, at every greater strength, such as {reference:06d} at {stronger:g} "
            "and {weaker:g}".format(len(odd), len(wanted), **odd[0])
        )
    if sheet is not None:
        save_sheet(draw_levels(wanted), sheet)
        say(f"wrote {sheet}")


@distort.command("train-autoencoders")
def train_them(
    photos: Annotated[Path, typer.Argument(help="A folder of photographs, or a .zip or .tar of them.")],
    output: Annotated[Path, typer.Argument(help="The folder of the autoencoders.")],
    count: Annotated[int, typer.Option(min=1, help="How many; BAPPS has 96.")] = 96,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Steps of the optimiser for each.")] = 400,
    quiet: Quiet = False,
) -> None:
    """Train denoising autoencoders whose pictures are distortions: the schemes cnn and mix.

    Each has an input, layers, losses and a learning rate of its own, drawn by its number (docs/distortions.md). After an
    interruption the same command goes on with those that are missing; others are refused.

    Example:
        beholder distort train-autoencoders photographs/ autoencoders/ --count 96
    """
    from beholder.calibration.autoencoders import train_autoencoders
    from beholder.cli.weights import fetch_missing
    from beholder.data.packs import open_pack

    fetch_missing((), ["content"])
    with progress_bar("steps", quiet=quiet) as bar:
        reading = bar.add_task("decoding", total=None, failed="", unit="pictures")
        pack = open_pack(photos, tell=lambda done, total: bar.update(reading, completed=done, total=total))
        bar.remove_task(reading)
        task = bar.add_task("training", total=count * steps, failed="")
        trained = train_autoencoders(
            pack,
            output,
            count,
            seed=seed,
            steps=steps,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    there = f", {count - trained} were there" if trained < count else ""
    say(f"trained {trained} autoencoders in {output}{there}")


@distort.command("list")
def list_distortions(
    compositions: Annotated[bool, typer.Option(help="List the 308 compositions, too.")] = False,
    as_json: AsList = False,
) -> None:
    """List the distortions, and what a strength from 0 to 1 means for each.

    Example:
        beholder distort list --compositions
    """
    from beholder.data.distortions import COMPOSITIONS, DISTORTIONS

    listed = [
        {"name": each.name, "kind": each.kind, "title": each.title, "strength": each.strength}
        for each in DISTORTIONS.values()
    ]
    if compositions:
        listed += [
            {
                "name": each.name,
                "kind": "+".join(part.kind for part in each.parts),
                "title": "",
                "strength": "",
            }
            for each in COMPOSITIONS
        ]
    if as_json:
        print_out(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("name", "kind", "what it does", "strength 0 to 1")
    for row in listed:
        table.add_row(*row.values())
    print_wide(table)


@distort.command()
def sheet(
    picture: Annotated[Path, typer.Argument(help="A picture; its middle is shown.")],
    output: Annotated[Path, typer.Argument(help="The sheet to write: .png, .webp or .jpg.")],
    size: Annotated[int, typer.Option(min=16, help="Side of what is shown, in pixels.")] = 112,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
) -> None:
    """Show all distortions of a picture at five strengths on one sheet.

    Example:
        beholder distort sheet photograph.jpg sheet.png
    """
    from beholder.images import read_picture
    from beholder.reports.distortion_sheet import check_sheet_ending, draw_sheet, save_sheet

    check_sheet_ending(output)
    _check_new(output)
    save_sheet(draw_sheet(read_picture(picture).pixels, size=size, seed=seed), output)
    say(f"wrote {output}")


@distort.command()
def apply(
    name: Annotated[str, typer.Argument(help="A distortion, or several in order with + between them.")],
    picture: Annotated[Path, typer.Argument(help="A picture.")],
    output: Annotated[Path, typer.Argument(help="The picture to write.")],
    strength: Annotated[str, typer.Option(help="0 to 1; or one for each distortion, with commas.")] = "0.5",
    seed: Annotated[int, typer.Option(help="Of whatever is drawn.")] = 0,
) -> None:
    """Distort one picture.

    Examples:
        beholder distort apply ghosting photograph.png doubled.png --strength 0.8

        beholder distort apply contrast+jpeg photograph.png spoilt.png --strength 0.3,0.9
    """
    from beholder.data.distortions import read_composition
    from beholder.data.drawing import random_source
    from beholder.images import read_picture, save_picture
    from beholder.images.saving import check_picture_ending

    composition = read_composition(name)
    try:
        strengths = [float(each) for each in strength.split(",")]
    except ValueError as error:
        raise UsageError(
            f"the strength is {strength!r}; expected numbers from 0 to 1, such as 0.5 or 0.3,0.9."
        ) from error
    if len(strengths) == 1:
        strengths *= len(composition.parts)
    check_picture_ending(output)
    _check_new(output)
    distorted = composition(read_picture(picture).pixels, strengths, random_source(f"{seed}"))
    save_picture(distorted, output)


def _check_new(output: Path) -> None:
    from beholder.cli.outputs import check_file

    if output.exists():
        raise UsageError(f"{output}: is there already; move it, or name another file.")
    check_file(output)
