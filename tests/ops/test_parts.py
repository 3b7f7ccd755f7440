import torch

from beholder.ops.parts import in_parts


def test_parts_come_back_in_order() -> None:
    x = torch.rand(5, 1, 2, 2)
    sizes = []

    def double(part: torch.Tensor) -> torch.Tensor:
        sizes.append(len(part))
        return 2 * part

    assert torch.equal(in_parts(double, x, images=2), 2 * x)
    assert torch.equal(in_parts(double, x, images=0), 2 * x)
    assert sizes == [2, 2, 1, 1, 1, 1, 1, 1]
