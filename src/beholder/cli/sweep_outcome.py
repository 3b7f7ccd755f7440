"""What `beholder sweep` writes and tells: the page, the plot, the table, the recommended recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.cli.console import print_out, print_wide, say

if TYPE_CHECKING:
    from pathlib import Path

    from beholder.training.sweeping.ledger import Ledger
    from beholder.training.sweeping.plan import Sweep

__all__ = ["tell_sweep", "write_sweep"]

_PAGE, _PLOT, _TABLE, _CHOSEN = "sweep.html", "front.svg", "trials.csv", "recommended.yaml"


def write_sweep(plan: Sweep, ledger: Ledger, folder: Path) -> list[str]:
    """The page, the plot, the table and the recipe; what is recommended, in sentences."""
    from datetime import UTC, datetime

    import polars as pl

    from beholder.reports.sweep_page import write_front, write_sweep_page
    from beholder.settings import write_settings
    from beholder.training.sweeping.front import recommend
    from beholder.training.writing import replacing

    points, rows = ledger.points(), list(ledger.rows())
    chosen, advice = recommend(points, plan.axes)
    if chosen is not None:
        with replacing(folder / _CHOSEN) as partial:
            write_settings(plan.recommended(chosen.settings), partial)
        write_front(folder / _PLOT, points, chosen, plan.axes)
    with replacing(folder / _TABLE) as partial:
        kept = ("trial", "name", "state", *plan.objectives, "settings", "reason", "folder")
        pl.DataFrame(
            [{name: row[name] for name in kept} for row in rows], infer_schema_length=None
        ).write_csv(partial)
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
    say(f"wrote {folder / _PAGE}, {_PLOT}, {_TABLE} and {_CHOSEN}")
    return states.count("failed")
