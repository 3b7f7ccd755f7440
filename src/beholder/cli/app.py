"""The `beholder` command and its subcommands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from beholder.cli.console import show_error
from beholder.cli.demo import demo
from beholder.cli.metrics import metrics
from beholder.cli.score import score
from beholder.cli.weights import weights
from beholder.spec import BeholderError

__all__ = ["main"]

app = typer.Typer(
    name="beholder",
    help="Measure how alike pictures look to a person.",
    epilog="Start with: beholder demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(score)
app.command()(demo)
app.command()(metrics)
app.add_typer(weights, name="weights")


def _print_version(wanted: bool) -> None:
    if wanted:
        from beholder import __version__

        typer.echo(f"beholder {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line; an error of the user's becomes a message and exit code 2."""
    try:
        app()
    except BeholderError as error:
        show_error(str(error))
        sys.exit(2)
