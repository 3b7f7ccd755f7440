"""The web application: its addresses, and what it says of itself."""

from __future__ import annotations

import contextlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from beholder.serving.answers import Answer, Health, Problem
from beholder.serving.desk import Desk
from beholder.serving.refusals import RefusedError, busy
from beholder.serving.settings import ServerSettings
from beholder.serving.timing import Timing
from beholder.serving.uploads import FILES
from beholder.web import Lingering

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from beholder.scoring import Scorer

__all__ = ["create_app"]

_REFUSALS = {
    400: "The form is damaged, or lacks a field.",
    403: "The server may not fetch from that address.",
    408: "The request came too slowly.",
    413: "A picture has too many bytes.",
    415: "The body is no multipart form.",
    422: "The pictures cannot be scored.",
    503: "The server is busy.",
}


def create_app(scorer: Scorer, settings: ServerSettings | None = None) -> FastAPI:
    """Build the web application that scores pairs of pictures with the metrics of a scorer.

    Args:
        scorer: The metrics that may be asked for, and how to score.
        settings: What to take, and how long to wait.

    Raises:
        UsageError: If an allowed host is none.
    """
    desk = Desk(scorer, settings or ServerSettings())

    @contextlib.asynccontextmanager
    async def open_desk(_: FastAPI) -> AsyncIterator[None]:
        async with desk.open():
            yield

    app = FastAPI(
        title="Beholder",
        summary="How alike two pictures look to a person.",
        version=version("beholder"),
        lifespan=open_desk,
        # Their pages load programs from elsewhere; /openapi.json stays.
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Timing, measures=desk.measures)
    app.add_middleware(Lingering)
    app.add_exception_handler(RefusedError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_address)
    app.add_exception_handler(MemoryError, _tell_busy)
    app.add_exception_handler(Exception, _tell_broken)
    _add_routes(app, desk)
    return app


def _add_routes(app: FastAPI, desk: Desk) -> None:
    @app.post(
        "/score",
        response_model=Answer,
        responses={status: {"model": Problem, "description": text} for status, text in _REFUSALS.items()},
        openapi_extra={"requestBody": _describe_form(desk.metrics)},
    )
    async def score(request: Request) -> Answer:
        """Score a distorted picture against its reference."""
        return await desk.answer(request)

    @app.get("/health", response_model=Health)
    async def health() -> Health:
        """Tell that the server is there, and which metrics may be asked for."""
        return Health(status="ok", version=version("beholder"), metrics=list(desk.metrics))

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Counters for Prometheus."""
        return Response(desk.measures.as_text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _describe_form(metrics: tuple[str, ...]) -> dict[str, Any]:
    file = {"type": "string", "format": "binary", "description": "PNG, JPEG, WebP, TIFF, BMP or GIF."}
    url = {"type": "string", "format": "uri", "description": "Its address, on an allowed host."}
    text = f"Comma-separated; all by default: {', '.join(metrics)}."
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(FILES, file),
            **{f"{name}_url": url for name in FILES},
            "metrics": {"type": "string", "description": text},
        },
        "allOf": [{"oneOf": [{"required": [name]}, {"required": [f"{name}_url"]}]} for name in FILES],
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _problem(status: int, text: str, headers: Any = None) -> JSONResponse:
    return JSONResponse(Problem(error=text).model_dump(), status, headers)


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return _problem(error.status, str(error), error.headers)


async def _refuse_address(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    found = f"{request.method} {request.url.path[:100]!r}"
    text = f"{found}: {error.detail}; expected POST /score, GET /health, /metrics or /openapi.json."
    return _problem(error.status_code, text, error.headers)


async def _tell_busy(_: Request, __: Exception) -> Response:
    refusal = busy("its memory is used up")
    return _problem(refusal.status, str(refusal), refusal.headers)


async def _tell_broken(_: Request, error: Exception) -> Response:
    return _problem(500, f"the server failed at this request ({type(error).__name__}); its log tells more.")
