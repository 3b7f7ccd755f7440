"""What every command says: results on standard output, the rest on standard error."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

__all__ = ["messages", "print_out", "print_wide", "progress_bar", "say", "show_error"]


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


def print_out(text: str) -> None:
    """Results, on standard output; where it is full, or nobody reads on, the command ends with exit code 3."""
    try:
        typer.echo(text, nl=not text.endswith("\n"))
    except OSError as error:
        # What is still buffered would fail again as Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            show_error(f"standard output cannot be written: {error.strerror}.")
        raise typer.Exit(3) from error


def print_wide(table: Table) -> None:
    """A table on standard output, never squeezed: where the terminal is narrower, lines run over."""
    from rich.console import Console
    from rich.measure import Measurement

    screen, wide = Console(), Console(width=100_000)
    needed = Measurement.get(wide, wide.options, table).maximum
    text = io.StringIO()
    Console(
        file=text, highlight=False, width=max(screen.width, needed), force_terminal=screen.is_terminal
    ).print(table)
    print_out(text.getvalue())


def progress_bar(unit: str = "pairs", *, quiet: bool = False) -> Progress:
    """A bar with rate and time left, on standard error, for tasks with a text field ``failed``.

    A task whose unit is another names it in a field ``unit``.
    """
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
            # Of less than a second's work, it would tell how long the first batch waited for its pictures.
            return (
                f"{speed:.1f} {task.fields.get('unit', unit)}/s" if speed and (task.elapsed or 0) >= 1 else ""
            )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, TextColumn("[red]{task.fields[failed]}"), console=messages(), disable=quiet)
