"""`beholder data`: sets of what people said of pictures, checked and packed."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beholder.cli.console import messages, print_out, print_wide, progress_bar, say
from beholder.cli.options import AsObject, Quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from beholder.data.judged import Examination, JudgementSet

__all__ = ["data"]

data = typer.Typer(
    help="Check and pack data sets of what people said of pictures.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

_Kind = Annotated[str | None, typer.Option(help="triplets or pairs, where a folder holds both.")]


@data.command()
def check(
    path: Annotated[Path, typer.Argument(help="Folder of a data set, or a Parquet file of judgements.")],
    deep: Annotated[bool, typer.Option("--deep", help="Read every picture.")] = False,
    as_json: AsObject = False,
    quiet: Quiet = False,
) -> None:
    """Tell which data set a folder is, and whether it is whole.

    Known are BAPPS at any of its levels, NIGHTS, TID2013, KADID-10k, CSIQ, LIVE, PIPAL, and tables that
    `beholder data pack` wrote: docs/judgements.md shows their layouts. All folders are listed and all labels read; of
    the pictures only those of each subset's first row, unless --deep is given.

    Exit code: 0 whole, 1 something is wrong, 2 no known data set.

    Examples:
        beholder data check dataset/2afc/val

        beholder data check kadid10k/ --deep --json
    """
    from beholder.data.judged import examine

    with _bars(quiet) as tell:
        found = examine(path, deep=deep, tell=tell)
    if as_json:
        print_out(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        _show(found)
    raise typer.Exit(0 if found.whole else 1)


@data.command()
def pack(
    path: Annotated[Path, typer.Argument(help="Folder of a data set.")],
    output: Annotated[Path, typer.Argument(help="File to write: .parquet.")],
    kind: _Kind = None,
    paths: Annotated[bool, typer.Option("--paths", help="Store paths instead of the pictures.")] = False,
    quiet: Quiet = False,
) -> None:
    """Put a data set into one Parquet file, its pictures byte for byte.

    Exit code: 0 written, 2 the set is not whole, or bad usage.

    Examples:
        beholder data pack dataset/2afc/val bapps_val.parquet

        beholder data pack dataset/ bapps_jnd.parquet --kind pairs
    """
    from beholder.cli.outputs import check_file
    from beholder.data.judged import write_judgements
    from beholder.spec import UsageError

    if output.suffix != ".parquet":
        raise UsageError(f"{output}: the ending {output.suffix!r} is unknown; expected .parquet.")
    check_file(output)
    with _bars(quiet) as tell:
        judged = _open(path, kind, tell)
        total = len(judged)
        count = write_judgements(
            judged,
            output,
            pictures="paths" if paths else "bytes",
            tell=lambda done: tell("rows", done, total),
        )
    say(f"wrote {count:,} {judged.kind} to {output}")


@data.command()
def unpack(
    path: Annotated[Path, typer.Argument(help="Parquet file of triplets or pairs.")],
    output: Annotated[Path, typer.Argument(help="Folder to make, as BAPPS has them.")],
    quiet: Quiet = False,
) -> None:
    """Make folders as BAPPS has them of a Parquet file, pictures byte for byte.

    Exit code: 0 written, 2 the file is not whole, or bad usage.

    Example:
        beholder data unpack bapps_val.parquet dataset/
    """
    from beholder.data.judged import unpack_judgements

    with _bars(quiet) as tell:
        judged = _open(path, None, tell)
        total = len(judged)
        count = unpack_judgements(judged, output, tell=lambda done: tell("rows", done, total))
    say(f"wrote {count:,} {judged.kind} to {output}")


def _open(path: Path, kind: str | None, tell: Callable[[str, int, int], object]) -> JudgementSet:
    from beholder.data.judged import open_judgements

    return open_judgements(
        path,
        kind=kind,  # type: ignore[arg-type]  # open_judgements refuses what is none
        tell=lambda done, total: tell("labels", done, total),
    )


@contextlib.contextmanager
def _bars(quiet: bool) -> Iterator[Callable[[str, int, int], object]]:
    """A progress bar for each thing that is read or written."""
    tasks: dict[str, Any] = {}
    with progress_bar(quiet=quiet) as bar:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, failed="", unit=what)
            bar.update(tasks[what], completed=done)

        yield tell


def _show(found: Examination) -> None:
    from rich.markup import escape
    from rich.table import Table

    told = found.as_dict()
    table = Table(
        "kind", "subset", "rows", "references", "votes", "answers", "pictures", title=escape(found.form)
    )
    for judged in told["sets"]:
        for subset in judged["subsets"]:
            low, high = subset["answers"]
            better = f", {judged['better']} is better" if judged["better"] else ""
            table.add_row(
                judged["kind"],
                escape(subset["name"]),
                f"{subset['rows']:,}",
                f"{subset['references']:,}" if subset["references"] else "",
                ", ".join(map(str, subset["votes"])),
                f"{low:g} to {high:g}{better}",
                _sizes(subset["sizes"]),
            )
    print_wide(table)
    if not found.deep:
        say("of the pictures the first of each subset were read; --deep reads them all.")
    console = messages()
    for note in told["notes"]:
        console.print(f"[yellow]note:[/] {escape(note)}")
    for problem in found.findings.problems:
        console.print(f"[red]{problem.count:,} wrong:[/] {escape(str(problem))}")
    say(f"{found.path}: {'whole' if found.whole else 'not whole'}")


def _sizes(sizes: list[list[int]]) -> str:
    if not sizes:
        return ""
    shown = [f"{width}x{height}" for height, width in (min(sizes), max(sizes))]
    return shown[0] if len(sizes) == 1 else f"{len(sizes)} sizes, {shown[0]} to {shown[1]}"
