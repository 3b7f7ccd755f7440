"""Weights that a loss needs, told without building it."""

from __future__ import annotations

import contextlib

import pytest

from beholder.backbones import CARDS, door
from beholder.catalog import LOSSES, create_loss, list_loss_weights
from beholder.spec import UsageError, WeightsError


@pytest.mark.parametrize(
    ("request_", "cards"),
    [
        ("l1", ()),
        ("content:layers=relu2_2", ("vgg16",)),
        ("content:backbone=alexnet:layers=relu1", ("alexnet",)),
        ("content:weights=mine.pth", ()),
        ("landmarks", ("face_landmarks_68",)),
        ("landmarks:detector=fan", ()),
        ("lpips_alex", ("alexnet", "lpips_alex_lin_v0.1")),
        ("ssim", ()),
    ],
)
def test_cards(request_: str, cards: tuple[str, ...]) -> None:
    assert list_loss_weights(request_) == cards


def test_unknown() -> None:
    with pytest.raises(UsageError, match="there is no loss 'l3'"):
        list_loss_weights("l3")


@pytest.mark.parametrize("name", LOSSES)
def test_none_is_forgotten(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(card: str, path: object = None) -> None:
        asked.append(card)
        raise WeightsError(card)

    monkeypatch.setattr(door, "load", load)
    with contextlib.suppress(UsageError, WeightsError):  # some are built in Python only
        create_loss(name)
    assert all(card in CARDS for card in asked)
    assert tuple(asked) == list_loss_weights(name)[:1]
