"""`beholder networks`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beholder.catalog import DISCRIMINATORS, NETWORKS
from cli.conftest import Run

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"


def test_networks_for_machines_and_the_page(run: Run) -> None:
    listed = json.loads(run("networks", "--json").stdout)
    networks = {network["name"]: network for network in listed["networks"]}
    discriminators = {network["name"]: network for network in listed["discriminators"]}
    assert list(networks) == list(NETWORKS)
    assert list(discriminators) == list(DISCRIMINATORS)
    assert networks["l8"]["options"] == {"channels": 3, "final_relu": False}
    weights = 234_691 - (32 + 64 * 3 + 64 * 2 + 128 + 3)
    assert networks["l8"]["gflops"] == pytest.approx(2 * weights * 512 * 512 / 1e9)
    # At a scale of 4 the network sees 128x128 pixels.
    assert networks["edsr"]["gflops"] < 2 * networks["edsr"]["parameters"] * 512 * 512 / 1e9 / 4
    page = PAGE.read_text(encoding="utf-8")
    for name, network in {**networks, **discriminators}.items():
        assert f"| `{name}` | {network['parameters']:,} | {network['gflops']:,.1f} |" in page


def test_networks_for_people(run: Run) -> None:
    shown = run("networks", COLUMNS="40").stdout
    assert all(f" {name} " in shown for name in (*NETWORKS, *DISCRIMINATORS))
    assert "channels=3, final_relu=false" in shown
    assert "234,691" in shown
