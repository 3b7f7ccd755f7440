import math

import pytest

from beholder.scoring.pooling import POOLINGS, pool


def test_by_hand() -> None:
    pooled = pool([0.0, 1.0, 3.0, None])
    assert pooled["mean"] == pytest.approx(4 / 3)
    # 3 / (1/1 + 1/2 + 1/4) - 1
    assert pooled["harmonic_mean"] == pytest.approx(3 / 1.75 - 1)
    assert (pooled["min"], pooled["max"]) == (0, 3)
    # Between the first and the second of three scores lie 50 hundredths.
    assert pooled["p5"] == pytest.approx(0.1)
    assert pooled["p95"] == pytest.approx(1 + 0.9 * 2)


def test_infinite_scores() -> None:
    pooled = pool([30.0, math.inf])
    assert pooled["mean"] == math.inf
    assert pooled["harmonic_mean"] == pytest.approx(2 * 31 - 1)
    assert pool([math.inf, math.inf]) == dict.fromkeys(POOLINGS, math.inf)
    assert pool([30.0] + [math.inf] * 99)["p5"] == math.inf
    assert pool([30.0, 40.0] + [math.inf] * 19)["p5"] == 40
    assert pool([-math.inf, 1.0, 2.0])["p5"] == -math.inf


def test_nothing_to_pool() -> None:
    assert pool([]) == pool([None]) == dict.fromkeys(POOLINGS)
    assert pool([-1.0, 0.5])["harmonic_mean"] is None
