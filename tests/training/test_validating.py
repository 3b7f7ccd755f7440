"""Which network a validation keeps."""

from __future__ import annotations

import pytest
import torch

from beholder.spec import TrainingError
from beholder.training.recipe import Validation
from beholder.training.validating import Validator


@pytest.mark.parametrize(
    ("select", "scores", "best", "better"),
    [
        ("psnr", {"psnr": 20.0, "lpips_alex": 0.2}, 19.0, True),
        ("psnr", {"psnr": 20.0, "lpips_alex": 0.2}, 21.0, False),
        ("lpips_alex", {"psnr": 20.0, "lpips_alex": 0.2}, 0.3, True),
        ("lpips_alex", {"psnr": 20.0, "lpips_alex": 0.2}, 0.1, False),
        ("lpips_alex", {"psnr": 20.0, "lpips_alex": 0.2}, None, True),
        ("last", {"psnr": 20.0, "lpips_alex": 0.2}, None, True),
    ],
)
def test_what_is_better(select: str, scores: dict[str, float], best: float | None, better: bool) -> None:
    validator = Validator(Validation(metrics=("psnr", "lpips_alex"), select=select), torch.device("cpu"))
    assert validator.is_better(scores, best) is better


def test_a_score_that_is_no_number_stops() -> None:
    validator = Validator(Validation(metrics=("psnr",)), torch.device("cpu"))
    with pytest.raises(TrainingError, match="psnr of the validation is no number"):
        validator.is_better({"psnr": float("nan")}, None)
