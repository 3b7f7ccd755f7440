"""Several losses as one: weighed, logged by name, with one pass through each network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from beholder.backbones import Backbone
from beholder.backbones.joining import join_trunks
from beholder.backbones.passes import one_pass
from beholder.backbones.precision import formulas_in_full
from beholder.catalog import create_loss
from beholder.losses.balancing import BALANCES, Balance
from beholder.losses.from_metric import AsLoss
from beholder.losses.picture_loss import full_precision
from beholder.spec import Loss, MetricSpec, ShapeError, UsageError

__all__ = ["WeightedSum"]


class WeightedSum(nn.Module):
    r"""A weighted sum of losses.

    Terms that look at pictures through the same network (VGG-16 of content, Gram, contextual and LPIPS losses) share
    its weights and one pass for each picture. Gradients flow through the target's pass only where the target wants
    them.

    Args:
        terms: The losses, by name, or a list of them: catalogue names with options (``"content:layers=relu2_2"``;
            metrics too), or modules. In a list a name is its own; a metric as a loss goes by the metric's name, any other module
            by its class's (``AdversarialLoss`` as ``adversarial``).
        weights: What each term weighs, by its name; 1 where none is given. How it is meant depends on ``balance``.
        balance: ``"fixed"``, ``"equalise"``, ``"gradient"`` or ``"uncertainty"``, see `beholder.losses.balancing`;
            or a subclass of `Balance` with its options bound, which is called with the weights.

    Raises:
        UsageError: If no term is given, a name is unknown or given twice, a weight is below 0 or of no term.
        WeightsError: If a network's weights are missing.

    Attributes:
        log: What the last call computed, detached: each term as it came (``"l1"``), its weight (``"l1/weight"``),
            and the sum (``"total"``).

    Example:
        >>> loss = WeightedSum(["l1", "content:layers=relu2_2", "lpips_vgg"], balance="equalise")
        >>> loss(restored, originals).backward()
        >>> logger.log(loss.log)
    """

    def __init__(
        self,
        terms: Mapping[str, str | Loss] | Sequence[str | Loss],
        weights: Mapping[str, float] | None = None,
        *,
        balance: str | type[Balance] = "fixed",
    ) -> None:
        super().__init__()
        named = _name(terms)
        self.names = tuple(named)
        self.terms = nn.ModuleList(_as_loss(term) for term in named.values())
        if isinstance(balance, str) and balance not in BALANCES:
            raise UsageError(f"balance is {balance!r}; expected one of {', '.join(BALANCES)}.")
        made = BALANCES[balance] if isinstance(balance, str) else balance
        self.balance = made(_weigh(self.names, weights or {}))
        self.log: dict[str, Tensor] = {}
        join_trunks(module for module in self.modules() if isinstance(module, Backbone))

    def get_extra_state(self) -> list[str]:
        """The terms' names, for the state dictionary: what balancing has learned goes by their order."""
        return list(self.names)

    def set_extra_state(self, state: list[str]) -> None:
        """Refuse what other terms have learned.

        Raises:
            UsageError: If the terms are others, or in another order.
        """
        if list(state) != list(self.names):
            raise UsageError(
                f"the state is of the terms {', '.join(state)}; the sum has {', '.join(self.names)}. Expected the same, "
                "in the same order."
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what some of the terms take besides the two pictures, as keywords."""
        return tuple(dict.fromkeys(name for term in self.terms for name in _inputs_of(term)))

    def forward(self, x: Tensor, y: Tensor, **inputs: Tensor) -> Tensor:
        """The weighted sum.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].
            **inputs: What some of the terms take besides (``mask=...``); each is handed to those that name it.

        Returns:
            A scalar to be minimised.

        Raises:
            UsageError: If an input is of no term.
            ShapeError: If the pictures do not fit each other or a loss.
        """
        if foreign := sorted(inputs.keys() - set(self.inputs)):
            takes = (
                f"they take {', '.join(self.inputs)}" if self.inputs else "they take the two pictures only"
            )
            raise UsageError(f"no term takes {', '.join(foreign)}; {takes}.")
        # One object for all terms: a network knows a picture that it has seen by it.
        x, y = full_precision(x), full_precision(y)
        with formulas_in_full(x), one_pass():
            values = torch.stack(
                [
                    _value_of(name, term, x, y, inputs)
                    for name, term in zip(self.names, self.terms, strict=True)
                ]
            )
            total, weights = self.balance(values, x)
        self.log = dict(zip(self.names, values.detach().unbind(), strict=True))
        self.log |= {
            f"{name}/weight": weight for name, weight in zip(self.names, weights.unbind(), strict=True)
        }
        self.log["total"] = total.detach()
        return total  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """The terms' names."""
        return ", ".join(self.names)


def _value_of(name: str, term: nn.Module, x: Tensor, y: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
    value: Tensor = term(x, y, **{key: inputs[key] for key in _inputs_of(term) if key in inputs})
    if value.shape != ():
        raise ShapeError(
            f"the term {name} gave {tuple(value.shape)}; expected a scalar, the mean over the batch."
        )
    return value


def _as_loss(term: str | Loss) -> nn.Module:
    loss: Any = create_loss(term) if isinstance(term, str) else term
    # A metric's scores are one for each image, and may be better when higher.
    is_metric = isinstance(getattr(loss, "spec", None), MetricSpec) and not isinstance(loss, AsLoss)
    return AsLoss(loss) if is_metric else loss


def _inputs_of(term: nn.Module) -> tuple[str, ...]:
    return tuple(getattr(term, "inputs", ()))


def _name(terms: Mapping[str, str | Loss] | Sequence[str | Loss]) -> dict[str, str | Loss]:
    if isinstance(terms, Mapping):
        named = dict(terms)
    elif isinstance(terms, str) or not isinstance(terms, Sequence):
        raise UsageError(f"terms is {terms!r}; expected a list of losses, or a mapping of names to them.")
    else:
        names = [_own_name(term) for term in terms]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise UsageError(
                f"two terms are named {', '.join(repeated)}; name each in a mapping: {{'first': ..., 'second': ...}}."
            )
        named = dict(zip(names, terms, strict=True))
    if not named:
        raise UsageError("no term is given; expected at least one loss, such as 'l1'.")
    if "total" in named:
        raise UsageError("a term is named 'total', which in the log is the sum; name it otherwise.")
    for name, term in named.items():
        if not isinstance(term, str | nn.Module):
            raise UsageError(f"the term {name} is {term!r}; expected a catalogue name or a module.")
    return named


def _own_name(term: str | Loss) -> str:
    if isinstance(term, str):
        return term
    spec = getattr(term, "spec", None)
    return spec.name if isinstance(spec, MetricSpec) else type(term).__name__.removesuffix("Loss").lower()


def _weigh(names: Sequence[str], weights: Mapping[str, float]) -> list[float]:
    if not isinstance(weights, Mapping):
        raise UsageError(
            f"weights is {weights!r}; expected a mapping of terms to numbers: {{{names[0]!r}: 1.0}}."
        )
    if foreign := sorted(weights.keys() - set(names)):
        raise UsageError(f"weights are given to {', '.join(foreign)}; the terms are {', '.join(names)}.")
    found = [float(weights.get(name, 1.0)) for name in names]
    for name, weight in zip(names, found, strict=True):
        if not 0 <= weight < float("inf"):
            raise UsageError(f"the weight of {name} is {weight:g}; expected a number of at least 0.")
    return found
