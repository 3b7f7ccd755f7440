"""One request from its first byte to its scores."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect

from beholder.catalog import split_requests
from beholder.serving.addresses import AllowedHosts
from beholder.serving.admission import Admission
from beholder.serving.answers import Answer, make_answer
from beholder.serving.batching import Batcher
from beholder.serving.measures import Measures
from beholder.serving.pictures import Decoder
from beholder.serving.refusals import RefusedError, busy
from beholder.serving.uploads import FILES, check_length, read_form
from beholder.serving.urls import Fetcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from beholder.scoring import Scorer
    from beholder.scoring.pairs import LoadedPair
    from beholder.serving.admission import Held
    from beholder.serving.settings import ServerSettings
    from beholder.serving.uploads import Form

__all__ = ["Desk"]

_MEMORY = 2_000_000_000
_BYTES_A_PIXEL = 2 * 3 * 4  # two pictures of three float32 channels


class Desk:
    """Takes requests, and gives scores.

    Args:
        scorer: The metrics that may be asked for, and how to score.
        settings: What to take, and how long to wait.

    Raises:
        UsageError: If an allowed host is none.
    """

    def __init__(self, scorer: Scorer, settings: ServerSettings) -> None:
        self._settings = settings
        self._provenance: dict[str, Any] = scorer.provenance()
        self._admission = Admission(settings.waiting, _MEMORY)
        self.metrics = tuple(scorer.metrics)
        self.measures = Measures(self._admission)
        self._fetcher = Fetcher(AllowedHosts.parse(settings.allowed_hosts), settings.max_bytes)
        self._decoder = Decoder(scorer.settings)
        self._scorer = scorer

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Be ready for requests, within an event loop."""
        async with (
            self._fetcher,
            self._decoder,
            Batcher(self._scorer, self.measures, self._settings.gather) as self._batcher,
        ):
            yield

    async def answer(self, request: Request) -> Answer:
        """Answer a request.

        Raises:
            RefusedError: If there are no scores for it.
        """
        deadline = asyncio.get_running_loop().time() + self._settings.timeout
        with self._admission.admit() as held:
            loaded, names = await self._load(request, held, deadline)
            try:
                async with asyncio.timeout_at(deadline):
                    scored = await self._batcher.score(loaded, names)
            except TimeoutError as error:
                raise busy(f"no scores within {self._settings.timeout:g} s") from error
        return make_answer(scored, self._provenance)

    async def _load(
        self, request: Request, held: Held, deadline: float
    ) -> tuple[LoadedPair, tuple[str, ...]]:
        """The pair of a request and its metrics; its files are let go when the pair is there."""
        form = await self._read(request, held, deadline)
        names = self._choose(form.metrics)
        await self._fetch(form, held, deadline)
        try:
            async with asyncio.timeout_at(deadline):
                loaded = await self._decoder.decode(*(form.files[name] for name in FILES))
        except TimeoutError as error:
            raise busy(f"no pictures within {self._settings.timeout:g} s") from error
        held.release()
        if loaded.x is not None:
            held.grow(_BYTES_A_PIXEL * loaded.x[0].numel())
        return loaded, names

    async def _read(self, request: Request, held: Held, deadline: float) -> Form:
        check_length(request.headers.get("content-length"), self._settings.max_bytes)
        try:
            async with asyncio.timeout_at(deadline):
                return await read_form(
                    request.stream(),
                    request.headers.get("content-type", ""),
                    self._settings.max_bytes,
                    held.grow,
                )
        except TimeoutError as error:
            raise RefusedError(
                408, f"the request was not there within {self._settings.timeout:g} s; send it faster."
            ) from error
        except ClientDisconnect as error:
            raise RefusedError(400, "the request breaks off; send it again.") from error

    def _choose(self, asked: str | None) -> tuple[str, ...]:
        """The metrics of a request: only those that the server was started with, as they are named there."""
        if asked is None:
            return self.metrics
        names = tuple(split_requests(asked))
        unknown = [name for name in names if name not in self.metrics]
        if unknown or not names:
            found = f"no metric {unknown[0][:100]!r} here" if unknown else "no metric is named"
            raise RefusedError(400, f"{found}; this server has {', '.join(self.metrics)}.")
        if len(set(names)) < len(names):
            raise RefusedError(400, f"metrics is {asked[:100]!r}; expected each metric once.")
        return names

    async def _fetch(self, form: Form, held: Held, deadline: float) -> None:
        """Put the files of addresses beside those that were sent."""
        for name, url in form.urls.items():
            try:
                async with asyncio.timeout_at(deadline):
                    form.files[name] = await self._fetcher.fetch(url, held.grow)
            except TimeoutError as error:
                raise RefusedError(
                    422,
                    f"{name}_url: the picture was not there within {self._settings.timeout:g} s; "
                    "send the picture itself.",
                ) from error
