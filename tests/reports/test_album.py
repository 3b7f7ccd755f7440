"""Each distinct picture once, with the pixels that were scored, within the budget."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from beholder.images import read_picture
from beholder.reports.album import Album, PairFiles, fill_album
from beholder.reports.embed import map_uri, picture_uri
from beholder.scoring import Settings
from beholder.scoring.fitting import fit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from beholder.scoring import ResizeRule


def filled(pairs: Iterable[PairFiles], budget: int = 10**6, **settings: Any) -> Album:
    return fill_album(pairs, budget, Settings(device="cpu", **settings))


def decoded(uri: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(";base64,")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def pair(row: int, reference: Path, distorted: Path, **maps: Path) -> PairFiles:
    return PairFiles(row, reference, distorted, maps)


def noise(path: Path, seed: int, side: int = 32, height: int | None = None) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (height or side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_each_distinct_file_is_embedded_once(tmp_path: Path) -> None:
    reference, other = noise(tmp_path / "r.png", 0), noise(tmp_path / "a.png", 1)
    twin = tmp_path / "twin.png"
    twin.write_bytes(reference.read_bytes())
    album = filled([pair(0, reference, other), pair(1, reference, twin), pair(2, other, reference)])
    assert len(album.uris) == len(set(album.uris)) == 2
    places = [(each.reference, each.distorted) for each in album.exhibits.values()]
    assert places == [(0, 1), (0, 0), (1, 0)]
    assert not album.full


def test_the_budget_is_obeyed_and_ends_the_album(tmp_path: Path) -> None:
    reference = noise(tmp_path / "r.png", 0)
    pairs = [pair(row, reference, noise(tmp_path / f"{row}.png", row + 1)) for row in range(6)]
    one = len(picture_uri(reference))
    album = filled(pairs, int(3.5 * one))
    assert list(album.exhibits) == [0, 1]
    assert album.full
    assert sum(map(len, album.uris)) <= 3.5 * one


def test_a_pair_is_embedded_whole_or_not_at_all(tmp_path: Path) -> None:
    reference, distorted, drawn = (noise(tmp_path / f"{place}.png", place) for place in range(3))
    pictures = len(picture_uri(reference)) + len(picture_uri(distorted))
    pairs = [pair(0, reference, distorted, ssim=drawn)]
    assert filled(pairs, pictures).uris == []
    album = filled(pairs, pictures + len(map_uri(drawn)))
    assert album.exhibits[0].maps.keys() == {"ssim"}


def test_a_pair_larger_than_the_whole_budget_is_passed_over_and_told(tmp_path: Path) -> None:
    large, small = noise(tmp_path / "large.png", 0, 256), noise(tmp_path / "small.png", 1)
    album = filled([pair(0, large, small), pair(1, small, small)], len(picture_uri(small)))
    assert list(album.exhibits) == [1]
    assert "budget" in album.left_out[0]
    assert not album.full


def test_an_unreadable_pair_says_why(tmp_path: Path) -> None:
    small = noise(tmp_path / "small.png", 1)
    album = filled([pair(7, small, tmp_path / "gone.png"), pair(8, small, small)])
    assert list(album.exhibits) == [8]
    assert "gone.png" in album.left_out[7]


@pytest.mark.parametrize("rule", ["reference", "distorted", "crop"])
def test_pairs_of_two_sizes_are_shown_as_they_were_scored(tmp_path: Path, rule: ResizeRule) -> None:
    reference, distorted = noise(tmp_path / "r.png", 0, 40, 24), noise(tmp_path / "d.png", 1, 30, 36)
    album = filled([pair(0, reference, distorted)], resize=rule)
    x, y = fit(*(read_picture(path).pixels for path in (distorted, reference)), rule)
    exhibit = album.exhibits[0]
    for place, scored in ((exhibit.reference, y), (exhibit.distorted, x)):
        np.testing.assert_allclose(
            decoded(album.uris[place]) / 255, scored.permute(1, 2, 0).numpy(), atol=0.5 / 255 + 1e-6
        )


def test_what_a_rule_leaves_alone_is_embedded_byte_for_byte(tmp_path: Path) -> None:
    reference, distorted, equal = (
        noise(tmp_path / "r.png", 0, 20, 24),
        noise(tmp_path / "d.png", 1, 30, 36),
        noise(tmp_path / "e.png", 2, 20, 24),
    )
    album = filled([pair(0, reference, distorted), pair(1, reference, equal)], resize="crop")
    assert album.uris[album.exhibits[0].reference] == picture_uri(reference)
    assert album.uris[album.exhibits[0].distorted] != picture_uri(distorted)
    assert album.uris[album.exhibits[1].distorted] == picture_uri(equal)


def test_one_file_may_be_shown_in_several_sizes(tmp_path: Path) -> None:
    reference = noise(tmp_path / "r.png", 0, 40)
    pairs = [pair(side, reference, noise(tmp_path / f"{side}.png", side, side)) for side in (20, 30, 40)]
    album = filled(pairs, resize="crop")
    for side in (20, 30, 40):
        exhibit = album.exhibits[side]
        assert decoded(album.uris[exhibit.reference]).shape == (side, side, 3)
        assert decoded(album.uris[exhibit.distorted]).shape == (side, side, 3)
