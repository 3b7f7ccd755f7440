"""Networks between two: which shares can be asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from beholder.spec import UsageError
from beholder.training.blending import parse_alphas


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3", ["0.3"]),
        ("1,0,0.5", ["1", "0", "0.5"]),
        ("0:1:0.25", ["0", "0.25", "0.5", "0.75", "1"]),
        ("0:0.5:0.2", ["0", "0.2", "0.4"]),
    ],
)
def test_shares(text: str, expected: list[str]) -> None:
    assert parse_alphas(text) == list(map(Decimal, expected))


@pytest.mark.parametrize(
    "text",
    [
        *("", "half", "1.1", "-0.1", "0.5,0.50", "nan", "0,inf"),
        *("0:1", "0:1:0", "1:0:0.1", "0:1:0.001", "0:1:nan", "0:inf:0.1", "0:1:1e-999999999"),
    ],
)
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected shares from 0 to 1, 101 at most"):
        parse_alphas(text)
