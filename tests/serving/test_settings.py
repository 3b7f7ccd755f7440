"""Settings that cannot be are refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from beholder.scoring import Scorer
from beholder.serving import ServerSettings, create_app
from beholder.spec import UsageError


@pytest.mark.parametrize(
    "given",
    [
        {"max_bytes": 0},
        {"waiting": 0},
        {"timeout": 0},
        {"timeout": math.inf},
        {"timeout": math.nan},
        {"gather": -1},
        {"gather": 40},
    ],
)
def test_impossible_values(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(given))):
        ServerSettings(**given)


def test_hosts_are_read_at_the_start() -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        create_app(Scorer(["psnr"]), ServerSettings(allowed_hosts=("http://a/b",)))
