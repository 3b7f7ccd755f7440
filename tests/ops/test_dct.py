import math

import numpy as np
import pytest
import torch
from scipy import fft

from beholder.ops.dct import dct_blocks, dct_matrix, split_blocks
from beholder.ops.decibels import decibels


def test_matrix_is_orthonormal() -> None:
    matrix = dct_matrix(8, torch.empty(0, dtype=torch.float64))
    assert torch.allclose(matrix @ matrix.T, torch.eye(8, dtype=torch.float64), atol=1e-15)


@pytest.mark.parametrize("size", [4, 8])
def test_blocks_are_transformed_as_scipy_does(size: int) -> None:
    x = torch.rand(2, 1, 3 * size, 2 * size, dtype=torch.float64)
    found = dct_blocks(split_blocks(x, size))
    assert found.shape == (2, size * size, 3, 2)
    block = x[1, 0, 2 * size :, size:].numpy()
    expected = fft.dctn(block, norm="ortho").ravel()
    assert np.allclose(found[1, :, 2, 1].numpy(), expected, atol=1e-14)


def test_wanted_subbands_only() -> None:
    blocks = split_blocks(torch.rand(2, 1, 24, 16, dtype=torch.float64), 8)
    assert torch.allclose(dct_blocks(blocks, [9, 0]), dct_blocks(blocks)[:, [9, 0]], atol=1e-15)


def test_what_is_no_whole_block_is_dropped() -> None:
    x = torch.rand(1, 1, 21, 10)
    assert torch.equal(split_blocks(x, 8), split_blocks(x[..., :16, :8], 8))


def test_decibels() -> None:
    error = torch.tensor([1.0, 0.01, 0.0, math.nan], requires_grad=True)
    found = decibels(error)
    assert found[:3].tolist() == [0.0, 20.0, math.inf]
    assert found[3].isnan()
    (gradient,) = torch.autograd.grad(found[:3].sum(), error)
    assert gradient[2] == 0
