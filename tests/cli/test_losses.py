"""`beholder losses`."""

from __future__ import annotations

import json

from beholder.catalog import LOSSES
from cli.conftest import Run


def test_losses_for_machines(run: Run) -> None:
    listed = json.loads(run("losses", "--json").stdout)
    losses = {loss["name"]: loss for loss in listed["losses"]}
    assert list(losses) == list(LOSSES)
    assert losses["charbonnier"]["inputs"] == ["mask"]
    assert "penalty" not in losses["charbonnier"]["options"]
    assert losses["contextual"]["options"]["bandwidth"] == 0.5
    assert {"dists", "vmaf", "lpips_vgg"} <= set(listed["metrics"])
    assert not set(listed["metrics"]) & set(LOSSES)


def test_losses_for_people(run: Run) -> None:
    shown = run("losses", COLUMNS="40").stdout
    assert all(name in shown for name in LOSSES)
    assert "Metrics that are losses too: " in shown
