"""Trials: what to show, its pictures, and what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Path, Request
from sqlalchemy import select
from starlette.responses import FileResponse

from beholder.study.models import Picture, Stimulus, Trial
from beholder.study.routes.bodies import Answer
from beholder.study.services.refusals import RefusedError
from beholder.study.services.trials import Given, answer, current, own_trial, roles

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.desk import Desk

__all__ = ["trial_routes"]

Number: TypeAlias = Annotated[int, Path(ge=1, lt=2**63)]  # what databases hold
Role: TypeAlias = Literal["reference", "0", "1"]

_PNG = {"description": "The picture.", "content": {"image/png": {}}}


def trial_routes(desk: Desk) -> APIRouter:
    """The addresses of trials."""
    router = APIRouter()
    _add_trials(router, desk)
    _add_pictures(router, desk)
    return router


def _add_trials(router: APIRouter, desk: Desk) -> None:
    design = desk.design

    @router.get("/api/trial")
    def show_trial(request: Request) -> dict[str, Any]:
        """Tell what to show now: a trial, a break, or another step of the way."""
        with desk.database.writing() as transaction:
            observer = desk.observer(request, transaction)
            if observer.step != "trials":
                return {"state": "step", "step": observer.step}
            try:
                desk.check_open(transaction)
            except RefusedError:
                # Who has answered all is thanked, whatever became of the study meanwhile.
                if not observer.sessions or any(
                    each.state == "open" for each in observer.sessions[-1].trials
                ):
                    raise
            found = current(transaction, desk.database, design, observer)
            told: dict[str, Any] = {"done": found.done, "total": found.total}
            if found.rest:
                return told | {"state": "rest", "seconds": design.session.breaks.seconds}
            if found.trial is None:
                return {"state": "step", "step": observer.step}
            told |= {"state": "trial", "trial": _tell(desk, transaction, found.trial)}
            coming = found.coming
            return told | {"coming": None if coming is None else _pictures(coming)}

    @router.post("/api/answers")
    def store_answer(body: Answer, request: Request) -> dict[str, Any]:
        """Store an answer, once; the same answer again changes nothing."""
        with desk.database.writing() as transaction:
            observer = desk.sender(request, transaction)
            told = desk.signer.check("trial", body.token)
            trial = own_trial(transaction, observer, told, alone=True)
            stored, right = answer(
                transaction,
                design,
                trial,
                Given(shown=body.answer, milliseconds=body.milliseconds, timing=body.timing.model_dump()),
            )
        return {"stored": True, "again": not stored, "right": right}


def _add_pictures(router: APIRouter, desk: Desk) -> None:
    @router.get("/pictures/{trial}/{role}", response_class=FileResponse, responses={200: _PNG})
    def send_picture(trial: Number, role: Role, request: Request) -> FileResponse:
        """A picture of a trial that is shown, or about to be."""
        with desk.database.reading() as transaction:
            observer = desk.observer(request, transaction)
            found = own_trial(transaction, observer, trial)
            shown = {} if found.stimulus is None else roles(found.stimulus, swapped=found.swapped)
            if role not in shown or found.id not in _near(transaction, found):
                raise RefusedError(404, "there is no such picture now.")
            path = desk.folder.picture(shown[role])
        return FileResponse(path, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _near(transaction: Transaction, trial: Trial) -> list[int]:
    """The trials of a session whose pictures may be asked for: the next two."""
    query = (
        select(Trial.id)
        .where(Trial.session_id == trial.session_id, Trial.state == "open")
        .order_by(Trial.position)
        .limit(2)
    )
    return list(transaction.scalars(query))


def _tell(desk: Desk, transaction: Transaction, trial: Trial) -> dict[str, Any]:
    """What a browser needs to show a trial; nothing of it tells which picture is which."""
    size = transaction.get_one(Picture, _stimulus(trial).p0)
    return {
        "token": desk.signer.sign("trial", trial.id),
        "training": trial.purpose == "training",
        "requeued": trial.requeued,
        "width": size.width,
        "height": size.height,
        "pictures": _pictures(trial),
    }


def _pictures(trial: Trial) -> dict[str, str]:
    """Where a trial's pictures are fetched, by role."""
    shown = roles(_stimulus(trial), swapped=trial.swapped)
    return {role: f"pictures/{trial.id}/{role}" for role in shown}


def _stimulus(trial: Trial) -> Stimulus:
    if trial.stimulus is None:
        raise RefusedError(409, "this trial has nothing to show.")
    return trial.stimulus
