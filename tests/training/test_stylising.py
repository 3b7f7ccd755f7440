"""Pictures in the style of others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.backbones import Backbone
from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses import PictureLoss
from beholder.spec import ShapeError, UsageError
from beholder.training import stylise, stylise_stepwise

CONTENT = PHOTOS[1].detail(64)[None]
STYLE = PHOTOS[2].detail(64)[None, :, :48]


class Squares(PictureLoss):
    title = "Mean squared difference"

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        return (x - y).square().flatten(1).mean(1)


@pytest.mark.parametrize("loss", ["gram", "nearest_patch", "contextual"])
def test_style_comes_and_content_stays(loss: str) -> None:
    first, *_, last = stylise_stepwise(CONTENT, STYLE, style_loss=loss, steps=12)
    assert last.total < 0.95 * first.total
    find_style, find_content = create_loss(loss), create_loss("content:layers=relu4_2")
    assert find_style(last.picture, STYLE) < 0.95 * find_style(CONTENT, STYLE)
    assert find_content(last.picture, CONTENT) < find_content(torch.rand_like(CONTENT), CONTENT)
    assert last.picture.shape == CONTENT.shape
    assert 0 <= last.picture.min() <= last.picture.max() <= 1


def test_steps_are_told() -> None:
    steps = list(stylise_stepwise(CONTENT, STYLE, steps=3, style_weight=7))
    assert [step.number for step in steps] == [1, 2, 3]
    assert (steps[0].content, steps[0].style) == (0, pytest.approx(1))
    for step in steps:
        assert step.total == pytest.approx(step.content + 7 * step.style, rel=1e-5)
    assert not torch.equal(steps[0].picture, steps[1].picture)  # each its own, not one that changes


def test_a_known_minimum_is_found() -> None:
    # Of |x - c|^2 / |g - c|^2 + w |x - s|^2 / |c - s|^2 it is a weighted mean of c and s.
    generator = torch.Generator().manual_seed(0)
    content, style = 0.2 + 0.6 * torch.rand(2, 1, 3, 8, 8, generator=generator)
    by_content = 1 / (0.5 - content).square().mean()
    by_style = 2 / (content - style).square().mean()
    expected = (by_content * content + by_style * style) / (by_content + by_style)
    for start in ("content", "noise"):
        found = stylise(
            content,
            style,
            content_loss=Squares(),
            style_loss=Squares(),
            style_weight=2,
            steps=300,
            start=start,  # type: ignore[arg-type]
        )
        assert torch.allclose(found, expected, atol=2e-3)


def test_noise_is_seeded() -> None:
    first, same, other = (stylise(CONTENT, STYLE, steps=1, start="noise", seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_style_that_is_there_already() -> None:
    assert stylise(CONTENT, CONTENT, steps=2).isfinite().all()
    grey = torch.full_like(CONTENT, 0.5)
    assert stylise(grey, STYLE, steps=2).isfinite().all()


def test_the_pictures_are_left_alone() -> None:
    content, style = CONTENT.clone(), STYLE.clone()
    stylise(content, style, steps=2)
    assert torch.equal(content, CONTENT)
    assert torch.equal(style, STYLE)


def test_both_losses_share_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = 0
    run = Backbone._run_trunk

    def count(backbone: Backbone, normalised: Tensor) -> object:
        nonlocal passes
        passes += 1
        return run(backbone, normalised)

    monkeypatch.setattr(Backbone, "_run_trunk", count)
    taken = stylise_stepwise(CONTENT, STYLE, steps=3)
    next(taken)
    before = passes
    next(taken)
    assert passes - before == 3  # the picture, the content and the style


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ShapeError, match="style has 2 pictures; expected one"):
        stylise(CONTENT, torch.cat([STYLE, STYLE]))
    with pytest.raises(ShapeError, match="content has shape"):
        stylise(CONTENT[0], STYLE)
    with pytest.raises(ShapeError, match="expected the same shape"):
        stylise(CONTENT, STYLE, style_loss="gram:patch=16")
    with pytest.raises(UsageError, match="steps is 0"):
        stylise(CONTENT, STYLE, steps=0)
    with pytest.raises(UsageError, match="start is 'style'; expected one of content, noise"):
        stylise(CONTENT, STYLE, start="style")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="style weight is -1"):
        stylise(CONTENT, STYLE, style_weight=-1)
