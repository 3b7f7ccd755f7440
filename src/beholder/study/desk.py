"""What a study's addresses share: its design, database, key, texts and pages."""

from __future__ import annotations

import json
import secrets
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from beholder.study.models import Observer, Study
from beholder.study.services.limits import Limits
from beholder.study.services.refusals import RefusedError
from beholder.study.services.tokens import Signer
from beholder.study.services.way import find_observer

if TYPE_CHECKING:
    from fastapi import Request
    from sqlalchemy.orm import Session as Transaction
    from starlette.responses import Response

    from beholder.study.database import Database
    from beholder.study.folder import StudyFolder
    from beholder.study.settings import ServerSettings

__all__ = ["COOKIE", "EXPERIMENTER", "Desk", "address_of"]

COOKIE = "beholder_observer"
EXPERIMENTER = "beholder_experimenter"

_LOGGED_IN = 12 * 3600  # seconds
_WAIT = 600  # seconds to come again after, of a study that is paused


class Desk:
    """What a study's addresses share.

    Args:
        folder: The study.
        database: Its answers.
        settings: How it is served.
    """

    def __init__(self, folder: StudyFolder, database: Database, settings: ServerSettings) -> None:
        self.folder, self.database, self.settings = folder, database, settings
        self.design = folder.design
        self.signer = Signer(folder.key)
        self.limits = Limits(self.signer, settings)
        place = files("beholder.study") / "texts"
        self.texts: dict[str, dict[str, str]] = {
            language: json.loads((place / f"{language}.json").read_text(encoding="utf-8"))
            for language in self.design.languages
        }
        self._pages = Environment(
            loader=PackageLoader("beholder.study"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, template: str, language: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page in a language."""
        found = self._pages.get_template(template).render(
            language=language,
            text=self.texts[language],
            design=self.design,
            title=self.design.title_in(language),
            **context,
        )
        return HTMLResponse(found, status)

    def observer(self, request: Request, transaction: Transaction) -> Observer:
        """Who asks.

        Raises:
            RefusedError: If their cookie is missing or forged, or theirs was deleted.
        """
        return find_observer(transaction, self.signer.check("observer", request.cookies.get(COOKIE)))

    def sender(self, request: Request, transaction: Transaction) -> Observer:
        """Who sends something, which must come from a page of ours.

        Raises:
            RefusedError: As `observer`; or if the page's token is missing, forged or another observer's.
        """
        observer = self.observer(request, transaction)
        if self.signer.check("csrf", request.headers.get("x-csrf-token")) != observer.id:
            raise RefusedError(403, "the page's token is another observer's; load the page again.")
        return observer

    def keep(self, response: Response, observer: Observer) -> None:
        """Have the observer's browser remember who it is."""
        response.set_cookie(
            COOKIE,
            self.signer.sign("observer", observer.id),
            max_age=180 * 24 * 3600,
            httponly=True,
            samesite="strict",
            secure=self.settings.https,
        )

    def experimenter(self, request: Request, *, changes: bool = False) -> str:
        """The session of the experimenter who asks.

        Args:
            request: What they ask.
            changes: Whether it changes something, so that it must come from a page of ours.

        Raises:
            RefusedError: If they are not logged in, no longer, or with a password that was replaced; or if the page's
                token is missing, forged, another session's or an observer's.
        """
        told = self.signer.check("experimenter", request.cookies.get(EXPERIMENTER), seconds=_LOGGED_IN)
        password = self.folder.password
        if password is None or told["password"] != password.fingerprint:
            raise RefusedError(401, "the password was replaced since; log in again.")
        session: str = told["session"]
        if changes and self.signer.check("csrf", request.headers.get("x-csrf-token")) != _page_of(session):
            raise RefusedError(403, "the page's token is another session's; load the page again.")
        return session

    def experimenter_page(self, session: str) -> str:
        """The token of a page that changes things in an experimenter's session."""
        return self.signer.sign("csrf", _page_of(session))

    def admit(self, response: Response, fingerprint: str) -> None:
        """Have a browser stay logged in for hours, as long as the password is the same."""
        told = {"password": fingerprint, "session": secrets.token_hex(16)}
        response.set_cookie(
            EXPERIMENTER,
            self.signer.sign("experimenter", told),
            max_age=_LOGGED_IN,
            httponly=True,
            samesite="strict",
            secure=self.settings.https,
        )

    def check_open(self, transaction: Transaction) -> None:
        """Refuse while the study does not ask.

        Raises:
            RefusedError: If it is paused or closed.
        """
        study = transaction.get_one(Study, 1)
        if study.state == "paused":
            text = "the study is paused; come back later, and go on where you are."
            raise RefusedError(503, text, wait=_WAIT, word="paused")
        if study.state == "closed":
            raise RefusedError(410, "the study is closed.", word="closed")


def address_of(request: Request) -> str:
    """Where a request comes from; it is never stored."""
    return request.client.host if request.client else ""


def _page_of(session: str) -> str:
    return f"experimenter {session}"
