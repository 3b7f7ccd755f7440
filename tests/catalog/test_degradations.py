"""Degradations by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.catalog import DEGRADATIONS, create_degradation
from beholder.data.degradations import InOrder, Jpeg, Noise, Shrink
from beholder.spec import UsageError

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


def test_requests() -> None:
    assert create_degradation("jpeg:quality=10") == Jpeg(10)
    assert create_degradation("jpeg:quality=10..40:channel=y") == Jpeg("10..40", channel="y")
    assert create_degradation("jpeg", quality=(10, 40)) == Jpeg((10, 40))
    both = create_degradation("shrink:scale=2:sigma=0.2..4, noise:sigma=0.05")
    assert both == InOrder((Shrink(2, sigma="0.2..4"), Noise(0.05)))


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_each_is_made_with_its_defaults_and_told_of(name: str) -> None:
    assert create_degradation(name).steps
    page = PAGE.read_text(encoding="utf-8")
    assert f"| `{name}` |" in page
    for option in DEGRADATIONS[name].list_options():
        assert f"`{option}`" in page


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("jpg", "no degradation 'jpg'. Did you mean jpeg"),
        ("", "expected at least one"),
        (None, "no degradation None"),
        ("jpeg:strength=3", "has no option 'strength'"),
        ("jpeg:quality=10:quality=20", "named twice"),
        ("jpeg:quality=200", "from 1 to 100"),
    ],
)
def test_what_is_no_request_is_refused(request_: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        create_degradation(request_)


def test_options_of_several_are_refused() -> None:
    with pytest.raises(UsageError, match="names 2 degradations"):
        create_degradation("noise, jpeg", quality=3)
