"""Heat maps' colours say what the map says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from beholder.reports import save_map
from beholder.reports.heat import heat_palette
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

DARK = tuple(round(255 * part) for part in mpl.colormaps["magma"](0.0)[:3])
BRIGHT = tuple(round(255 * part) for part in mpl.colormaps["magma"](1.0)[:3])


def saved(values: list[list[float]], map_range: tuple[float, float], path: Path) -> np.ndarray:
    save_map(np.array(values, dtype=np.float32), map_range, path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("map_range", "alike", "different"), [((0.0, 2.0), 0.0, 2.0), ((1.0, 0.0), 1.0, 0.0)]
)
def test_alike_is_dark_and_different_is_bright(
    tmp_path: Path, map_range: tuple[float, float], alike: float, different: float
) -> None:
    pixels = saved([[alike, different, (alike + different) / 2]], map_range, tmp_path / "map.png")
    assert pixels.shape == (1, 3, 3)
    np.testing.assert_allclose(pixels[0, 0], DARK, atol=1)
    np.testing.assert_allclose(pixels[0, 1], BRIGHT, atol=1)
    assert sum(DARK) < pixels[0, 2].sum() < sum(BRIGHT)


def test_values_beyond_the_range_get_the_colours_of_its_ends(tmp_path: Path) -> None:
    pixels = saved([[1.5, 1.0, 0.0, -3.0]], (1.0, 0.0), tmp_path / "map.png")
    np.testing.assert_array_equal(pixels[0, 0], pixels[0, 1])
    np.testing.assert_array_equal(pixels[0, 2], pixels[0, 3])


def test_not_a_number_is_grey_and_not_alike(tmp_path: Path) -> None:
    pixels = saved([[float("nan"), 0.0]], (0.0, 1.0), tmp_path / "map.png")
    assert len(set(pixels[0, 0].tolist())) == 1
    assert pixels[0, 0].tolist() != pixels[0, 1].tolist()


def test_the_folder_is_created(tmp_path: Path) -> None:
    pixels = saved([[0.0]], (0.0, 1.0), tmp_path / "some" / "where" / "map.png")
    assert tuple(pixels[0, 0]) == DARK


def test_impossible_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"\(1, 2, 2\)"):
        save_map(np.zeros((1, 2, 2)), (0.0, 1.0), tmp_path / "map.png")
    with pytest.raises(UsageError, match="two different ends"):
        save_map(np.zeros((2, 2)), (1.0, 1.0), tmp_path / "map.png")


def test_the_palette_runs_from_dark_to_bright() -> None:
    palette = heat_palette()
    assert palette[0] == "#{:02x}{:02x}{:02x}".format(*DARK)
    assert palette[-1] == "#{:02x}{:02x}{:02x}".format(*BRIGHT)
