"""Where the trials of a sweep are written down, so that several processes and machines share one."""

from __future__ import annotations

import json
import socket
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import optuna
from filelock import FileLock, Timeout
from optuna.study import StudyDirection
from optuna.trial import Trial, TrialState
from sqlalchemy.pool import NullPool

from beholder.data.drawing import seed_of
from beholder.spec import UsageError
from beholder.training.folder import RunFolder
from beholder.training.sweeping.front import Point
from beholder.training.sweeping.space import spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from optuna.trial import FrozenTrial

    from beholder.training.sweeping.plan import Sweep

__all__ = ["Ledger", "lock_folder", "open_ledger", "own_storage"]

_FEWEST = 4  # trials before there is anything to learn from
_UNSIGNED = timedelta(minutes=1)  # after which the process that asked for a trial was killed before it signed
_DISCARDED = "one more than were asked for"


def own_storage(folder: Path) -> str:
    """The address of a sweep's storage where none is given: a SQLite file in its folder."""
    return f"sqlite:///{(folder / 'sweep.db').absolute()}"


def open_ledger(plan: Sweep, folder: Path, address: str) -> Ledger:
    """Begin a sweep in a storage, or join the one of the same name that is there.

    Args:
        plan: The sweep.
        folder: Where this process keeps its trials.
        address: ``sqlite:///FILE`` or ``postgresql+psycopg://USER:PASSWORD@HOST/NAME``.

    Raises:
        UsageError: If the storage cannot be opened, or holds another sweep of that name.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # the photographs may lie elsewhere on another machine
    told = plan.model_dump(mode="json", exclude={"trials": True, "recipe": {"data": {"train", "validation"}}})
    directions = [StudyDirection.MAXIMIZE if axis.higher else StudyDirection.MINIMIZE for axis in plan.axes]
    with lock_folder(folder):  # two that make the tables at once would trip over each other
        storage = _open_storage(address)
        try:
            study = optuna.create_study(storage=storage, study_name=plan.name, directions=directions)
            study.set_user_attr("plan", told)
        except optuna.exceptions.DuplicatedStudyError:
            study = optuna.load_study(storage=storage, study_name=plan.name)
            _check_same(study.user_attrs.get("plan", told), told, plan.name)
    return Ledger(plan, folder, study)


def lock_folder(folder: Path) -> FileLock:
    """What one of the processes that share a folder has at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / ".lock")


def _open_storage(address: str) -> optuna.storages.RDBStorage:
    # SQLite lets one write at a time; another waits so many seconds for it.
    waiting = {"connect_args": {"timeout": 60}} if address.startswith("sqlite") else {}
    try:
        # A trial takes minutes: a connection that is kept open between its few questions only goes stale.
        return optuna.storages.RDBStorage(address, engine_kwargs={"poolclass": NullPool, **waiting})
    except Exception as error:  # noqa: BLE001 -- SQLAlchemy's, the driver's, that of a missing package
        kind, reason = address.partition("://")[0], str(error).splitlines()[0]
        raise UsageError(
            f"storage: the {kind} database cannot be opened: {type(error).__name__}: {reason}; expected sqlite:///FILE or "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME."
        ) from None  # which may hold the password


