"""What the commands of studies need beside the base package."""

from __future__ import annotations

from importlib.util import find_spec

from beholder.spec import MissingPackageError

__all__ = ["require_study"]

_PACKAGES = ("alembic", "fastapi", "itsdangerous", "pydantic", "sqlalchemy", "uvicorn", "yaml")


def require_study() -> None:
    """Look whether the packages of the extra are there.

    Raises:
        MissingPackageError: If one is not.
    """
    if missing := [package for package in _PACKAGES if find_spec(package) is None]:
        raise MissingPackageError(
            f"studies need the packages {', '.join(missing)}: pip install 'beholder[study]'"
        )
