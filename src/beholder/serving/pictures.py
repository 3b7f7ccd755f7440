"""Two files into a pair, in threads beside the event loop."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from beholder.images import Pair, decode_picture
from beholder.scoring.reader import load_pair
from beholder.serving.refusals import RefusedError
from beholder.spec import PictureError, ShapeError

if TYPE_CHECKING:
    from beholder.scoring import Settings
    from beholder.scoring.pairs import LoadedPair

__all__ = ["Decoder"]


class Decoder:
    """Decodes pictures, one a core at a time, so that their memory stays bounded.

    Args:
        settings: How to score.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "decoding")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def decode(self, reference: bytes, distorted: bytes) -> LoadedPair:
        """Decode a pair.

        Raises:
            RefusedError: If either is no whole picture, too large, or they do not go together.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._decode, reference, distorted)
        except (PictureError, ShapeError) as error:
            raise RefusedError(422, str(error)) from error

    def _decode(self, reference: bytes, distorted: bytes) -> LoadedPair:
        pair = Pair(Path("reference"), Path("distorted"))
        x, y = (
            decode_picture(
                data, name, background=self._settings.background, max_pixels=self._settings.max_pixels
            )
            for data, name in ((distorted, "distorted"), (reference, "reference"))
        )
        return load_pair(0, pair, x, y, self._settings.resize)
