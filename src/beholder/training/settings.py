"""Typed settings, of which recipes are made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Settings", "there_is"]


class Settings(BaseModel):
    """Settings, some of which may be settings again; unknown ones are refused, and none changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def from_anywhere(self) -> Self:
        """The same with absolute paths."""
        return self.model_copy(
            update={name: _from_anywhere(getattr(self, name)) for name in type(self).model_fields}
        )


def _from_anywhere(value: Any) -> Any:
    match value:
        case Settings():
            return value.from_anywhere()
        case Path():
            return value.absolute()
        case dict():
            return {key: _from_anywhere(each) for key, each in value.items()}
        case tuple():
            return tuple(map(_from_anywhere, value))
        case _:
            return value


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
