"""The loss that a recipe asks for."""

from __future__ import annotations

from typing import Any

import pytest

from beholder.spec import UsageError
from beholder.training.objective import build_loss
from beholder.training.recipe import Recipe


def recipe(terms: dict[str, str], **more: Any) -> Recipe:
    data = {"train": "photographs", "degradation": "none", "patch": 16, "unpaired": "cycle" in more}
    loss = {"terms": terms}
    return Recipe.model_validate(
        {"title": "", "network": "l8", "steps": 1, "data": data, "loss": loss, **more}
    )


ADVERSARY = {"discriminator": "patchgan:width=4"}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("total", {}),
        ("rate", {}),
        ("discriminator", {"adversary": ADVERSARY}),
        ("identity", {"adversary": ADVERSARY, "cycle": {}}),
    ],
)
def test_names_that_the_logs_have_already_are_refused(name: str, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"term '{name}'; the logs have another number of that name"):
        build_loss(recipe({name: "l1"}, **more))


def test_they_are_free_where_the_logs_have_none() -> None:
    loss, adversary = build_loss(recipe({"identity": "l1", "adversary": "l2"}))
    assert loss.names == ("identity", "adversary")
    assert adversary is None