class Ledger:
    """The trials of a sweep.

    Args:
        plan: The sweep.
        folder: Where this process keeps its trials.
        study: Optuna's, which holds them.
    """

    def __init__(self, plan: Sweep, folder: Path, study: optuna.Study) -> None:
        self.plan = plan
        self.folder = folder
        self._study = study
        self._spans = plan.space
        self._whole = {key: plan.is_whole(key) for key in plan.over}
        self._held: FileLock | None = None

    def run_of(self, number: int) -> RunFolder:
        """The folder of a trial's run, on this machine."""
        return RunFolder(self.folder / "trials" / f"{number:04}")

    def count(self) -> int:
        """How many trials have ended, or are under way."""
        return len(self._counted())

    def next(self) -> tuple[int, tuple[str, ...]] | None:
        """A trial to carry out: one that was broken off here, else a new one. It is this process's until `end` or `leave`.

        Returns:
            Its number, and its settings; ``None`` where all have ended or are under way.
        """
        with lock_folder(self.folder):
            return self._next()

    def _next(self) -> tuple[int, tuple[str, ...]] | None:
        for begun in self._counted():
            if begun.state == TrialState.RUNNING and self._take_up(begun):
                return begun.number, self._settings_of(self._open(begun.number))
        if self.count() >= self.plan.trials:
            return None
        self._give_first()
        trial = self._study.ask()
        self._take(trial.number)
        self._sign(trial)
        # Each draws from its own number, so that processes which ask at the same time do not try the same.
        seed = seed_of(f"{self.plan.seed}/{trial.number}") % 2**32
        self._study.sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=_FEWEST, multivariate=False
        )
        settings = self._settings_of(trial)
        if trial.number not in [each.number for each in self._counted()[: self.plan.trials]]:
            trial.set_user_attr("reason", _DISCARDED)
            self._study.tell(trial, state=TrialState.FAIL)
            self.leave()
            return None
        return trial.number, settings

    def note(self, number: int, step: int, scores: Mapping[str, float]) -> None:
        """Write down what a validation found."""
        self._open(number).set_user_attr(f"step {step}", [scores[name] for name in self.plan.objectives])

    def at_step(self, step: int, *, but: int) -> list[list[float]]:
        """What the other trials' validations found at a step."""
        key = f"step {step}"
        return [
            trial.user_attrs[key]
            for trial in self._counted()
            if trial.number != but and key in trial.user_attrs
        ]

    def end(self, number: int, scores: Sequence[float] | None = None, *, failed: str | None = None) -> None:
        """Write down how a trial ended: with scores, for a reason, or with neither because it was pruned."""
        if failed is not None:
            self._open(number).set_user_attr("reason", failed)
            self._study.tell(number, state=TrialState.FAIL)
        elif scores is None:
            self._study.tell(number, state=TrialState.PRUNED)
        else:
            self._study.tell(number, list(scores))
        self.leave()

    def leave(self) -> None:
        """Let another process go on with the trial that this one has."""
        if self._held is not None:
            self._held.release()
            self._held = None

    def points(self) -> list[Point]:
        """All trials that ended with scores."""
        return [
            Point(
                trial.user_attrs.get("name", str(trial.number)),
                (trial.values[0], trial.values[1]),
                tuple(trial.user_attrs["settings"]),
                is_named="name" in trial.user_attrs,
                number=trial.number,
            )
            for trial in self._counted()
            if trial.state == TrialState.COMPLETE
        ]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row of a table for each trial: number, name, state, settings, scores of each validation and of the last."""
        for trial in self._counted():
            told = trial.user_attrs
            values = trial.values or [None, None]
            yield {
                "trial": trial.number,
                "name": told.get("name"),
                "state": {"COMPLETE": "done", "FAIL": "failed", "RUNNING": "under way"}.get(
                    trial.state.name, trial.state.name.lower()
                ),
                "settings": " ".join(told.get("settings", ())),
                **dict(zip(self.plan.objectives, values, strict=True)),
                "early": {key: scores for key, scores in told.items() if key.startswith("step ")},
                "reason": told.get("reason"),
                "folder": told.get("folder"),
            }

    def _open(self, number: int) -> Trial:
        """A trial that is under way, to write in."""
        frozen = self._study.get_trials(deepcopy=False)[number]
        return Trial(self._study, frozen._trial_id)

    def _counted(self) -> list[FrozenTrial]:
        return [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if trial.user_attrs.get("reason") != _DISCARDED and trial.state != TrialState.WAITING
        ]

    def _give_first(self) -> None:
        """Let these be asked for first: the points that are given, and some that cover the space evenly.

        Of the trials that are left for the search, half cover it; the other half go where those found something.
        """
        there = {trial.user_attrs.get("first") for trial in self._study.get_trials(deepcopy=False)}
        named = self.plan.named
        for name, settings in named.items():
            if name not in there:
                told = {"first": name, "name": name, "settings": list(settings)}
                self._study.enqueue_trial({}, user_attrs=told)
        count = max(_FEWEST, (self.plan.trials - len(named)) // 2)
        for place, values in enumerate(spread(self._spans, self._whole, count, self.plan.seed)):
            if place not in there:
                self._study.enqueue_trial(values, user_attrs={"first": place})

    def _settings_of(self, trial: Trial) -> tuple[str, ...]:
        """In what a trial's recipe differs; what is not drawn yet is drawn, and written down."""
        told = trial.user_attrs.get("settings")
        if told is None:
            told = [
                f"{key}={span.suggest(trial, key, whole=self._whole[key])}"
                for key, span in self._spans.items()
            ]
            trial.set_user_attr("settings", told)
        return tuple(told)

    def _take(self, number: int) -> bool:
        """Keep other processes from a trial, until this one leaves it or ends, however it ends; false if one has it."""
        path = self.run_of(number).path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._held = FileLock(path.with_suffix(".lock"))
        try:
            self._held.acquire(blocking=False)
        except Timeout:
            self._held = None
        return self._held is not None

    def _sign(self, trial: Trial) -> None:
        """Write down where a trial is carried out."""
        host, folder = self._here(trial.number)
        trial.set_user_attr("host", host)
        trial.set_user_attr("folder", folder)

    def _here(self, number: int) -> tuple[str, str]:
        return socket.gethostname(), str(self.run_of(number).path.absolute())

    def _take_up(self, trial: FrozenTrial) -> bool:
        """Go on with a trial that was begun here, if it has no process any more."""
        signed = (trial.user_attrs.get("host"), trial.user_attrs.get("folder"))
        begun = trial.datetime_start or datetime.min
        nobodys = None in signed and datetime.now() - begun > _UNSIGNED
        if not nobodys and signed != self._here(trial.number):
            return False
        if not self._take(trial.number):
            return False
        # it may have ended since it was looked at
        if self._study.get_trials(deepcopy=False)[trial.number].state == TrialState.RUNNING:
            self._sign(self._open(trial.number))
            return True
        self.leave()
        return False


def _check_same(begun: Mapping[str, Any], now: Mapping[str, Any], name: str) -> None:
    differing = [key for key in now if json.dumps(begun.get(key)) != json.dumps(now[key])]
    if differing:
        raise UsageError(
            f"the storage holds another sweep {name!r}: it differs in {', '.join(differing)}. Give this one another name, "
            "or the settings of that one; only the number of trials may change."
        )
