"""What one autoencoder is like, drawn at random: its input, its layers, and what it is trained for."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import torch

from beholder.data.distortions.drawn import draw_number
from beholder.data.drawing import random_source

__all__ = ["AutoencoderDesign", "Corruption", "Normalisation", "Upsampling", "draw_design"]

Corruption = Literal["none", "pink_noise", "white_noise", "grey", "shrunk"]
Upsampling = Literal["nearest", "bilinear", "transposed"]
Normalisation = Literal["none", "batch", "instance"]

_CORRUPTIONS: tuple[Corruption, ...] = ("none", "pink_noise", "white_noise", "grey", "shrunk")
_UPSAMPLINGS: tuple[Upsampling, ...] = ("nearest", "bilinear", "transposed")
_NORMALISATIONS: tuple[Normalisation, ...] = ("none", "batch", "instance")


@dataclasses.dataclass(frozen=True)
class AutoencoderDesign:
    """One autoencoder.

    Attributes:
        corruption: What is done to its input.
        corruption_strength: How strongly, from 0 to 1.
        layers: Convolutions that lead down, and as many that lead up again; 2 to 5, and at most 3 where nothing is skipped:
            deeper ones learn no more than a blot in so few steps. Each but the first halves.
        first_stride: 2 if the first one halves, too; else 1.
        first_channels: Channels of the first one: 8, 16 or 32; they double with each layer,
        most_channels: up to 32, 64 or 128.
        skips: Whether each layer that leads up sees what lay at its size on the way down.
        top_skip: Whether the last layer sees the input itself, whatever ``skips`` says.
        dropout_layers: How many of the layers that lead up, from the smallest on, leave out half of their channels in
            training; 0 to 2.
        upsampling: How layers that lead up enlarge: nearest or bilinear, then a convolution, or a transposed convolution.
        normalisation: What follows each convolution but the last; by instances only where the last layer sees the input,
            as it takes from each picture its mean and its contrast, which nothing could tell otherwise.
        discriminator_layers: How often the discriminator halves: 1 to 3.
        l1_weight: Weight of the mean absolute difference, 1 in any case: the others count in parts of it.
        vgg_weight: Weight of the difference of VGG-16 features; 0, or 0.001 to 0.1.
        adversarial_weight: Weight of what the discriminator says; 0, or 0.003 to 0.1.
        learning_rate: Of Adam, for both networks, 0.001 to 0.005.
    """

    corruption: Corruption
    corruption_strength: float
    layers: int
    first_stride: int
    first_channels: int
    most_channels: int
    skips: bool
    top_skip: bool
    dropout_layers: int
    upsampling: Upsampling
    normalisation: Normalisation
    discriminator_layers: int
    l1_weight: float
    vgg_weight: float
    adversarial_weight: float
    learning_rate: float


def draw_design(seed: int, number: int) -> AutoencoderDesign:
    """The design of an autoencoder, a pure function of a seed and its number.

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924, appendix: names what is drawn. From which ranges was never published; these are ours.
    """
    draw = random_source(f"{seed}/{number}/design")

    def one_of(count: int) -> int:
        return int(torch.randint(count, (), generator=draw))

    def between(low: float, high: float) -> float:
        """All factors equally likely."""
        return math.exp(draw_number(draw, math.log(low), math.log(high)))

    def weight(low: float, high: float) -> float:
        value = between(low, high)
        return value if one_of(3) else 0.0

    skips, top_skip = bool(one_of(2)), not one_of(4)
    return AutoencoderDesign(
        corruption=_CORRUPTIONS[one_of(len(_CORRUPTIONS))],
        corruption_strength=draw_number(draw, 0.2, 1),
        layers=2 + one_of(4 if skips or top_skip else 2),
        first_stride=1 + one_of(2),
        first_channels=8 * 2 ** one_of(3),
        most_channels=32 * 2 ** one_of(3),
        skips=skips,
        top_skip=top_skip,
        dropout_layers=one_of(3),
        upsampling=_UPSAMPLINGS[one_of(len(_UPSAMPLINGS))],
        normalisation=_NORMALISATIONS[one_of(3 if top_skip else 2)],
        discriminator_layers=1 + one_of(3),
        l1_weight=1.0,
        vgg_weight=weight(0.001, 0.1),
        adversarial_weight=weight(0.003, 0.1),
        learning_rate=between(1e-3, 5e-3),
    )
