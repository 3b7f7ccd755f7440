"""What `beholder sweep` tells while it runs, and writes: the page, the plot, the table, the recommended recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.cli.console import print_out, print_wide, say
from beholder.spec import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from beholder.training.sweeping.ledger import Ledger
    from beholder.training.sweeping.plan import Sweep
    from beholder.training.task import Progress

__all__ = ["SweepProgress", "tell_sweep", "write_sweep"]

_PAGE, _PLOT, _TABLE, _CHOSEN = "sweep.html", "front.svg", "trials.csv", "recommended.yaml"


def write_sweep(plan: Sweep, ledger: Ledger, folder: Path) -> list[str]:
    """The page, the plot, the table and the recipe; what is recommended, in sentences.

    Raises:
        TrainingError: If the disk does not take them.
    """
    from datetime import UTC, datetime

    import polars as pl

    from beholder.reports.sweep_page import write_front, write_sweep_page
    from beholder.settings import write_settings
    from beholder.training.sweeping.front import recommend
    from beholder.training.sweeping.ledger import lock_folder
    from beholder.training.writing import replacing

    with lock_folder(folder):  # the processes that share it write the same files
        points, rows = ledger.points(), list(ledger.rows())
        chosen, advice = recommend(points, plan.axes)
        if chosen is not None:
            with replacing(folder / _CHOSEN) as partial:
                write_settings(plan.recommended(chosen.settings), partial)
            write_front(folder / _PLOT, points, chosen, plan.axes)
        with replacing(folder / _TABLE) as partial:
            kept = ("trial", "name", "state", *plan.objectives, "settings", "reason", "folder")
            told = [{name: row[name] for name in kept} for row in rows]
            pl.DataFrame(told, infer_schema_length=None).write_csv(partial)
        try:
            write_sweep_page(
                folder / _PAGE,
                title=plan.recipe.title,
                points=points,
                chosen=chosen,
                advice=advice,
                axes=plan.axes,
                rows=rows,
                trials=plan.trials,
                over=plan.over,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        except OSError as error:
            raise TrainingError(
                f"{folder / _PAGE}: cannot be written: {error.strerror}. Make room, and go on with --resume."
            ) from error
    return advice


def tell_sweep(plan: Sweep, ledger: Ledger, folder: Path) -> int:
    """The front, and what is recommended; how many trials failed."""
    from rich.table import Table

    from beholder.training.sweeping.front import find_front

    table = Table("trial", *plan.objectives, "settings", title="The front", title_justify="left")
    for point in find_front(ledger.points(), plan.axes):
        name = f"{point.number}: {point.name}" if point.is_named else point.name
        table.add_row(name, *(f"{score:.5g}" for score in point.scores), " ".join(point.settings))
    print_wide(table)
    for words in write_sweep(plan, ledger, folder):
        print_out(words)
    states = [row["state"] for row in ledger.rows()]
    say(
        f"{', '.join(f'{states.count(state)} {state}' for state in dict.fromkeys(states))} of {plan.trials} trials"
    )
    also = [name for name in (_PLOT, _TABLE, _CHOSEN) if (folder / name).is_file()]
    say(f"wrote {folder / _PAGE}, {', '.join(also)}")
    return states.count("failed")


class SweepProgress:
    """A bar of the trials and one of the steps of the trial that is under way; how each ended, above them.

    Args:
        bar: Where both are drawn.
        plan: The sweep.
        folder: Where what came out is written after each trial.
    """

    def __init__(self, bar: Bar, plan: Sweep, folder: Path) -> None:
        self.bar = bar
        self.plan = plan
        self.folder = folder
        self.all = bar.add_task("trials", total=plan.trials, failed="", unit="trials")
        self.one: TaskID | None = None
        self.number = -1

    def step(self, number: int, settings: tuple[str, ...], progress: Progress) -> None:
        """Show a step of a trial."""
        from beholder.training.sweeping.front import short_setting

        if self.one is None or number != self.number:
            if self.one is not None:
                self.bar.remove_task(self.one)
            self.number = number
            told = ", ".join(map(short_setting, settings))
            self.one = self.bar.add_task(f"trial {number}: {told}", total=progress.steps, failed="")
        scores = progress.scores or {}
        words = ", ".join(f"{name} {score:.4g}" for name, score in scores.items())
        self.bar.update(self.one, completed=progress.step)
        if words:
            self.bar.update(self.one, failed=words)

    def end(self, number: int, how: str, ledger: Ledger) -> None:
        """Tell how a trial ended, and write what has come out so far."""
        row = next(row for row in ledger.rows() if row["trial"] == number)
        scores = ", ".join(
            f"{name} {row[name]:.5g}" for name in self.plan.objectives if row[name] is not None
        )
        self.bar.console.print(
            f"trial {number} ({row['name'] or row['settings']}): {scores or how}", markup=False
        )
        self.bar.update(self.all, completed=min(ledger.count(), self.plan.trials))
        write_sweep(self.plan, ledger, self.folder)
