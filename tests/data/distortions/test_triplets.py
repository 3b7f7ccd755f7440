"""Triplets of patches."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from beholder.data.distortions import COMPOSITIONS, DISTORTIONS, Choice, Traditional, Triplets, create_scheme
from beholder.data.drawing import random_source
from beholder.data.packs import Pack, open_pack
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.spec import ShapeError, UsageError


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    """Two photographs and one that is too small."""
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "photos"
    folder.mkdir()
    for photo, side in zip(PHOTOS[:3], (80, 100, 40), strict=True):
        save_picture(photo.detail(side), folder / f"{photo.name}.png")
    return open_pack(folder)


def test_an_item_is_what_its_plan_says(pack: Pack) -> None:
    triplets = Triplets(pack, "traditional", 20)
    assert triplets.left_out == 1
    for index in range(20):
        plan, made = triplets.plan(index), triplets[index]
        assert plan.index == index
        assert torch.equal(made["ref"], pack.crop(plan.picture, plan.top, plan.left, 64, 64))
        assert {patch.dtype for patch in made.values()} == {torch.uint8}
        assert {patch.shape for patch in made.values()} == {(3, 64, 64)}
        for side, choice in zip(("p0", "p1"), plan.choices, strict=True):
            distorted = Traditional().apply(choice, made["ref"], random_source(f"0/train/{index}/{side}"))
            assert torch.equal(made[side], (distorted * 255).round().to(torch.uint8))


def test_workers_seeds_and_counts(pack: Pack) -> None:
    triplets = Triplets(pack, "traditional", 6, size=32, seed=3)
    alone = [triplets[index] for index in range(6)]
    loader = DataLoader(triplets, batch_size=None, num_workers=2)
    assert all(
        torch.equal(one[side], other[side]) for one, other in zip(alone, loader, strict=True) for side in one
    )
    longer = Triplets(pack, Traditional(), 60, size=32, seed=3)
    assert torch.equal(longer[5]["p1"], alone[5]["p1"])
    for other in (
        Triplets(pack, "traditional", 6, size=32, seed=4),
        Triplets(pack, "traditional", 6, size=32, seed=3, split="val"),
    ):
        assert [other.plan(index) for index in range(6)] != [triplets.plan(index) for index in range(6)]


def test_all_distortions_pictures_and_places_come_up(pack: Pack) -> None:
    triplets = Triplets(pack, "traditional", 3000)
    plans = [triplets.plan(index) for index in range(3000)]
    names = Counter(choice.name for plan in plans for choice in plan.choices)
    assert set(names) == {*DISTORTIONS, *(each.name for each in COMPOSITIONS)}
    assert max(names.values()) < 45
    assert all(plan.choices[0].name != plan.choices[1].name for plan in plans)
    pictures = Counter(plan.picture for plan in plans)
    assert set(pictures) == {0, 1}
    assert max(pictures.values()) < 1650
    assert {plan.top for plan in plans if plan.picture == 0} == set(range(17))
    strengths = [strength for plan in plans for choice in plan.choices for strength in choice.strengths]
    assert 0 <= min(strengths) < 0.01
    assert 0.99 < max(strengths) < 1


def test_a_scheme_of_ones_own(pack: Pack) -> None:
    class Inverted:
        name = "inverted"

        def choose(self, draw: torch.Generator) -> tuple[Choice, Choice]:
            return Choice("same", ()), Choice("inverted", ())

        def apply(self, choice: Choice, patch: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
            return patch / 255 if choice.name == "same" else 1 - patch / 255

    made = Triplets(pack, Inverted(), 3)[2]
    assert torch.equal(made["p0"], made["ref"])
    assert torch.equal(made["p1"], 255 - made["ref"])


def test_what_is_impossible_is_refused(pack: Pack) -> None:
    with pytest.raises(ShapeError, match="none of 3 pictures is large enough for patches of 101 pixels"):
        Triplets(pack, "traditional", 1, size=101)
    with pytest.raises(UsageError, match="count is 0"):
        Triplets(pack, "traditional", 0)
    with pytest.raises(UsageError, match=r"no scheme 'tradition'\. Did you mean traditional"):
        create_scheme("tradition")
    with pytest.raises(IndexError):
        Triplets(pack, "traditional", 3)[3]
