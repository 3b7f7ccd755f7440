"""Each experiment runs, at a tiny size, and prints its table beside the published one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.spec import WeightsError
from experiments.conftest import EXPERIMENTS, Run, cells_of

DOCS = Path(__file__).parents[2] / "docs"
SCRIPTS = sorted(path.stem for path in EXPERIMENTS.glob("*.py") if path.stem != "published")


@pytest.mark.parametrize("name", SCRIPTS)
def test_tells_of_itself(name: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(name, "--help")
    assert ended.value.code == 0
    assert f"python experiments/{name}.py" in capsys.readouterr().out


@pytest.mark.parametrize("name", SCRIPTS)
def test_stands_in_the_pages(name: str) -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "experiments").glob("*.md"))
    assert f"experiments/{name}.py" in pages


def test_every_command_of_the_pages_is_there() -> None:
    for page in (DOCS / "experiments").glob("*.md"):
        for name in re.findall(r"experiments/(\w+)\.py", page.read_text(encoding="utf-8")):
            assert name in SCRIPTS, f"{page} names {name}"


def test_what_is_not_there_ends_it_with_a_message(
    experiments: None, capsys: pytest.CaptureFixture[str]
) -> None:
    import published  # type: ignore[import-not-found]

    def main() -> None:
        raise WeightsError("the weights 'alexnet' are not in the cache")

    with pytest.raises(SystemExit) as ended:
        published.run(main)
    assert ended.value.code == 2
    assert "the weights 'alexnet' are not in the cache" in capsys.readouterr().err


def test_deblocking(run: Run, bsds: Path) -> None:
    told = run("deblocking", bsds, "--pictures", 1)
    before, after = cells_of(told, "JPEG, quality 10"), cells_of(told, "pixel loss only")
    assert before[:2] == ["25.613", "0.7395"]
    assert after[2] == "26.875 (+1.15)"  # the original's weights
    assert float(after[5].split()[0]) > float(before[5])


@pytest.mark.slow
def test_deblocking_trains_anew(run: Run, bsds: Path, tmp_path: Path) -> None:
    small = ["steps=2", "batch=2", "data.patch=42", "data.workers=0", "precision=float32"]
    small += ["schedule.warmup=0", "validation={every: 2, metrics: [psnr]}"]
    told = run("deblocking", bsds, "--full", "--folder", tmp_path, *(f"--set={each}" for each in small))
    assert len(cells_of(told, "both")) == 8
    assert (tmp_path / "deblock-l8-q10-both" / "done").exists()


def test_super_resolution(run: Run, tmp_path: Path) -> None:
    save_picture(PHOTOS[0].detail(96), tmp_path / "astronaut.png")
    told = run("super_resolution", tmp_path)
    assert cells_of(told, "SRCNN")[0] == "30.48"
    bicubic, pixels = cells_of(told, "bicubic"), cells_of(told, "`sr-x4`")
    assert bicubic[0] == "28.42"
    assert float(pixels[1]) > float(bicubic[1])
    assert cells_of(told, "`sr-x4`, `--match-histogram lab`") != pixels


def test_shift_of_colour(experiments: None) -> None:
    from super_resolution import colour_shift  # type: ignore[import-not-found]

    picture = PHOTOS[0].detail(64)[None]
    assert colour_shift(picture, picture) == 0
    assert colour_shift(picture.flip(-1), picture) == pytest.approx(0, abs=1e-3)
    assert colour_shift((picture + torch.tensor([0.1, 0, 0])[:, None, None]).clamp(0, 1), picture) > 1


def write_tables(folder: Path, parts: tuple[str, ...]) -> None:
    draw = np.random.default_rng(0)
    for part in parts:
        d0, d1 = draw.random((2, 30))
        rows = np.stack([np.arange(30), d0, d1, (d1 < d0) * 0.8 + 0.1], 1)
        np.savetxt(folder / f"{part}.csv", rows, delimiter=",", header="triplet,d0,d1,judge", comments="")


def test_agreement_tells_where_the_tables_are_others(
    run: Run, experiments: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import lpips_agreement  # type: ignore[import-not-found]

    write_tables(tmp_path, lpips_agreement.PARTS)
    with pytest.raises(SystemExit, match="differs from what is known"):
        run("lpips_agreement", tmp_path)
    told = capsys.readouterr().out
    assert cells_of(told, "people")[0] == "80.8 / 82.0"  # 0.9² + 0.1²
    assert cells_of(told, "stored, AlexNet LPIPS")[6] == "/ 90.0"
    assert cells_of(told, "FSIMc")[1] == "78.6"


def test_wrong_data_ends_with_a_message(
    experiments: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import lpips_agreement
    import published  # type: ignore[import-not-found]

    monkeypatch.setattr("sys.argv", ["lpips_agreement.py", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        published.run(lpips_agreement.main)
    assert ended.value.code == 2
    assert "traditional.csv" in capsys.readouterr().err


@pytest.mark.slow
def test_contextual_by_style(run: Run, bsds: Path) -> None:
    told = run("contextual", bsds, "--only", "style", "--steps", 2)
    assert float(cells_of(told, "`gram`")[0]) < 1


def test_contextual_by_jitter(run: Run, bsds: Path) -> None:
    told = run("contextual", bsds, "--only", "jitter", "--steps", 2)
    assert len(cells_of(told, "L1")) == 3


@pytest.mark.slow
def test_contextual_against_cyclegan(run: Run, bsds: Path, tmp_path: Path) -> None:
    told = run(
        *("contextual", bsds, "--only", "translation", "--seconds", 0.1, "--pictures", 1),
        *("--folder", tmp_path),
    )
    for name in ("L1", "contextual", "CycleGAN"):
        assert int(cells_of(told, name)[0]) >= 1


def test_unaligned(run: Run) -> None:
    assert run("unaligned", "--steps", 2).count("detail left") == 3


def test_losses_one_by_one_and_what_has_ended_is_not_done_again(run: Run, bsds: Path, tmp_path: Path) -> None:
    arguments = (bsds, "--steps", 2, "--pictures", 1, "--only", "edges,adversarial", "--folder", tmp_path)
    told = run("losses", *arguments)
    assert cells_of(told, "`l1` + 1 `edges`")[0] == "edge-preserving"
    assert len(cells_of(told, "`l1` + 1 `adversarial`")) == 8
    ended = (tmp_path / "edges" / "model.safetensors").stat().st_mtime_ns
    assert run("losses", *arguments) == told
    assert (tmp_path / "edges" / "model.safetensors").stat().st_mtime_ns == ended
