"""The `beholder` command and its subcommands."""

from __future__ import annotations

import gc
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from beholder.cli.agree import agree
from beholder.cli.blend import blend
from beholder.cli.calibrate import calibrate
from beholder.cli.compare import compare
from beholder.cli.completion import run_program
from beholder.cli.console import say, show_error
from beholder.cli.data import data
from beholder.cli.degrade import degrade
from beholder.cli.demo import demo
from beholder.cli.distort import distort
from beholder.cli.doctor import doctor
from beholder.cli.losses import losses
from beholder.cli.metrics import metrics
from beholder.cli.networks import networks
from beholder.cli.restore import models, restore
from beholder.cli.score import score
from beholder.cli.serve import serve
from beholder.cli.study import study
from beholder.cli.stylise import stylise
from beholder.cli.sweep import sweep
from beholder.cli.train import recipes, train
from beholder.cli.weights import weights
from beholder.spec import BeholderError

__all__ = ["main"]

_OBJECTS = 20_000  # made before garbage is searched for


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("interrupted")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Commands,
    name="beholder",
    help="Measure how alike pictures look to a person.",
    epilog="Start with: beholder demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_MEASURE, _TRAIN, _ASK, _LOOK_UP = "Measure", "Train and restore", "Ask people, learn from them", "Look up"
for _panel, _commands in {
    _MEASURE: (score, compare, agree, serve, demo),
    _TRAIN: (train, sweep, blend, restore, degrade, stylise),
    _LOOK_UP: (metrics, losses, networks, recipes, models, doctor),
}.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
for _name, _group in {"study": study, "data": data, "distort": distort, "calibrate": calibrate}.items():
    app.add_typer(_group, name=_name, rich_help_panel=_ASK)
app.add_typer(weights, name="weights", rich_help_panel=_LOOK_UP)


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
    # Searching for garbage took 0.4 of the 2 s that a short command needs: often among the half a million objects that
    # torch makes when it is imported, and once more in all of them at the end.
    gc.set_threshold(_OBJECTS)
    try:
        run_program(app)
    except BeholderError as error:
        show_error(str(error))
        sys.exit(2)
    finally:
        gc.freeze()
