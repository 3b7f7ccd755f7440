"""`beholder compare`, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import torch
from torch import Tensor

from beholder.catalog import create_network
from beholder.cli.compare_candidates import Photo
from beholder.cli.compare_rows import CompareOutput
from beholder.data.degradations import add_noise
from beholder.images import pair_paths, read_picture, save_picture
from beholder.scoring import score
from beholder.training.model_file import save_model
from beholder.training.reading import read_recipe
from beholder.training.shipped import find_recipe
from cli.conftest import Run


def make_model(path: Path, scale: int) -> None:
    """A network that nobody trained."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        recipe = read_recipe(
            find_recipe("sr-x2"), ["data.train=x", f"network=compact:scale={scale}:width=8:blocks=1"]
        )
        network = create_network(recipe.network)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(network, recipe, path, step=1, scores={"psnr": 20.0}, before={"psnr": 19.0})


@pytest.fixture
def photographs(photos: Tensor, tmp_path: Path) -> Path:
    """Three originals, and folders of results: theirs, and ours with less noise; one is called as inputs are."""
    (tmp_path / "input").mkdir()
    for number, photo in enumerate(photos):
        name = f"sub/p{number}" if number else "p0"
        for folder, sigma in (("originals", 0.0), ("theirs", 0.1), ("ours", 0.02)):
            (tmp_path / folder / "sub").mkdir(parents=True, exist_ok=True)
            picture = photo[:, :48, :40]
            save_picture(
                add_noise(picture, sigma, seed=number) if sigma else picture,
                tmp_path / folder / f"{name}.png",
            )
    return tmp_path / "originals"


def test_it_is_degrade_restore_and_score_in_one(run: Run, photographs: Path, tmp_path: Path) -> None:
    make_model(tmp_path / "runs" / "mine" / "model.safetensors", 1)
    model, how = "runs/mine/model.safetensors", "jpeg:quality=20..60"
    asked = [
        "compare",
        model,
        "theirs",
        "--on",
        "originals",
        "--degrade",
        how,
        "--seed",
        "7",
        "-m",
        "psnr,ssim",
    ]
    done = run(*asked, "-o", "out", "--report", "page.html", "-q")
    assert done.returncode == 0, done.stderr
    assert "3 pictures are too few" in done.stdout
    assert "mine" in done.stdout
    frame = pl.read_parquet(tmp_path / "out" / "scores.parquet")
    assert frame["candidate"].to_list() == ["input", "mine", "theirs"] * 3
    assert frame["picture"].to_list()[::3] == ["p0", "sub/p1", "sub/p2"]
    assert run("degrade", how, "originals", "spoilt", "--seed", "7", "-q").returncode == 0
    assert run("restore", model, "spoilt", "restored", "-q").returncode == 0
    for folder, candidate in (("spoilt", "input"), ("restored", "mine"), ("theirs", "theirs")):
        expected = score(pair_paths(photographs, tmp_path / folder).pairs, ["psnr", "ssim"])
        found = frame.filter(pl.col("candidate") == candidate)
        for metric in ("psnr", "ssim"):
            assert found[metric].to_list() == pytest.approx(expected[metric].to_list(), rel=1e-5)
    for folder, candidate in (("spoilt", "input"), ("restored", "mine")):
        for name in ("p0.png", "sub/p2.png"):
            saved = [read_picture(tmp_path / each / name).pixels for each in (folder, f"out/{candidate}")]
            assert torch.equal(*saved)
    told = json.loads(pl.read_parquet_metadata(tmp_path / "out" / "scores.parquet")["beholder"])
    assert told["candidates"][0]["network"] == "compact:scale=1:width=8:blocks=1"
    assert (told["degradation"], told["seed"], told["rows"]) == (how, 7, 9)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == 3 * 4
    assert told["candidates"][0]["sha256"] in page
    again = run(*asked, "-o", "out")
    assert again.returncode == 2
    assert "is not empty" in again.stderr


