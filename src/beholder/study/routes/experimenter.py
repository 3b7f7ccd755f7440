"""The experimenter's page: how the study goes, and what can be done about it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import FileResponse, HTMLResponse

from beholder.study.desk import EXPERIMENTER, address_of
from beholder.study.routes.bodies import Exclusion, Login, State
from beholder.study.services.audit import note
from beholder.study.services.lists import PAGE, Done, Page, Shown, list_events, list_stimuli, picture_of
from beholder.study.services.observers import Sitting, Standing, exclude, include, sittings, standings
from beholder.study.services.overview import Overview, look_over
from beholder.study.services.refusals import RefusedError
from beholder.study.services.state import change_state

if TYPE_CHECKING:
    from beholder.study.desk import Desk

__all__ = ["experimenter_routes"]

Number: TypeAlias = Annotated[int, Path(ge=1, lt=2**63)]  # what databases hold
First: TypeAlias = Annotated[int, Query(ge=0, lt=2**31)]
Which: TypeAlias = Literal["all", "at it", "finished", "left", "do not count"]


def experimenter_routes(desk: Desk) -> APIRouter:
    """The addresses of the experimenter's page."""
    router = APIRouter()
    _add_page(router, desk)
    _add_login(router, desk)
    _add_numbers(router, desk)
    _add_changes(router, desk)
    _add_stimuli(router, desk)
    return router


def _add_page(router: APIRouter, desk: Desk) -> None:
    @router.get("/experimenter", response_class=HTMLResponse)
    def show_page(request: Request) -> HTMLResponse:
        """Show the page; who is not logged in is asked for the password."""
        language = "en" if "en" in desk.design.languages else desk.design.languages[0]
        try:
            session = desk.experimenter(request)
        except RefusedError:
            drawn = desk.folder.password is not None
            return desk.page("experimenter_login.html.j2", language, drawn=drawn)
        return desk.page(
            "experimenter.html.j2", language, csrf=desk.experimenter_page(session), page_size=PAGE
        )


def _add_login(router: APIRouter, desk: Desk) -> None:
    one_at_a_time = threading.Lock()  # so that no more tries than are allowed go on together

    @router.post("/api/experimenter/login")
    def log_in(body: Login, request: Request, response: Response) -> dict[str, bool]:
        """Log in with the password."""
        address, password = address_of(request), desk.folder.password
        if password is None:
            raise RefusedError(409, "the study has no password yet; `beholder study password` draws one.")
        with one_at_a_time:
            with desk.database.reading() as transaction:
                desk.limits.check_tries(transaction, "login", address)
            right = password.matches(body.password)
            with desk.database.writing() as transaction:
                note(transaction, "experimenter" if right else "somebody", _LOGIN[right], {})
                if not right:
                    desk.limits.count_failure(transaction, "login", address)
        if not right:
            raise RefusedError(401, "this is not the password.")
        desk.admit(response, password.fingerprint)
        return {"logged_in": True}

    @router.post("/api/experimenter/logout")
    def log_out(request: Request, response: Response) -> dict[str, bool]:
        """Log out."""
        desk.experimenter(request, changes=True)
        with desk.database.writing() as transaction:
            note(transaction, "experimenter", "logged out", {})
        response.delete_cookie(EXPERIMENTER, httponly=True, samesite="strict", secure=desk.settings.https)
        return {"logged_in": False}


_LOGIN = {True: "logged in", False: "login failed"}


def _add_numbers(router: APIRouter, desk: Desk) -> None:
    @router.get("/api/experimenter/overview")
    def tell_overview(request: Request, which: Which = "all", first: First = 0) -> dict[str, Any]:
        """Tell how the study goes, and of a page of its observers."""
        desk.experimenter(request)
        with desk.database.reading() as transaction:
            everybody = standings(transaction)
            those = [each for each in everybody if _is(each, which)]
            study: Overview = look_over(transaction, desk.design, everybody)
            listed: list[Sitting] = sittings(transaction, those[first : first + PAGE])
        return {"study": study, "observers": Page(len(those), listed)}

    @router.get("/api/experimenter/events")
    def tell_events(request: Request, first: First = 0) -> Page[Done]:
        """Tell what was done with the study."""
        desk.experimenter(request)
        with desk.database.reading() as transaction:
            return list_events(transaction, first)


def _is(standing: Standing, which: Which) -> bool:
    if which == "do not count":
        return standing.failed is not None or standing.excluded is not None
    return which in ("all", standing.way)


def _add_changes(router: APIRouter, desk: Desk) -> None:
    @router.post("/api/experimenter/state")
    def set_state(body: State, request: Request) -> dict[str, str]:
        """Open, pause or close the study."""
        desk.experimenter(request, changes=True)
        with desk.database.writing() as transaction:
            change_state(transaction, desk.design, body.state)
        return {"state": body.state}

    @router.post("/api/experimenter/exclude")
    def exclude_observer(body: Exclusion, request: Request) -> dict[str, bool]:
        """Have an observer's answers not count."""
        desk.experimenter(request, changes=True)
        with desk.database.writing() as transaction:
            exclude(transaction, body.observer, body.reason)
        return {"excluded": True}

    @router.post("/api/experimenter/include")
    def include_observer(body: Exclusion, request: Request) -> dict[str, bool]:
        """Have an excluded observer's answers count again."""
        desk.experimenter(request, changes=True)
        with desk.database.writing() as transaction:
            include(transaction, body.observer, body.reason)
        return {"excluded": False}


def _add_stimuli(router: APIRouter, desk: Desk) -> None:
    @router.get("/api/experimenter/stimuli")
    def tell_stimuli(
        request: Request,
        search: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")] = "",
        first: First = 0,
    ) -> Page[Shown]:
        """Tell of the stimuli in whose name, condition or purpose a text is found."""
        desk.experimenter(request)
        with desk.database.reading() as transaction:
            return list_stimuli(transaction, search, first)

    @router.get("/api/experimenter/pictures/{stimulus}/{role}")
    def send_picture(stimulus: Number, role: str, request: Request) -> FileResponse:
        """A picture of a stimulus."""
        desk.experimenter(request)
        with desk.database.reading() as transaction:
            path = desk.folder.picture(picture_of(transaction, stimulus, role))
        return FileResponse(path, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})
