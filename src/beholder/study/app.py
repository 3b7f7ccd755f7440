"""The web application of a study."""

from __future__ import annotations

import asyncio
import contextlib
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from beholder.spec import StoringError
from beholder.study.desk import Desk
from beholder.study.protection import Protection
from beholder.study.routes.experimenter import experimenter_routes
from beholder.study.routes.observer import observer_routes
from beholder.study.routes.trials import trial_routes
from beholder.study.services.forgetting import forget_persons
from beholder.study.services.refusals import RefusedError
from beholder.study.settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from beholder.study.database import Database
    from beholder.study.folder import StudyFolder

__all__ = ["create_app", "open_app"]

_HOUR = 3600
_REFUSED = {
    "description": "Refused, or not stored; `error` tells why.",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
        }
    },
}


def create_app(folder: StudyFolder, database: Database, settings: ServerSettings | None = None) -> FastAPI:
    """Build the web application that asks people.

    Args:
        folder: The study.
        database: Where its answers go, from `StudyFolder.open_database`; it is closed with the application.
        settings: How it is served.
    """
    settings = settings or ServerSettings()
    desk = Desk(folder, database, settings)

    @contextlib.asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        forgetting = asyncio.create_task(_forget(desk))
        yield
        forgetting.cancel()
        database.close()

    app = FastAPI(
        title="Beholder's study",
        summary="Asks people how alike pictures look to them.",
        version=version("beholder"),
        lifespan=run,
        responses={"4XX": _REFUSED, "503": _REFUSED},
        # Their pages load programs from elsewhere; /openapi.json stays.
        docs_url=None,
        redoc_url=None,
    )
    app.state.folder = folder
    app.add_middleware(Protection, settings=settings)
    app.add_exception_handler(RefusedError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(StoringError, _tell_not_stored)
    app.add_exception_handler(HTTPException, _refuse_address)
    app.include_router(observer_routes(desk))
    app.include_router(trial_routes(desk))
    app.include_router(experimenter_routes(desk))
    app.mount("/static", StaticFiles(directory=str(files("beholder.study") / "static")), name="static")

    @app.get("/health")
    def tell_health() -> dict[str, str]:
        """Tell that the server is there."""
        return {"status": "ok", "version": app.version}

    return app


def open_app(folder: StudyFolder, address: str | None, settings: ServerSettings) -> FastAPI:
    """The application with a database of its own, as each process has one.

    Raises:
        UsageError: As `StudyFolder.open_database`.
        StoringError: As `StudyFolder.open_database`.
    """
    return create_app(folder, folder.open_database(address), settings)


async def _forget(desk: Desk) -> None:
    """Look each hour whether it is time to delete what was told of persons."""
    while True:
        await asyncio.to_thread(_forget_now, desk)
        await asyncio.sleep(_HOUR)


def _forget_now(desk: Desk) -> None:
    with desk.database.writing() as transaction:
        forget_persons(transaction, desk.design)


def _problem(status: int, text: str, headers: Any = None, word: str | None = None) -> Response:
    return JSONResponse({"error": text} | ({"word": word} if word else {}), status, headers)


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    headers = {"Retry-After": str(error.wait)} if error.wait else None
    return _problem(error.status, str(error), headers, error.word)


async def _refuse_body(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    return _problem(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}."[:300])


async def _tell_not_stored(_: Request, error: Exception) -> Response:
    return _problem(503, f"nothing was stored; try again. {error}"[:300], {"Retry-After": "5"})


async def _refuse_address(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _problem(
        error.status_code, f"{request.method} {request.url.path[:100]!r}: {error.detail}.", error.headers
    )
