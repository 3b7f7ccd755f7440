import pytest
import torch

from beholder.ops.ycbcr import Matrix, enlarge_chroma, ycbcr_to_rgb

BLACK, WHITE = [16.0, 128, 128], [235.0, 128, 128]
# Coded pure colours, 8 bits, limited range, as ITU-R BT.601 and BT.709 give them (rounded to whole codes).
PURE: list[tuple[Matrix, list[float], list[float]]] = [
    ("bt601", [81, 90, 240], [1, 0, 0]),
    ("bt601", [145, 54, 34], [0, 1, 0]),
    ("bt601", [41, 240, 110], [0, 0, 1]),
    ("bt709", [63, 102, 240], [1, 0, 0]),
    ("bt709", [173, 42, 26], [0, 1, 0]),
    ("bt709", [32, 240, 118], [0, 0, 1]),
]


def convert(code: list[float], matrix: Matrix, *, bits: int = 8, full_range: bool = False) -> list[float]:
    planes = torch.tensor(code, dtype=torch.float64).view(1, 3, 1, 1)
    return ycbcr_to_rgb(planes, matrix, bits=bits, full_range=full_range).flatten().tolist()


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
def test_black_and_white(matrix: Matrix) -> None:
    assert convert(BLACK, matrix) == pytest.approx([0, 0, 0], abs=1e-12)
    assert convert(WHITE, matrix) == pytest.approx([1, 1, 1], abs=1e-12)
    assert convert([4 * code for code in WHITE], matrix, bits=10) == pytest.approx([1, 1, 1], abs=1e-12)
    assert convert([255, 128, 128], matrix, full_range=True) == pytest.approx([1, 1, 1], abs=1e-12)
    assert convert([1023, 512, 512], matrix, bits=10, full_range=True) == pytest.approx([1, 1, 1], abs=1e-12)


@pytest.mark.parametrize(("matrix", "code", "rgb"), PURE)
def test_pure_colours(matrix: Matrix, code: list[float], rgb: list[float]) -> None:
    assert convert(code, matrix) == pytest.approx(
        rgb, abs=0.01
    )  # the codes are rounded: half a step is 0.005


def test_chroma_lies_on_left_columns_and_between_rows() -> None:
    # Samples of a slope of 1 a column and 10 a row of luma, where they lie in 4:2:0 of H.264.
    rows, columns = torch.arange(4.0) * 2 + 0.5, torch.arange(4.0) * 2
    plane = (10 * rows[:, None] + columns)[None, None]
    found = enlarge_chroma(plane, 8, 8, centred=False)[0, 0]
    expected = 10 * torch.arange(8.0)[:, None] + torch.arange(8.0)
    assert torch.allclose(found[1:-1, :-1], expected[1:-1, :-1])


def test_centred_chroma_lies_between_columns() -> None:
    columns = torch.arange(4.0) * 2 + 0.5
    found = enlarge_chroma(columns.expand(1, 1, 4, 4), 8, 8, centred=True)[0, 0]
    assert torch.allclose(found[:, 1:-1], torch.arange(8.0)[1:-1].expand(8, -1))


def test_odd_sizes_and_whole_planes() -> None:
    plane = torch.rand(1, 1, 3, 4)
    assert enlarge_chroma(plane, 5, 7, centred=False).shape == (1, 1, 5, 7)
    assert torch.equal(enlarge_chroma(plane, 3, 4, centred=False), plane)
    assert enlarge_chroma(plane, 3, 7, centred=True).shape == (1, 1, 3, 7)
