"""What a page shows of its pairs: each distinct file once, the most telling pairs first, within a budget."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from beholder.images import read_picture
from beholder.reports.embed import map_uri, picture_uri, pixels_uri
from beholder.scoring.fitting import fit
from beholder.spec import PictureError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from beholder.images import File
    from beholder.scoring import Settings

__all__ = ["Album", "Exhibit", "PairFiles", "fill_album"]


@dataclasses.dataclass(frozen=True)
class PairFiles:
    """The files of one pair: its row in the score table, two pictures, and heat maps by metric."""

    row: int
    reference: File
    distorted: File
    maps: Mapping[str, Path]


@dataclasses.dataclass(frozen=True)
class Exhibit:
    """A pair whose pictures are in the album, as places in ``Album.uris``."""

    reference: int
    distorted: int
    maps: dict[str, int]


@dataclasses.dataclass(frozen=True)
class _Part:
    """A file that a page shows, and the shape that its pixels were brought to where it is not shown whole."""

    path: File
    encode: Callable[[], str] = dataclasses.field(compare=False)
    shape: tuple[int, ...] | None = None


@dataclasses.dataclass
class Album:
    """What a page embeds.

    Attributes:
        budget: Most characters that all data URIs may take together.
        settings: How the pairs were scored: the same pixels are shown.
        uris: One data URI for each distinct picture or map.
        exhibits: The pairs that are shown, by row.
        left_out: Why a pair is not shown, by row, where the reason lies in its own files.
        full: Whether the budget ended the album before the last pair.
    """

    budget: int
    settings: Settings
    uris: list[str] = dataclasses.field(default_factory=list)
    exhibits: dict[int, Exhibit] = dataclasses.field(default_factory=dict)
    left_out: dict[int, str] = dataclasses.field(default_factory=dict)
    full: bool = False
    _room: int = dataclasses.field(init=False)
    _place_of_uri: dict[str, int] = dataclasses.field(init=False, default_factory=dict)
    _place_of_part: dict[_Part, int] = dataclasses.field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._room = self.budget

    def add(self, pair: PairFiles) -> None:
        """Embed a pair whole, or note why it is left out, or close the album when it does not fit."""
        maps = {name: _Part(path, functools.partial(map_uri, path)) for name, path in pair.maps.items()}
        try:
            reference, distorted = self._pictures(pair)
            uris = {part: self._uri(part) for part in (reference, distorted, *maps.values())}
        except (PictureError, ShapeError) as error:
            self.left_out[pair.row] = str(error)
            return
        alone = _size(set(uris.values()))
        new = [uri for uri in dict.fromkeys(uris.values()) if uri not in self._place_of_uri]
        if alone > self.budget:
            self.left_out[pair.row] = (
                f"Its pictures take {alone / 1e6:.1f} MB, more than the whole page's budget "
                f"of {self.budget / 1e6:.1f} MB."
            )
            return
        if _size(new) > self._room:
            self.full = True
            return
        self._keep(uris, new)
        self.exhibits[pair.row] = Exhibit(
            reference=self._place_of_part[reference],
            distorted=self._place_of_part[distorted],
            maps={name: self._place_of_part[part] for name, part in maps.items()},
        )

    def _pictures(self, pair: PairFiles) -> list[_Part]:
        """Reference and distorted picture: whole, or as they were scored where their sizes were made equal."""
        background, max_pixels = self.settings.background, self.settings.max_pixels
        files = pair.reference, pair.distorted
        whole = [
            _Part(path, functools.partial(picture_uri, path, background=background, max_pixels=max_pixels))
            for path in files
        ]
        if self.settings.resize == "refuse":
            return whole
        y, x = (read_picture(path, background=background, max_pixels=max_pixels).pixels for path in files)
        scored_x, scored_y = fit(x, y, self.settings.resize)
        return [
            part
            if scored.shape == read.shape
            else _Part(part.path, functools.partial(pixels_uri, scored), tuple(scored.shape))
            for part, read, scored in zip(whole, (y, x), (scored_y, scored_x), strict=True)
        ]

    def _uri(self, part: _Part) -> str:
        place = self._place_of_part.get(part)
        return part.encode() if place is None else self.uris[place]

    def _keep(self, uris: Mapping[_Part, str], new: Sequence[str]) -> None:
        self._room -= _size(new)
        for uri in new:
            self._place_of_uri[uri] = len(self.uris)
            self.uris.append(uri)
        self._place_of_part |= {part: self._place_of_uri[uri] for part, uri in uris.items()}


def fill_album(pairs: Iterable[PairFiles], budget: int, settings: Settings) -> Album:
    """Embed pairs in the order given until one does not fit.

    The first pair that does not fit ends the album, so that those shown are the first ones; a pair that
    would not fit alone is passed over.

    Args:
        pairs: Pairs, the most telling first.
        budget: Most characters that all data URIs may take together.
        settings: How the pairs were scored: the same pixels are shown, whatever the files hold.

    Returns:
        The filled album.
    """
    album = Album(budget, settings)
    for pair in pairs:
        album.add(pair)
        if album.full:
            break
    return album


def _size(uris: Iterable[str]) -> int:
    return sum(map(len, uris))
