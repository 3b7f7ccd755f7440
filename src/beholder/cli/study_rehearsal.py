"""`beholder study rehearse`: a study asked of simulated observers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beholder.cli.console import progress_bar, say
from beholder.cli.options import Quiet
from beholder.cli.study_packages import require_study
from beholder.spec import UsageError

__all__ = ["rehearse"]


def rehearse(
    name: Annotated[Path, typer.Argument(help="The study's folder, which stays as it is.")],
    out: Annotated[Path, typer.Argument(help="The copy's folder, which is made.")],
    observers: Annotated[int, typer.Option(help="How many simulated observers come.")] = 20,
    careless: Annotated[float, typer.Option(help="Share of them who do not look.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="BEHOLDER_DATABASE", help="Where the study's answers go; the copy's go to its folder."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Ask a copy of a study of simulated observers, to see what it would tell before people are asked.

    They go the whole way through a server of the copy, as browsers do, without waiting. OUT/truth.json tells what is to
    be found: thresholds or scale values, and who is careless and how.

    Exit code: 0 done; 2 something is missing or wrong.

    Example:
        beholder study rehearse faces faces-rehearsed --observers 30 --careless 0.2
    """
    if observers < 1 or not 0 <= careless <= 1:
        raise UsageError(
            f"observers is {observers} and careless {careless}; expected 1 or more, and a share from 0 to 1."
        )
    require_study()
    from beholder.study.folder import StudyFolder
    from beholder.study.rehearsal import rehearse_study

    folder = StudyFolder(name)
    opened = folder.open_database(database)
    design = folder.design
    plan = design.session
    each = plan.trials + plan.repetitions + design.catch.identical + design.catch.noise
    total = observers * (each * plan.sessions + design.training.trials)
    with progress_bar("answers", quiet=quiet) as bar:
        task = bar.add_task("rehearsing", total=total, failed="")
        found = rehearse_study(
            folder,
            opened,
            out,
            observers=observers,
            careless=careless,
            seed=seed,
            tell=lambda: bar.advance(task),
        )
        bar.update(task, total=found.answers, completed=found.answers)
    opened.close()
    say(f"made {out}: {found.answers} answers; {out / 'truth.json'} tells the truth")
    say(f"observers who came to the end: {found.arrived}; for whom too little was left: {found.turned_away}")
    say(f"what it tells: beholder study analyse {out}")
