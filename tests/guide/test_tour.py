"""The tour: it runs from top to bottom, shows what it promises, warns of nothing, and is stored without what it printed."""

from __future__ import annotations

import base64
import io
import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "tour.ipynb"
TABLES = {"score-a-pair", "ask-metrics", "score-many", "look-at-provenance"}
PICTURES = {
    "look-at-photographs": 1,
    "score-a-pair": 1,
    "spoil-more": 2,
    "draw-maps": 1,
    "train": 1,
    "restore": 1,
    "simulate-choices": 1,
    "simulate-seeing": 1,
}


@pytest.fixture(scope="module")
def guide() -> dict[str, Any]:
    """The functions that make pages of notebooks."""
    pytest.importorskip("mkdocs", reason="the guide needs the extra 'guide'")
    return runpy.run_path(str(ROOT / "tools" / "guide" / "notebook.py"))


@pytest.fixture(scope="module")
def told(site: Path) -> Any:
    """The notebook with its outputs, as the guide has run it; a cell that fails ends that."""
    nbformat = pytest.importorskip("nbformat", reason="the guide needs the extra 'guide'")
    pytest.importorskip("nbclient", reason="the guide needs the extra 'guide'")
    pytest.importorskip("ipykernel", reason="the guide needs the extra 'guide'")
    return nbformat.reads((site / NOTEBOOK.name).read_text(encoding="utf-8"), as_version=4)


def outputs(notebook: Any, kind: str) -> dict[str, list[Any]]:
    """Cell -> what it gave of a kind, of the cells that gave any."""
    found = {
        cell.id: [output["data"][kind] for output in cell.outputs if kind in output.get("data", {})]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    return {cell: given for cell, given in found.items() if given}


def test_no_cell_warns(told: Any) -> None:
    streams = {
        cell.id: output["text"]
        for cell in told.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    }
    assert not streams  # what it tells are tables and pictures


def test_cells_show_pictures_and_tables(told: Any) -> None:
    pictures = outputs(told, "image/png")
    assert {cell: len(given) for cell, given in pictures.items()} == PICTURES
    for cell, given in pictures.items():
        for encoded in given:
            with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
                assert len(set(picture.convert("L").resize((64, 64)).tobytes())) > 32, (
                    f"{cell} is nearly empty"
                )
    tables = {
        cell: text
        for cell, (text, *_) in outputs(told, "text/plain").items()
        if cell in TABLES - pictures.keys()
    }
    assert tables.keys() == TABLES - pictures.keys()
    assert all(re.match(r"\|.*\|\n\|[-| ]+\|\n\|", text) for text in tables.values())


def test_what_the_text_says_is_what_comes_out(told: Any) -> None:
    tables = {cell: given[-1] for cell, given in outputs(told, "text/plain").items() if cell in TABLES}
    rows = {
        cell: [[each.strip() for each in line.strip("|").split("|")] for line in text.splitlines()[2:]]
        for cell, text in tables.items()
    }
    name, psnr, ssim, lpips = zip(*rows["score-many"], strict=True)
    assert name[0] == "blocky.png"
    assert max(psnr) == psnr[1]
    assert max(ssim) == ssim[1]
    assert min(lpips) != lpips[1]  # "the metrics do not agree"
    provenance = dict(rows["look-at-provenance"])
    assert provenance["precision"] == "fp32"
    assert len(provenance["lpips_alex_lin_v0.1"]) == 64


def test_the_page_shows_the_outputs(guide: dict[str, Any], told: Any) -> None:
    made = guide["page"](told, "tour")
    text = made.pop("tour.md")
    assert len(made) == sum(PICTURES.values())
    for path, content in made.items():
        assert f"({path})" in text
        assert content.startswith(b"\x89PNG")
    assert "\n\n| distorted " in text
    assert "(tour.ipynb)" in text


def test_it_is_stored_without_outputs_and_machine() -> None:
    stored = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in stored["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert all(cell["metadata"] == {} for cell in stored["cells"])
    assert stored["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
