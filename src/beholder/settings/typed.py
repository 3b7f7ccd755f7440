"""Typed settings, of which recipes and designs are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings"]


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
