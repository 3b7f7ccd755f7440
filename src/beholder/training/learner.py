"""One step of training: the network, what it is measured by, and the optimisers."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from beholder.catalog import create_network
from beholder.networks.on_luma import for_rgb
from beholder.spec import TrainingError, UsageError
from beholder.training.cycle import BackAndForth
from beholder.training.model_file import load_model
from beholder.training.objective import build_loss
from beholder.training.rates import rate_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from lightning_fabric import Fabric

    from beholder.training.recipe import Recipe

__all__ = ["Learner"]


_Module = TypeVar("_Module", bound=nn.Module)


class Learner:
    """A network in training.

    Args:
        recipe: What the run is made of.
        fabric: Where it runs.

    Raises:
        UsageError: If a network, loss or discriminator of the recipe is unknown or impossible.
        PictureError: If a picture that a loss compares with cannot be read.
        WeightsError: If weights of a loss are missing.
    """

    def __init__(self, recipe: Recipe, fabric: Fabric) -> None:
        self.recipe = recipe
        self.fabric = fabric
        self.step = 0
        network = for_rgb(create_network(recipe.network))
        self.average = (
            AveragedModel(network, multi_avg_fn=_running_mean(recipe.average), use_buffers=True)
            if recipe.average
            else None
        )
        loss, self.adversary = build_loss(recipe)
        self.loss = self._place(loss)
        self.plain = self._place(network)
        if self.average is not None:
            self._place(self.average)
        self.network = fabric.setup_module(self.plain)
        self.cycle = None
        judges = [] if self.adversary is None else [self.adversary.discriminator]
        if recipe.cycle is not None and recipe.adversary is not None:
            self.cycle = self._place(BackAndForth(recipe, recipe.cycle, recipe.adversary))
            judges.append(self.cycle.adversary.discriminator)
        balance = [p for p in self.loss.balance.parameters() if p.requires_grad]
        back = [] if self.cycle is None else list(self.cycle.back.parameters())
        self.shared = [*balance, *back]
        self.clipped = [*self.plain.parameters(), *back]
        self.judges = [parameter for judge in judges for parameter in judge.parameters()]
        self.optimiser = _optimise([*self.plain.parameters(), *self.shared], recipe)
        self.critic = _optimise(self.judges, recipe) if self.judges else None

    def _place(self, module: _Module) -> _Module:
        return module.to(self.fabric.device).to(memory_format=torch.channels_last)

    @property
    def best_guess(self) -> nn.Module:
        """The network that is kept as the model: the running mean of the weights, if there is one."""
        return self.average.module if self.average is not None else self.plain

    def start_from(self, model: Path) -> None:
        """Begin with a trained model's weights.

        Raises:
            WeightsError: If the file holds no model.
            UsageError: If the model's network is another.
        """
        trained, told = load_model(model)
        try:
            self.plain.load_state_dict(trained.state_dict())
        except RuntimeError as error:
            raise UsageError(
                f"start_from: {model} holds {told['network']}, whose weights do not fit {self.recipe.network}."
            ) from error
        if self.average is not None:
            self.average.module.load_state_dict(trained.state_dict())

    def learn(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take one step.

        Args:
            batch: Degraded patches ``x``, shape (N, C, h, w), and clean ones ``y``, (N, C, H, W), both in [0, 1].

        Returns:
            The loss's log, and the rate.

        Raises:
            TrainingError: If the loss is no number.
        """
        rate = self.recipe.optimiser.rate * rate_at(self.step, self.recipe.steps, self.recipe.schedule)
        _set_rate(self.optimiser, rate)
        x, y = (batch[side].contiguous(memory_format=torch.channels_last) for side in ("x", "y"))
        made = self.network(x)
        output = made.view_as(
            made
        )  # in half precision Fabric lets no balance measure a gradient at its own tensor
        inputs = {"source": x} if "source" in self.loss.inputs else {}
        with self.fabric.autocast(), warnings.catch_warnings():
            # A network that has learned nothing yet leaves [0, 1] by far; the logged terms show if it stays there.
            warnings.filterwarnings("ignore", "x holds values")
            total = self.loss(output, y, **inputs)
            if self.cycle is not None:
                total = total + self.cycle(self.network, x, y, output)
        log = {**self.loss.log, **(self.cycle.log if self.cycle is not None else {}), "total": total.detach()}
        self._check(total, log)
        self._move(self.optimiser, total, self.clipped, self.shared)
        log["rate"] = torch.tensor(rate)
        if self.critic is not None:
            _set_rate(self.critic, rate)
            log["discriminator"] = self._teach_judges(self.critic, x, y, output)
        self.step += 1
        if self.average is not None:
            self.average.update_parameters(self.plain)
        return log

    def _teach_judges(self, critic: torch.optim.Optimizer, x: Tensor, y: Tensor, output: Tensor) -> Tensor:
        """A step of the discriminators; their loss."""
        losses = []
        with self.fabric.autocast():
            if self.adversary is not None:
                losses.append(self.adversary.discriminator_loss(output.detach(), y))
            if self.cycle is not None:
                losses.append(self.cycle.discriminator_loss(x))
        told = torch.stack(losses).sum()
        self._check(told, {"discriminator": told})
        self._move(critic, told, self.judges, self.judges)
        return told.detach()

    def _move(
        self,
        optimiser: torch.optim.Optimizer,
        loss: Tensor,
        clipped: Iterable[nn.Parameter],
        shared: list[nn.Parameter],
    ) -> None:
        optimiser.zero_grad()
        self.fabric.backward(loss)
        for parameter in shared:  # what Fabric does not wrap is averaged over processes here
            if parameter.grad is not None:
                parameter.grad = self.fabric.all_reduce(parameter.grad, reduce_op="mean")  # type: ignore[assignment]
        if self.recipe.optimiser.clip:
            nn.utils.clip_grad_norm_(clipped, self.recipe.optimiser.clip)
        optimiser.step()

    def _check(self, loss: Tensor, log: dict[str, Tensor]) -> None:
        if math.isfinite(loss.item()):
            return
        terms = ", ".join(f"{name} {value.item():g}" for name, value in log.items())
        raise TrainingError(
            f"the loss is {loss.item()} at step {self.step}: {terms}. What was saved last, if anything was, stands; lower "
            "optimiser.rate, or the weight of the term that broke, in the run's recipe.yaml and go on with --resume."
        )

    @property
    def is_finite(self) -> bool:
        """Whether all that is learned is made of numbers."""
        learned = (*self.clipped, *self.shared, *self.judges)
        return all(bool(weights.isfinite().all()) for weights in learned)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, but for random state and data."""
        return {
            "step": self.step,
            "network": self.plain.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "loss": self.loss.state_dict(),
            "cycle": self.cycle.state_dict() if self.cycle is not None else None,
            "optimiser": self.optimiser.state_dict(),
            "critic": self.critic.state_dict() if self.critic is not None else None,
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.step = state["step"]
        self.plain.load_state_dict(state["network"])
        self.loss.load_state_dict(state["loss"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        if self.cycle is not None:
            self.cycle.load_state_dict(state["cycle"])
        if self.critic is not None:
            self.critic.load_state_dict(state["critic"])


def _running_mean(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], int | Tensor], None]:
    """An exponential mean, shorter while few steps are behind it: what training starts from must not linger."""

    @torch.no_grad()
    def update(means: Sequence[Tensor], weights: Sequence[Tensor], steps: int | Tensor) -> None:
        kept = min(decay, (1 + int(steps)) / (10 + int(steps)))
        for mean, weight in zip(means, weights, strict=True):
            if mean.is_floating_point():
                mean.lerp_(weight, 1 - kept)
            else:  # counters of batch normalisation
                mean.copy_(weight)

    return update


def _optimise(parameters: Iterable[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    told = recipe.optimiser
    return torch.optim.AdamW(
        list(parameters), lr=told.rate, betas=told.betas, weight_decay=told.weight_decay, fused=True
    )


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
