"""Autoencoders trained for the distortions that they make."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.data.degradations.stored import to_unit
from beholder.data.distortions.cnn.corruption import corrupt
from beholder.data.distortions.cnn.design import AutoencoderDesign, draw_design
from beholder.data.distortions.cnn.files import Autoencoder, name_file
from beholder.data.distortions.cnn.generator import Generator
from beholder.data.drawing import random_source, seed_of
from beholder.losses.adversarial import AdversarialLoss
from beholder.losses.content import ContentLoss
from beholder.networks.patchgan import PatchGAN
from beholder.spec import ShapeError, TrainingError, UsageError
from beholder.training.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beholder.data.packs import Pack

__all__ = ["STEPS", "train_autoencoders"]

STEPS = 400
_SIDE, _BATCH = 64, 8
_BETAS = (0.5, 0.999)
_VGG_LAYERS = "relu1_2+relu2_2"
_SEEN = slice(16, 48)  # VGG-16 sees the middles of patches, a fourth of the work
_WIDTH = 16  # of the discriminator's first layer


def train_autoencoders(
    pack: Pack,
    folder: Path,
    count: int = 96,
    *,
    seed: int = 0,
    steps: int = STEPS,
    tell: Callable[[int, int], object] = lambda _done, _total: None,
) -> int:
    """Train autoencoders, each by a design of its own, and save them as ``folder/NNN.safetensors``.

    Each is a function of the seed, its number, the steps and the photographs alone, to the last bit on as many
    threads: the first ten of 96 are those of ten. What is there of the same call is not trained again.

    Args:
        pack: Photographs.
        folder: Where they are saved; it is made if need be.
        count: How many, up to 1000.
        seed: Of all that is drawn.
        steps: Steps of the optimiser for each, with eight patches of 64x64 pixels.
        tell: Called with the number of steps that are done, and of all; autoencoders that were there count as done.

    Returns:
        How many were trained now.

    Raises:
        UsageError: If there are too many, or the folder holds autoencoders that were trained otherwise.
        ShapeError: If every photograph is too small for a patch.
        WeightsError: If a file there cannot be read, or VGG-16's weights are missing.
        TrainingError: If a file cannot be written.
    """
    if not 1 <= count <= 1000 or steps < 1:
        raise UsageError(f"count is {count} and steps {steps}; expected 1 to 1000, and at least 1.")
    patches = _Patches(pack)
    told = {"seed": seed, "steps": steps, "photographs": pack.folder.name}
    missing = [number for number in range(count) if not _is_there(folder / name_file(number), told)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}.") from error
    done = (count - len(missing)) * steps
    for number in missing:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(f"{seed}/{number}/training"))
            design = draw_design(seed, number)
            teacher = _Teacher(design)
            for step in range(steps):
                teacher.learn(*patches.draw(design, random_source(f"{seed}/{number}/{step}")))
                tell(done + step + 1, count * steps)
        done += steps
        trained = Autoencoder(design, teacher.generator.eval(), {**told, "number": number, "l1": teacher.l1})
        with replacing(folder / name_file(number)) as partial:
            partial.write_bytes(trained.encoded())
    return len(missing)


def _is_there(file: Path, told: dict[str, object]) -> bool:
    """Whether an autoencoder is trained already; one that was trained otherwise is refused."""
    if not file.is_file():
        return False
    found = Autoencoder.read_told(file)
    if differ := [
        f"{name} {found.get(name)!r}, not {value!r}"
        for name, value in told.items()
        if found.get(name) != value
    ]:
        raise UsageError(
            f"{file}: was trained with {'; '.join(differ)}. Ask for the same to go on, or name another folder."
        )
    return True


class _Patches:
    """Patches of photographs, all photographs equally likely."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.chosen = [
            place for place, each in enumerate(pack.pictures) if min(each.height, each.width) >= _SIDE
        ]
        if not self.chosen:
            raise ShapeError(
                f"none of {len(pack)} pictures is large enough for patches of {_SIDE} pixels; expected larger ones."
            )

    def draw(self, design: AutoencoderDesign, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Corrupted patches and clean ones, each (8, 3, 64, 64) in [0, 1]."""
        clean = []
        for _ in range(_BATCH):
            place = self.chosen[int(torch.randint(len(self.chosen), (), generator=draw))]
            picture = self.pack.pictures[place]
            top = int(torch.randint(picture.height - _SIDE + 1, (), generator=draw))
            left = int(torch.randint(picture.width - _SIDE + 1, (), generator=draw))
            clean.append(to_unit(self.pack.crop(place, top, left, _SIDE, _SIDE)))
        return torch.stack([corrupt(patch, design, draw) for patch in clean]), torch.stack(clean)


class _Teacher:
    """An autoencoder in training, and its discriminator if it has one."""

    def __init__(self, design: AutoencoderDesign) -> None:
        self.design = design
        self.generator = Generator(design)
        self.optimiser = _optimise(self.generator, design)
        self.vgg = ContentLoss(_VGG_LAYERS) if design.vgg_weight else None
        self.adversary = (
            AdversarialLoss(PatchGAN(width=_WIDTH, layers=design.discriminator_layers))
            if design.adversarial_weight
            else None
        )
        self.critic = None if self.adversary is None else _optimise(self.adversary.discriminator, design)
        self.l1 = math.nan

    def learn(self, corrupted: Tensor, clean: Tensor) -> None:
        """Take a step."""
        made = self.generator(corrupted)
        l1 = (made - clean).abs().mean()
        total = self.design.l1_weight * l1
        shown = made.clamp(0, 1)
        if self.vgg is not None:
            middles = (each[..., _SEEN, _SEEN] for each in (shown, clean))
            total = total + self.design.vgg_weight * self.vgg(*middles)
        if self.adversary is not None:
            total = total + self.design.adversarial_weight * self.adversary(shown, clean)
        self._move(self.optimiser, total)
        if self.adversary is not None and self.critic is not None:
            self._move(self.critic, self.adversary.discriminator_loss(shown.detach(), clean))
        self.l1 = l1.item()

    def _move(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        if not math.isfinite(loss.item()):
            raise TrainingError(
                f"the loss of an autoencoder is {loss.item()}: {self.design}. Choose another seed."
            )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _optimise(network: nn.Module, design: AutoencoderDesign) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=design.learning_rate, betas=_BETAS, fused=True)
