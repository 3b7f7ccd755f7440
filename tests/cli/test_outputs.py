"""Where results cannot be written, and where writing fails."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

import pytest

from beholder.cli.outputs import check_folder, check_outputs
from beholder.scoring import ScoreTable
from beholder.spec import UsageError
from cli.conftest import Run

Folders = tuple[Path, Path]


@pytest.mark.parametrize("name", ["file/x", "a" * 250])
@pytest.mark.parametrize(("option", "ending"), [("output", ".csv"), ("report", ".html")])
def test_a_file_that_cannot_be_written_is_refused(
    option: str, ending: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    given = {"output": None, "report": None, "maps": None, option: tmp_path / (name + ending)}
    with pytest.raises(UsageError, match=r"cannot be written: .* Name another file"):
        check_outputs(**given, read=[])


@pytest.mark.parametrize("name", ["file/x", "a" * 300])
def test_a_folder_that_cannot_be_made_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"cannot be written in: .* Name another folder"):
        check_folder(tmp_path / name)


@pytest.mark.parametrize(
    "check", [check_folder, lambda path: check_outputs(path / "x.csv", None, None, read=[])]
)
def test_permissions_alone_do_not_tell(
    check: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(UsageError, match="Read-only file system"):
        check(tmp_path)  # type: ignore[operator]


def test_what_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("before")
    check_outputs(tmp_path / "scores.csv", tmp_path / "page.HTM", tmp_path / "maps", read=[])
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["maps", "scores.csv"]
    assert (tmp_path / "scores.csv").read_text() == "before"


def test_a_page_that_no_browser_would_open_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.txt' is unknown; expected \.html or \.htm"):
        check_outputs(None, tmp_path / "page.txt", None, read=[])


def test_a_table_that_cannot_be_written_is_written_when_it_can(
    run: Run, folders: Folders, tmp_path: Path
) -> None:
    # By the time that the table is written, a folder stands in its place.
    code = (
        "import os; from beholder.metrics import psnr; from beholder.cli import main; old = psnr.pixel_difference\n"
        "psnr.pixel_difference = lambda *a: (os.makedirs('out.csv/x', exist_ok=True), old(*a))[1]\n"
        "main()"
    )
    arguments = ["score", *folders, "-m", "psnr", "-o", "out.csv"]
    done = run(*arguments, program=code)
    assert done.returncode == 3
    assert "out.csv: cannot be written: " in done.stderr
    assert "what was scored is kept in out.csv.parts" in done.stderr
    assert "wrote" not in done.stderr
    shutil.rmtree(tmp_path / "out.csv")
    assert run(*arguments, "--resume").returncode == 0
    assert len(ScoreTable.load(tmp_path / "out.csv").frame) == 2
    assert not (tmp_path / "out.csv.parts").exists()


def test_a_page_that_cannot_be_written_costs_no_table(run: Run, folders: Folders, tmp_path: Path) -> None:
    # The folder that the page was to be written in is gone by then.
    code = (
        "import shutil; from beholder.metrics import psnr; from beholder.cli import main; old = psnr.pixel_difference\n"
        "psnr.pixel_difference = lambda *a: (shutil.rmtree('pages', ignore_errors=True), open('pages', 'w'), old(*a))[2]\n"
        "main()"
    )
    arguments = ["score", *folders, "-m", "psnr", "-o", "out.csv", "--report", "pages/page.html"]
    done = run(*arguments, program=code)
    assert done.returncode == 3
    assert "pages/page.html: cannot be written: " in done.stderr
    assert "wrote out.csv" in done.stderr
    assert "wrote pages" not in done.stderr
    assert "Traceback" not in done.stderr
    assert len(ScoreTable.load(tmp_path / "out.csv").frame) == 2


@pytest.mark.parametrize(
    "arguments",
    [["-o", "file/x.csv"], ["--report", "file/x.html"], ["--report", "x.txt"], ["--maps", "file/x"]],
)
def test_nothing_is_scored_for_what_cannot_be_written(
    run: Run, folders: Folders, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "file").touch()
    done = run("score", *folders, "-m", "psnr", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("folder", ["file", "file/x"])
def test_a_demo_that_cannot_be_written_is_refused(run: Run, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    done = run("demo", folder)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {folder}: ")
    assert len(done.stderr.splitlines()) == 1
