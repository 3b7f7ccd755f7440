"""Pictures inside a page: each distinct file once, the most telling pairs first, within a budget."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import io
import warnings
from typing import TYPE_CHECKING

from PIL import Image

from beholder.spec import PictureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import numpy as np

__all__ = ["Album", "Exhibit", "PairFiles", "fill_album", "map_uri", "picture_uri"]

_MEDIA_TYPES = {
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
}
_EIGHT_BIT_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}
_PNG_BIT_DEPTH = 24  # offset of the bit depth: signature (8), chunk head (8), width and height (8)
_ORIENTATION = 274  # EXIF; browsers agree on it for JPEG only
_WEBP_LIMIT = 16383  # the format's largest side, in pixels
_PILLOW_ERRORS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


@dataclasses.dataclass(frozen=True)
class PairFiles:
    """The files of one pair: its row in the score table, two pictures, and heat maps by metric."""

    row: int
    reference: Path
    distorted: Path
    maps: Mapping[str, Path]


@dataclasses.dataclass(frozen=True)
class Exhibit:
    """A pair whose pictures are in the album, as places in ``Album.uris``."""

    reference: int
    distorted: int
    maps: dict[str, int]


@dataclasses.dataclass
class Album:
    """What a page embeds.

    Attributes:
        budget: Most characters that all data URIs may take together.
        background: Colour beneath transparent pixels, where a picture must be converted.
        uris: One data URI for each distinct picture or map.
        exhibits: The pairs that are shown, by row.
        left_out: Why a pair is not shown, by row, where the reason lies in its own files.
        full: Whether the budget ended the album before the last pair.
    """

    budget: int
    background: str = "white"
    uris: list[str] = dataclasses.field(default_factory=list)
    exhibits: dict[int, Exhibit] = dataclasses.field(default_factory=dict)
    left_out: dict[int, str] = dataclasses.field(default_factory=dict)
    full: bool = False
    _room: int = dataclasses.field(init=False)
    _place_of_uri: dict[str, int] = dataclasses.field(init=False, default_factory=dict)
    _place_of_file: dict[Path, int] = dataclasses.field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._room = self.budget

    def add(self, pair: PairFiles) -> None:
        """Embed a pair whole, or note why it is left out, or close the album when it does not fit."""
        try:
            uris = self._encode(pair)
        except PictureError as error:
            self.left_out[pair.row] = str(error)
            return
        alone = _size(set(uris.values()))
        new = [uri for uri in dict.fromkeys(uris.values()) if uri not in self._place_of_uri]
        if alone > self.budget:
            self.left_out[pair.row] = (
                f"Its pictures take {alone / 1e6:.1f} MB, more than the whole page's budget "
                f"of {self.budget / 1e6:.1f} MB."
            )
        elif _size(new) > self._room:
            self.full = True
        else:
            self._keep(pair, uris, new)

    def _encode(self, pair: PairFiles) -> dict[Path, str]:
        files: dict[Path, Callable[[Path], str]] = dict.fromkeys(pair.maps.values(), map_uri)
        encode_picture = functools.partial(picture_uri, background=self.background)
        files |= dict.fromkeys((pair.reference, pair.distorted), encode_picture)
        places = self._place_of_file
        return {
            path: self.uris[places[path]] if path in places else encode(path)
            for path, encode in files.items()
        }

    def _keep(self, pair: PairFiles, uris: dict[Path, str], new: list[str]) -> None:
        self._room -= _size(new)
        for uri in new:
            self._place_of_uri[uri] = len(self.uris)
            self.uris.append(uri)
        places = {path: self._place_of_uri[uri] for path, uri in uris.items()}
        self._place_of_file |= places
        self.exhibits[pair.row] = Exhibit(
            reference=places[pair.reference],
            distorted=places[pair.distorted],
            maps={metric: places[path] for metric, path in pair.maps.items()},
        )


def fill_album(pairs: Iterable[PairFiles], budget: int, background: str = "white") -> Album:
    """Embed pairs in the order given until one does not fit.

    The first pair that does not fit ends the album, so that those shown are the first ones; a pair that
    would not fit alone is passed over.

    Args:
        pairs: Pairs, the most telling first.
        budget: Most characters that all data URIs may take together.
        background: Colour beneath transparent pixels, where a picture must be converted.

    Returns:
        The filled album.
    """
    album = Album(budget, background)
    for pair in pairs:
        album.add(pair)
        if album.full:
            break
    return album


def picture_uri(path: Path, background: str = "white") -> str:
    """A picture as a data URI that a browser shows with the pixels that were scored.

    The file's own bytes are kept where a browser shows them faithfully; other pictures are read by
    ``beholder.images`` and stored as lossless WebP.

    Args:
        path: The picture; its content tells its format, not its name.
        background: Colour beneath transparent pixels, where the picture must be converted.

    Raises:
        PictureError: If the file cannot be read whole.
    """
    with contextlib.suppress(OSError, ValueError):  # our own reader says better what is wrong with a file
        content = path.read_bytes()
        if media_type := _displayable_type(content):
            return _data_uri(media_type, content)
    from beholder.images import eight_bit, read_picture  # loads torch, which most pages need not

    return _lossless_uri(eight_bit(read_picture(path, background=background).pixels))


def map_uri(path: Path) -> str:
    """A saved heat map as a data URI, compressed: its colours are read by eye, not by number.

    Raises:
        PictureError: If the file cannot be read.
    """
    try:
        with Image.open(path) as image:
            colours = image.convert("RGB")
    except _PILLOW_ERRORS as error:
        raise PictureError(f"{path}: the heat map cannot be read: {error}") from error
    if max(colours.size) > _WEBP_LIMIT:
        return _saved_uri(colours.quantize(256), "PNG")
    return _saved_uri(colours, "WEBP", quality=80, method=5)


def _displayable_type(content: bytes) -> str | None:
    """The media type of a picture that a browser shows as it is, or ``None`` when it must be converted.

    A file that Pillow cannot read whole is left to our own reader, which knows more formats and tells
    what is wrong with the others.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content)) as image:
            image.load()
            plain = (
                image.mode in _EIGHT_BIT_MODES
                and getattr(image, "n_frames", 1) == 1
                and (image.format != "PNG" or _is_plain_png(image, content))
                and (image.format == "JPEG" or image.getexif().get(_ORIENTATION, 1) == 1)
                and _means_srgb(image.info.get("icc_profile"))
            )
            return _MEDIA_TYPES.get(image.format or "") if plain else None
    except _PILLOW_ERRORS:
        return None


def _is_plain_png(image: Image.Image, content: bytes) -> bool:
    # Browsers obey notes on gamma and colour space that the scorer did not follow.
    stranger = "gamma" in image.info and "srgb" not in image.info
    return content[_PNG_BIT_DEPTH] <= 8 and not stranger and b"cICP" not in content.partition(b"IDAT")[0]


def _means_srgb(profile: bytes | None) -> bool:
    if not profile:
        return True
    from beholder.images import means_srgb  # loads torch, which most pages need not

    return means_srgb(profile)


def _lossless_uri(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    if max(image.size) > _WEBP_LIMIT:
        return _saved_uri(image, "PNG")
    return _saved_uri(image, "WEBP", lossless=True, quality=50, method=4)


def _saved_uri(image: Image.Image, form: str, **options: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return _data_uri(_MEDIA_TYPES[form], buffer.getvalue())


def _data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _size(uris: Iterable[str]) -> int:
    return sum(map(len, uris))
