"""Draw the 68 landmarks on a face, on the face with its mouth moved, and on what the landmark loss makes of that.

Only the displacement is learned, in 60 steps of Adam. Prints what is left of it, and the time of a step.
Usage: python benchmarks/landmarks.py [FILE]
"""

from __future__ import annotations

import sys
import time

import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from beholder.backbones.face_landmarks import FaceLandmarks
from beholder.data.photos import PHOTOS
from beholder.images import eight_bit
from beholder.losses.landmarks import LandmarkLoss

SIDE, ENLARGED, STEPS, START = 108, 324, 60, (0.16, 0.1)  # START: in halves of the side
FACE = (..., slice(72, 72 + SIDE), slice(172, 172 + SIDE))  # of the astronaut


def move_mouth(face: Tensor, offset: Tensor) -> Tensor:
    centres = (torch.arange(SIDE) + 0.5) / SIDE * 2 - 1
    down, across = torch.meshgrid(centres, centres, indexing="ij")
    mouth = torch.exp(-((across + 0.05).square() + (down - 0.32).square()) / 2 / 0.24**2)
    grid = torch.stack([across, down], -1) + mouth[..., None] * offset
    return functional.grid_sample(face, grid[None], align_corners=False, padding_mode="border")


def draw(face: Tensor, network: FaceLandmarks) -> Image.Image:
    enlarged = Image.fromarray(eight_bit(face[0])).resize((ENLARGED, ENLARGED), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(enlarged)
    for x, y in (network(face)[0] * ENLARGED).tolist():
        pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=(60, 255, 60))
    return enlarged


def main(file: str) -> None:
    face = PHOTOS[0].load()[None][FACE]
    loss, offset = LandmarkLoss(), torch.tensor(START, requires_grad=True)
    optimizer, began = torch.optim.Adam([offset], lr=0.02), time.perf_counter()
    for _ in range(STEPS):
        offset.grad = None
        loss(move_mouth(face, offset), face).backward()
        optimizer.step()
    left = offset.detach().norm() / torch.tensor(START).norm()
    print(f"{left:.1%} of the displacement is left; {(time.perf_counter() - began) / STEPS:.3f} s a step")
    strip = Image.new("RGB", (3 * ENLARGED, ENLARGED))
    for place, moved in enumerate((torch.zeros(2), torch.tensor(START), offset.detach())):
        strip.paste(draw(move_mouth(face, moved), loss.detector), (place * ENLARGED, 0))
    strip.save(file, quality=80)


if __name__ == "__main__":
    main(*sys.argv[1:] or ["docs/losses/landmarks.webp"])
