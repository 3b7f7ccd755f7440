"""What every command says to a person, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

__all__ = ["messages", "print_wide", "progress_bar", "say", "show_error"]


def messages() -> Console:
    """The console on standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One line on standard error."""
    typer.echo(text, err=True)


def show_error(text: str) -> None:
    """An error, on standard error."""
    typer.secho("error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(text, err=True)


def print_wide(table: Table) -> None:
    """A table on standard output, never squeezed: where the terminal is narrower, lines run over."""
    from rich.console import Console
    from rich.measure import Measurement

    wide = Console(width=100_000)
    needed = Measurement.get(wide, wide.options, table).maximum
    Console(highlight=False, width=max(Console().width, needed)).print(table)


def progress_bar(*, quiet: bool = False) -> Progress:
    """A bar with rate and time left, on standard error, for tasks with a text field ``failed``."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )

    class Rate(ProgressColumn):
        def render(self, task: Task) -> str:
            speed = task.finished_speed or task.speed
            return f"{speed:.1f} pairs/s" if speed else ""

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, TextColumn("[red]{task.fields[failed]}"), console=messages(), disable=quiet)