def test_folders_alone_for_machines_against_one_of_them(run: Run, photographs: Path, tmp_path: Path) -> None:
    done = run(
        "compare", "theirs", "./ours", "--on", "originals", "-m", "psnr", "--baseline", "theirs", "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [row["candidate"] for row in told["scores"]] == ["theirs", "ours"]
    (comparison,) = told["comparisons"]
    assert (comparison["first"], comparison["second"], comparison["wins"]) == ("ours", "theirs", 3)
    assert told["pictures_needed"] == 6
    assert len(told["rows"]) == 6
    assert told["rows"][1]["result"] == "ours/p0.png"
    alone = run("compare", "theirs/p0.png", "ours/p0.png", "--on", "originals/p0.png", "-m", "psnr", "--json")
    told = json.loads(alone.stdout)
    assert [row["candidate"] for row in told["scores"]] == ["theirs/p0.png", "ours/p0.png"]
    assert (told["scores"][0]["low"], told["comparisons"][0]["verdict"]) == (None, "unclear")


def test_what_fails_is_left_out_for_all(run: Run, photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "ours" / "p0.png").write_bytes(b"no picture")
    save_picture(torch.zeros(3, 30, 30), tmp_path / "theirs" / "sub" / "p1.png")
    done = run("compare", "theirs", "ours", "--on", "originals", "-m", "psnr", "-o", "scores.csv", "-q")
    assert done.returncode == 1
    assert "2 pictures failed, and are left out for all candidates" in done.stderr
    assert "theirs has 30x30 pixels and the original 40x48" in done.stderr
    frame = pl.read_csv(tmp_path / "scores.csv")
    errors = {(row["picture"], row["candidate"]): row["error"] for row in frame.to_dicts() if row["error"]}
    assert list(errors) == [("p0", "ours"), ("sub/p1", "theirs")]
    assert frame["psnr"].null_count() == 2
    assert "1 picture is too few" in done.stdout


def test_without_a_partner(run: Run, photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "ours" / "p0.png").unlink()
    asked = ["compare", "theirs", "ours", "--on", "originals", "-m", "psnr"]
    refused = run(*asked)
    assert refused.returncode == 2
    assert "ours, of ours: found pictures without a partner" in refused.stderr
    done = run(*asked, "--allow-unmatched", "--json")
    assert done.returncode == 0
    assert "ours lacks 1 of the originals, left out for all: originals/p0.png" in done.stderr
    assert json.loads(done.stdout)["pictures"] == 2


def test_what_shrinking_leaves_over_is_cut_off(run: Run, photos: Tensor, tmp_path: Path) -> None:
    (tmp_path / "originals").mkdir()
    for number, photo in enumerate(photos[:2]):
        save_picture(photo[:, :47, :41], tmp_path / "originals" / f"{number}.png")
    for name in ("a", "b"):
        make_model(tmp_path / f"{name}.safetensors", 2)
    asked = ["compare", "a.safetensors", "b.safetensors", "--on", "originals", "-m", "psnr"]
    done = run(*asked, "--degrade", "shrink:scale=2", "--report", "page.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "41x47 cut to 40x46" in page
    assert "are equal in psnr on all of 2 pictures" in done.stdout
    assert "input" not in done.stdout.split("Mean over")[0]
    wrong = run(*asked, "--degrade", "jpeg:quality=10")
    assert wrong.returncode == 2
    assert "scales differ" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["theirs", "--on", "originals"], "expected at least two candidates"),
        (["theirs", "theirs", "--on", "originals"], "theirs: is named twice"),
        (["theirs", "input", "--on", "originals"], "write ./input for the folder"),
        (["theirs", "deblock", "--on", "originals"], "needs pictures to restore"),
        (["theirs", "nothing.safetensors", "--on", "originals"], "nothing.safetensors: is not there"),
        (["theirs", "ours", "--on", "originals", "--baseline", "x"], "expected one of theirs, ours"),
        (["theirs", "ours", "--on", "originals", "-o", "scores.xlsx"], "the ending '.xlsx' is unknown"),
        (["theirs", "ours", "--on", "originals", "--report", "page.txt"], "expected .html or .htm"),
        (["theirs", "ours", "--on", "nowhere"], "no such file or folder"),
        (
            ["theirs", "ours", "--on", "originals", "--degrade", "grey", "--inputs", "ours"],
            "give one of them",
        ),
    ],
)
def test_impossible_requests_are_refused(
    run: Run, photographs: Path, arguments: list[str], message: str
) -> None:
    done = run("compare", *arguments, "-m", "psnr")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_each_candidate_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Also those that go by the paths that were written."""
    output = CompareOutput(folder=tmp_path)
    photo = Photo("sub/one", tmp_path / "one.png", 0, None, {})
    names = ["deblock", "a/model.safetensors", "../a/model.safetensors", "../../a/model.safetensors"]
    names += ["/a/model.safetensors", "a.b", ".a"]
    files = [output.picture(name, photo) for name in names]
    assert len(set(files)) == len(names)
    assert {file.relative_to(tmp_path).parts[1:] for file in files} == {("sub", "one.png")}
    assert files[0] == tmp_path / "deblock" / "sub" / "one.png"
