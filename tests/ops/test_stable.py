import pytest
import torch

from beholder.ops.stable import cbrt, nonzero_sqrt, real_power


def test_real_power_is_that_of_complex_numbers() -> None:
    numbers = [4.0, 0.3, -0.3, -2.0]
    expected = [complex(number) ** 0.03 for number in numbers]
    found = real_power(torch.tensor(numbers, dtype=torch.float64), 0.03)
    assert found.tolist() == pytest.approx([each.real for each in expected], abs=1e-12)


def test_real_power_has_gradient_zero_at_zero() -> None:
    x = torch.tensor([0.0, 4.0, -4.0], requires_grad=True)
    real_power(x, 0.5).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == pytest.approx([0, 0.25, 0], abs=1e-6)
    assert real_power(torch.tensor(float("nan")), 0.5).isnan()


def test_cube_root_has_gradient_zero_at_zero() -> None:
    x = torch.tensor([0.0, 8.0], requires_grad=True)
    roots = cbrt(x)
    roots.sum().backward()
    assert roots.tolist() == pytest.approx([0, 2], abs=1e-6)
    assert x.grad is not None
    assert x.grad.tolist() == pytest.approx([0, 1 / 12], abs=1e-6)
    assert cbrt(torch.tensor(float("nan"))).isnan()


def test_nonzero_root_is_next_to_nothing_at_zero_and_flat() -> None:
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    root = nonzero_sqrt(x)
    root.sum().backward()
    assert 0 < root[0] < 1e-18
    assert root[1] == 2
    assert x.grad is not None
    assert x.grad.tolist() == [0, 0.25]
    assert nonzero_sqrt(torch.tensor(float("nan"))).isnan()
