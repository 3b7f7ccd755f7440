"""A study asked of simulated observers, to see what it would tell before people are asked."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import numpy as np

from beholder import web
from beholder.spec import StoringError
from beholder.study.app import create_app
from beholder.study.models import Observer
from beholder.study.rehearsal.browser import Browser
from beholder.study.rehearsal.copying import copy_study
from beholder.study.rehearsal.crowd import send_crowd
from beholder.study.rehearsal.minds import Mind, draw_habits
from beholder.study.rehearsal.visitor import Visitor
from beholder.study.rehearsal.world import World
from beholder.study.services.tokens import Signer
from beholder.study.settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from beholder.study.database import Database
    from beholder.study.folder import StudyFolder

__all__ = ["Rehearsed", "rehearse_study"]

_AT_ONCE = 8
_TIMEOUT = 30
_UNLIMITED = ServerSettings(begins_a_minute=1_000_000)  # all come from this machine


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What a rehearsal did.

    Attributes:
        folder: The copy of the study with the answers.
        answers: How many were stored, those of training too.
        arrived: Observers who did all of a session.
        turned_away: Those for whom nothing, or no more, was left.
    """

    folder: StudyFolder
    answers: int
    arrived: int
    turned_away: int


def rehearse_study(
    folder: StudyFolder,
    database: Database,
    path: str | Path,
    *,
    observers: int,
    careless: float = 0.1,
    seed: int = 0,
    tell: Callable[[], object] = lambda: None,
) -> Rehearsed:
    """Copy a study, serve the copy on a free port of this machine, and have simulated observers go the whole way by HTTP.

    ``truth.json`` in the copy tells what was true: who was careless and how, and what answers were drawn by (`World`). Nobody waits, neither in
    breaks nor over pictures: times are those that browsers would tell. Who sees what hangs on chance, since observers come
    at once; how each answers what they see is seeded.

    Args:
        folder: The study; it stays as it is.
        database: Its stimuli.
        path: The folder to make.
        observers: How many come.
        careless: Share of them who do not look.
        seed: Of all that is drawn.
        tell: Called after each answer, by several threads.

    Raises:
        UsageError: If the folder is not empty.
        StoringError: If it cannot be written to.
    """
    copy = copy_study(folder, database, path)
    opened = copy.open_database()
    world = World(copy, opened, seed)
    habits = draw_habits(observers, careless, np.random.default_rng([seed, 2]))
    app = create_app(copy, opened, _UNLIMITED)
    languages = folder.design.languages

    def watch(way: str, _: float) -> None:
        if way == "api/answers":
            tell()

    with web.open_port("127.0.0.1", 0) as listener, web.serving(app, listener, _TIMEOUT):
        port = listener.getsockname()[1]
        visitors = [
            Visitor(
                Browser("127.0.0.1", port, watch=watch),
                Mind(world, habit, np.random.default_rng([seed, 3, number])),
                language=languages[number % len(languages)],
            )
            for number, habit in enumerate(habits)
        ]
        send_crowd(visitors, _AT_ONCE)
        names = _names(copy, opened, visitors)
    told = world.told() | {"seed": seed, "observers": dict(zip(names, habits, strict=True))}
    try:
        (copy.path / "truth.json").write_text(
            json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    except OSError as error:
        raise StoringError(f"{copy.path / 'truth.json'}: cannot be written: {error.strerror}.") from error
    return Rehearsed(
        folder=copy,
        answers=sum(len(visitor.acknowledged) for visitor in visitors),
        arrived=sum(visitor.arrived for visitor in visitors),
        turned_away=sum(bool(visitor.refused) for visitor in visitors),
    )


def _names(copy: StudyFolder, database: Database, visitors: Sequence[Visitor]) -> list[str]:
    """The observers' names in the database, by what their pages carried."""
    signer = Signer(copy.key)
    with database.reading() as transaction:
        return [
            transaction.get_one(Observer, signer.check("csrf", visitor.browser.csrf)).name
            for visitor in visitors
        ]
