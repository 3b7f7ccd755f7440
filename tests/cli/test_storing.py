"""`beholder score` with pictures and results in object storage."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from beholder.cli.outputs import check_outputs, local_folder
from beholder.cli.video import find_videos
from beholder.images import Address
from beholder.scoring import ScoreTable, Settings, score
from beholder.spec import UsageError
from cli.conftest import Run
from cli.test_resuming import break_off

Folders = tuple[Path, Path]


@pytest.fixture
def stored(bucket: str, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with two folders of pictures, ``reference`` and ``distorted``."""
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    for folder in folders:
        fsspec.filesystem("s3").put(str(folder), f"{bucket}/", recursive=True)
    return bucket


def names(bucket: str) -> list[str]:
    """What the bucket holds but for the pictures."""
    found = fsspec.filesystem("s3").find(bucket, refresh=True)
    return sorted(Path(name).name for name in found if not name.endswith((".png", ".bmp")))


def test_a_run_from_a_store_into_a_store_goes_on(
    run: Run, stored: str, folders: Folders, tmp_path: Path
) -> None:
    pairs = [f"{stored}/reference", f"{stored}/distorted/"]
    options = ["-m", "ssim,mae", "--batch-size", "1"]
    output = ["-o", f"{stored}/out/scores.parquet", "--report", f"{stored}/page.html"]
    break_off(run, 1, *pairs, *options, *output)
    assert names(stored) == []
    assert len(list((tmp_path / "cache" / "runs").iterdir())) == 1
    done = run("score", *pairs, *options, *output, "--resume")
    assert done.returncode == 0, done.stderr
    assert f"wrote {stored}/out/scores.parquet" in done.stderr
    assert names(stored) == ["page.html", "scores.parquet"]
    assert list((tmp_path / "cache" / "runs").iterdir()) == []
    far = ScoreTable.load(f"{stored}/out/scores.parquet").frame
    places = [
        (side / f"{name}{suffix}")
        for name in ("one", "sub/two")
        for side, suffix in zip(folders, (".png", ".bmp"), strict=True)
    ]
    near = score([(places[0], places[1]), (places[2], places[3])], ["ssim", "mae"], Settings(batch_size=1))
    assert far.drop("reference", "distorted").equals(near.drop("reference", "distorted"))
    assert far["distorted"].to_list() == [f"{stored}/distorted/{name}.bmp" for name in ("one", "sub/two")]
    assert (
        fsspec.filesystem("s3").cat(f"{stored}/page.html").count(b"data:image") >= 2 * 3
    )  # with a heat map each


def test_columns_are_added_to_a_table_in_a_store(run: Run, stored: str, tmp_path: Path) -> None:
    listed = (
        f"reference,distorted\nreference/one.png,distorted/one.bmp\nreference/one.png,{tmp_path}/none.png\n"
    )
    fsspec.filesystem("s3").pipe(f"{stored}/pairs.csv", listed.encode())
    arguments = ["--pairs", f"{stored}/pairs.csv", "-o", f"{stored}/scores.csv"]
    assert run("score", *arguments, "-m", "mae").returncode == 1
    done = run("score", *arguments, "-m", "mae,psnr", "--add", "--maps", "maps")
    assert done.returncode == 1, done.stderr
    assert f"{stored}/scores.csv: has mae already" in done.stderr
    table = ScoreTable.load(f"{stored}/scores.csv")
    assert table.metrics == ("mae", "psnr")
    assert table.frame["error"].null_count() == 1
    assert names(stored) == ["pairs.csv", "scores.csv", "scores.csv.provenance.json"]
    place = stored.replace("://", "/")
    assert [str(path) for path in tmp_path.glob("maps/**/*.png")] == [
        f"{tmp_path}/maps/{place}/distorted/one.bmp.psnr.png"
    ]


def test_what_cannot_be_written_is_kept_until_it_can(run: Run, stored: str, folders: Folders) -> None:
    # The store answers when the run begins, and no longer when it ends.
    arguments = [*folders, "-m", "psnr", "-o", f"{stored}/scores.parquet"]
    code = (
        "from s3fs import S3FileSystem; from beholder.cli import main\n"
        "def refuse(*_): raise PermissionError('Access Denied')\n"
        "S3FileSystem.put_file = refuse; main()"
    )
    done = run("score", *arguments, program=code)
    assert done.returncode == 3
    assert f"{stored}/scores.parquet: found no permission (Access Denied)" in done.stderr
    assert "is kept in" in done.stderr
    assert "Traceback" not in done.stderr
    again = run("score", *arguments, "--resume")
    assert again.returncode == 0, again.stderr
    assert names(stored) == ["scores.parquet"]


def test_nothing_is_scored_for_a_bucket_that_is_not_there(run: Run, bucket: str, folders: Folders) -> None:
    done = run("score", *folders, "-m", "psnr", "-o", "s3://no-such-bucket/scores.parquet")
    assert done.returncode == 2
    assert done.stderr.startswith("error: s3://no-such-bucket/scores.parquet: found nothing of that name")
    assert len(done.stderr.splitlines()) == 1


def test_what_is_written_is_not_what_is_read(bucket: str) -> None:
    output = Address(f"{bucket}/scores.csv")
    with pytest.raises(UsageError, match="is read by this run"):
        check_outputs(output, None, None, read=[Path("scores.csv"), output])


def test_heat_maps_go_to_a_folder() -> None:
    assert local_folder("maps") == Path("maps")
    with pytest.raises(UsageError, match=r"s3://b/maps: heat maps go to a folder on this machine"):
        local_folder("s3://b/maps")


def test_videos_in_a_store_are_refused() -> None:
    with pytest.raises(UsageError, match="read from this machine only"):
        find_videos(Path("a.mp4"), Address("s3://b/a.mp4"))
    assert find_videos(Address("s3://b/a.mp4/"), Address("s3://b/c.mp4/")) is None
