"""The observer's way: one address, which shows the step where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse, JSONResponse

from beholder.study.desk import address_of
from beholder.study.models import Observer
from beholder.study.routes.bodies import Begin, Code, Nothing, StepDone
from beholder.study.services.refusals import RefusedError
from beholder.study.services.trials import rest, start_again
from beholder.study.services.way import begin, delete_by_code, pass_step, steps_of

if TYPE_CHECKING:
    from beholder.study.desk import Desk

__all__ = ["observer_routes"]


def observer_routes(desk: Desk) -> APIRouter:
    """The addresses of an observer's steps."""
    router = APIRouter()
    _add_pages(router, desk)
    _add_steps(router, desk)
    _add_removal(router, desk)
    return router


def _add_pages(router: APIRouter, desk: Desk) -> None:
    design = desk.design

    @router.get("/", response_class=HTMLResponse)
    def show_step(request: Request) -> HTMLResponse:
        """Show the step where the observer is; without one, the welcome."""
        with desk.database.reading() as transaction:
            try:
                observer = desk.observer(request, transaction)
            except RefusedError:
                observer = None
            if observer is None or observer.step != "thanks":
                try:
                    desk.check_open(transaction)
                except RefusedError as refused:
                    return _waiting(desk, observer, refused)
            if observer is None:
                return desk.page("welcome.html.j2", design.languages[0], texts=desk.texts)
            return desk.page(f"{observer.step}.html.j2", observer.language, **_context(desk, observer))

    @router.get("/privacy", response_class=HTMLResponse)
    def show_privacy(language: str = "") -> HTMLResponse:
        """Tell what is stored, and have it deleted by code."""
        chosen = language if language in design.languages else design.languages[0]
        return desk.page("privacy.html.j2", chosen)


def _add_steps(router: APIRouter, desk: Desk) -> None:
    design = desk.design

    @router.post("/api/begin")
    def begin_study(body: Begin, request: Request, response: Response) -> dict[str, Any]:
        """Welcome a new observer; who has begun already goes on."""
        desk.limits.check_begin(address_of(request))
        with desk.database.writing() as transaction:
            desk.check_open(transaction)
            try:
                observer = desk.observer(request, transaction)
            except RefusedError:
                observer = begin(transaction, design, desk.signer, body.language)
        desk.keep(response, observer)
        return {"step": observer.step, "csrf": desk.signer.sign("csrf", observer.id)}

    @router.post("/api/steps/{step}")
    def finish_step(step: str, body: StepDone, request: Request) -> dict[str, str]:
        """Go on from a step."""
        with desk.database.writing() as transaction:
            desk.check_open(transaction)
            observer = desk.sender(request, transaction)
            if step == "consent" and body.version != design.consent.version:
                raise RefusedError(
                    409,
                    f"version: found {body.version!r}; expected {design.consent.version!r}, load the page again.",
                )
            told = {"about": body.about, "screen": body.screen}.get(step)
            return {"step": pass_step(observer, design, step, None if told is None else told.model_dump())}

    @router.post("/api/rest")
    def end_break(_body: Nothing, request: Request) -> dict[str, str]:
        """End a break."""
        with desk.database.writing() as transaction:
            rest(transaction, desk.sender(request, transaction))
        return {"step": "trials"}

    @router.post("/api/again")
    def begin_session(_body: Nothing, request: Request) -> dict[str, str]:
        """Begin another session."""
        with desk.database.writing() as transaction:
            desk.check_open(transaction)
            start_again(transaction, desk.database, design, desk.sender(request, transaction))
        return {"step": "trials"}


def _add_removal(router: APIRouter, desk: Desk) -> None:
    @router.post("/api/delete")
    def delete_mine(body: Code, request: Request) -> JSONResponse:
        """Delete all that the observer with a code gave."""
        address = address_of(request)
        with desk.database.reading() as transaction:
            desk.limits.check_tries(transaction, "delete", address)
        try:
            with desk.database.writing() as transaction:
                delete_by_code(transaction, body.code)
        except RefusedError:
            with desk.database.writing() as transaction:
                desk.limits.count_failure(transaction, "delete", address)
            raise
        return JSONResponse({"deleted": True})


def _waiting(desk: Desk, observer: Observer | None, refused: RefusedError) -> HTMLResponse:
    """What is shown while the study does not ask; who has begun can still have theirs deleted."""
    page = desk.page(
        "waiting.html.j2",
        observer.language if observer else desk.design.languages[0],
        status=refused.status,
        word=refused.word if observer else f"{refused.word}_new",
        delete_code=desk.signer.code("delete", observer) if observer else None,
    )
    if refused.wait is not None:
        page.headers["Retry-After"] = str(refused.wait)
    return page


def _context(desk: Desk, observer: Observer) -> dict[str, Any]:
    steps = steps_of(desk.design)
    told: dict[str, Any] = {
        "csrf": desk.signer.sign("csrf", observer.id),
        "number": steps.index(observer.step) + 1,
        "steps": len(steps),
    }
    if observer.step == "thanks":
        told |= {
            "done_code": desk.signer.code("done", observer),
            "delete_code": desk.signer.code("delete", observer),
            "more": len(observer.sessions) < desk.design.session.sessions,
        }
    if observer.step == "consent":
        told["delete_code"] = desk.signer.code("delete", observer)
    return told
