"""Settings whose names the catalogue holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from pydantic import AfterValidator

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["there_is"]


def there_is(find: Callable[[str], object]) -> AfterValidator:
    """Refuse what the catalogue does not hold while the recipe is read, so that the error can name the line."""

    def check(request: str) -> str:
        try:
            with torch.random.fork_rng(devices=[]):  # what is built to see if it can be built draws weights
                find(request)
        except UsageError as error:
            raise ValueError(str(error)) from error
        return request

    return AfterValidator(check)
