"""Rows that a run keeps, and what becomes of them when it is killed, cut, or another run's."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from beholder.scoring.manifest import Manifest
from beholder.scoring.notes import MOST_NOTES, Notes
from beholder.scoring.parts import Parts
from beholder.spec import StoringError, UsageError
from forking import ForkedCommands

METRIC = {"direction": "higher", "options": {}, "weights": [{"sha256": "a1"}], "engine": "openvino"}
RUN: dict[str, Any] = {
    "beholder": "0.1.0",
    "created": "today",
    "threads": 2,
    "resize": "refuse",
    "metrics": {"ssim": METRIC, "psnr": METRIC},
}
MANIFEST = Manifest(RUN, 100, "hash")


def row(place: int, error: str | None = None) -> dict[str, Any]:
    return {
        "reference": 'a,"b"\n\r.png',
        "distorted": f"ü\u2028{place}.png",
        "ssim": 0.1 + place / 3,
        "psnr": math.inf if place % 2 else None,
        "error": error,
    }


def fill(folder: Path, rows: int, *, resume: bool = False, close: bool = True) -> Parts:
    """Parts of ten rows each."""
    parts = Parts(folder, MANIFEST, resume=resume)
    for place in range(parts.rows, rows):
        parts.add(place, row(place, None if place % 7 else "bad"), [f"{place // 30}: resized"])
        if place % 10 == 9:
            parts.flush()
    parts.flush()
    if close:
        parts.close()
    return parts


def read(parts: Parts) -> list[dict[str, Any]]:
    return parts.scan().collect().to_dicts()


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    fill(tmp_path / "parts", 25)
    parts = Parts(tmp_path / "parts", MANIFEST, resume=True)
    assert read(parts) == [row(place, None if place % 7 else "bad") for place in range(25)]
    assert (parts.rows, parts.failed) == (25, 4)
    assert list(parts.notes.kept) == ["0: resized"]
    parts.remove()
    assert not (tmp_path / "parts").exists()


def test_a_run_that_goes_on_ends_as_one_in_one_go(tmp_path: Path) -> None:
    whole = fill(tmp_path / "whole", 100)
    for rows in (13, 55, 55, 100):
        broken = fill(tmp_path / "broken", rows, resume=True)
    assert read(broken) == read(whole)
    assert (broken.failed, list(broken.notes.kept)) == (whole.failed, list(whole.notes.kept))


@pytest.mark.parametrize("damage", ["cut", "gone", "zeros", "empty"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_damaged_part_is_dropped_with_those_behind_it(number: int, damage: str, tmp_path: Path) -> None:
    fill(tmp_path, 30)
    file = sorted(tmp_path.glob("rows-*"))[number]
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        # fmt: off
        file.write_bytes({"cut": content[: len(content) * 2 // 3], "zeros": bytes(len(content)), "empty": b""}[damage])
        # fmt: on
    (tmp_path / ".rows-half").mkdir()
    parts = Parts(tmp_path, MANIFEST, resume=True)
    assert parts.rows == 10 * number
    assert len(list(tmp_path.glob("rows-*"))) == number
    assert not (tmp_path / ".rows-half").exists()
    parts.close()
    assert read(fill(tmp_path, 30, resume=True)) == [row(p, None if p % 7 else "bad") for p in range(30)]


def test_rows_of_a_batch_that_is_not_whole_are_not_kept(tmp_path: Path) -> None:
    parts = Parts(tmp_path, MANIFEST, resume=False)
    for place in range(10):
        parts.add(place, row(place), [f"{place}: note"], ends_batch=place % 4 == 3)
    parts.flush()
    assert parts.rows == 8
    assert list(parts.notes.kept)[-1] == "7: note"
    parts.close()


def fill_in_turns(folder: Path, turns: list[int], start: int = 0, *, resume: bool = False) -> Parts:
    """Rows that have their turns in this order, a part for each three."""
    parts = Parts(folder, MANIFEST, resume=resume)
    for number, place in enumerate(turns[start:], start + 1):
        parts.add(place, row(place))
        if number % 3 == 0:
            parts.flush()
    parts.flush()
    parts.close()
    return parts


TURNS = [0, 1, 2, 3, 5, 7, 4, 6, 8, 9, 12, 10, 11, 13]


def test_rows_out_of_order_come_into_order(tmp_path: Path) -> None:
    for count in range(1, len(TURNS) + 1):
        parts = fill_in_turns(tmp_path / str(count), TURNS[:count])
        assert [each["reference"] for each in read(parts)] == [
            row(place)["reference"] for place in sorted(TURNS[:count])
        ]


def test_parts_out_of_order_become_one(tmp_path: Path) -> None:
    parts = fill_in_turns(tmp_path, TURNS)
    names = sorted(file.name[5:-4].replace("0" * 8, "") for file in tmp_path.glob("rows-*"))
    assert names == ["00-03", "03-08", "08-09", "09-13", "13-14"]
    assert [row(place) for place in sorted(TURNS)] == read(parts)


@pytest.mark.parametrize("killed", range(1, len(TURNS)))
def test_a_run_with_rows_out_of_order_goes_on(killed: int, tmp_path: Path) -> None:
    fill_in_turns(tmp_path, TURNS[:killed])
    for file in list(
        tmp_path.glob("rows-*")
    ):  # as if a kill had come before the parts that became one were removed
        copy = tmp_path / file.name.replace(file.name[16:26], f"{int(file.name[5:15]) + 1:010}")
        if not copy.exists():
            copy.write_text("".join(file.read_text().splitlines(keepends=True)[:2]))
    parts = fill_in_turns(tmp_path, TURNS, killed, resume=True)
    assert read(parts) == [row(place) for place in sorted(TURNS)]
    assert parts.rows == len(TURNS)


@pytest.mark.parametrize("count", range(1, len(TURNS) + 1))
def test_a_row_tells_its_place_in_the_whole(count: int, tmp_path: Path) -> None:
    places = sorted(TURNS[:count])
    for parts in (fill_in_turns(tmp_path, TURNS[:count]), Parts(tmp_path, MANIFEST, resume=True)):
        assert [parts.place(position) for position in range(count)] == places
        parts.close()


def test_a_run_that_was_killed_before_its_first_part_is_none(tmp_path: Path) -> None:
    Parts(tmp_path, MANIFEST, resume=False).close()
    parts = Parts(tmp_path, MANIFEST, resume=False)
    assert parts.rows == 0
    parts.close()


def test_names_with_line_breaks_survive_a_merge(tmp_path: Path) -> None:
    parts = Parts(tmp_path, MANIFEST, resume=False)
    names = ['a\nb".png', "", "plain.png"]
    for place in (2, 0, 1):
        parts.add(place, {**row(place), "distorted": names[place]})
        parts.flush()
    parts.close()
    assert [each["distorted"] for each in read(parts)] == names
    assert len(list(tmp_path.glob("rows-*"))) == 1


@pytest.mark.parametrize("moment", ["before", "behind"])
@pytest.mark.parametrize("rows", [0, 3, 6])
def test_an_interrupt_while_a_part_is_written_loses_nothing_that_is_there(
    rows: int, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rows:
        fill_in_turns(tmp_path, TURNS[:rows])
    parts = Parts(tmp_path, MANIFEST, resume=True)
    write = Parts._write

    def interrupted(self: Parts, given: Any) -> None:
        if moment == "behind":
            write(self, given)
        raise KeyboardInterrupt

    monkeypatch.setattr(Parts, "_write", interrupted)
    monkeypatch.setattr("beholder.scoring.parts._LEAST_SECONDS", 100)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 -- the last row may close the part itself
        for place in TURNS[rows : rows + 2]:
            parts.add(place, row(place))
        parts.flush()
    monkeypatch.undo()
    parts.flush()
    there = rows + 2 * (moment == "behind")
    assert parts.rows == there
    assert read(parts) == [row(place) for place in sorted(TURNS[:there])]
    parts.close()
    assert read(fill_in_turns(tmp_path, TURNS, there, resume=True)) == [row(place) for place in sorted(TURNS)]


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    with pytest.raises(UsageError, match=r"broke off. Go on with it by --resume, or remove the folder"):
        Parts(tmp_path, MANIFEST, resume=False)
    assert Parts(tmp_path, MANIFEST, resume=True).rows == 10


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Manifest({**RUN, "created": "now", "threads": 9}, 100, "hash"), None),
        (Manifest({**RUN, "resize": "crop"}, 100, "hash"), 'its resize is "refuse", now "crop"'),
        (Manifest({**RUN, "beholder": "0.2.0"}, 100, "hash"), 'its beholder is "0.1.0", now "0.2.0"'),
        (Manifest(RUN, 99, "hash"), "it has 100 rows to score, now 99"),
        (Manifest(RUN, 100, "other"), "its pairs are others"),
        (Manifest(RUN, 100, "hash", ("mae",)), "the table that it adds to had no metrics"),
        (
            Manifest({**RUN, "metrics": {"ssim": METRIC, "mae": METRIC}}, 100, "hash"),
            "it has the metric psnr; it lacks the metric mae",
        ),
        (
            Manifest({**RUN, "metrics": {"ssim": {**METRIC, "weights": []}, "psnr": METRIC}}, 100, "hash"),
            "its ssim has other weights",
        ),
        (
            Manifest({**RUN, "metrics": {"ssim": {**METRIC, "engine": "x"}, "psnr": METRIC}}, 100, "hash"),
            r"its ssim has other engine\. Ask",
        ),
        (
            Manifest(
                {
                    **RUN,
                    "metrics": {"ssim": METRIC, "psnr": {**METRIC, "engine": "openvino, formula in torch"}},
                },
                100,
                "hash",
            ),
            r"its psnr has other engine; OpenVINO draws no heat maps \(--maps, --report\): was that run",
        ),
        (
            Manifest({**RUN, "metrics": {"psnr": METRIC, "ssim": METRIC}}, 100, "hash"),
            "its metrics stand in another order: ssim, psnr",
        ),
    ],
)
def test_another_run_is_told_what_differs(asked: Manifest, words: str | None, tmp_path: Path) -> None:
    fill(tmp_path, 10)
    if words is None:
        assert Parts(tmp_path, asked, resume=True).rows == 10
        return
    with pytest.raises(UsageError, match=words):
        Parts(tmp_path, asked, resume=True)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 2, "run": 3}'])
def test_a_manifest_that_cannot_be_read_is_refused(content: str, tmp_path: Path) -> None:
    fill(tmp_path, 10)
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UsageError, match=r"manifest\.json: cannot be read: .* Remove the folder"):
        Parts(tmp_path, MANIFEST, resume=True)


def test_another_format_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    told = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**told, "format": 1}))
    with pytest.raises(UsageError, match="its format is 1, this version writes 2"):
        Parts(tmp_path, MANIFEST, resume=True)


def test_what_a_run_left_while_it_removed_its_folder_is_cleared_away(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "mine.txt").touch()
    parts = Parts(tmp_path, MANIFEST, resume=False)
    assert parts.rows == 0
    assert not list(tmp_path.glob("rows-*"))
    parts.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


TRY = """
import json, sys
from pathlib import Path
from beholder.scoring.parts import Manifest, Parts
Parts(Path(sys.argv[1]), Manifest(*json.loads(sys.argv[2])), resume=True)
"""


def test_a_second_process_is_refused(forked: ForkedCommands, tmp_path: Path) -> None:
    parts = fill(tmp_path, 10, close=False)
    asked = [tmp_path, json.dumps([RUN, 100, "hash"])]
    other = forked.call(asked, tmp_path, program=TRY)
    assert other.returncode == 1
    assert "another process writes its scores there" in other.stderr
    parts.close()
    assert forked.call(asked, tmp_path, program=TRY).returncode == 0


def test_a_full_disk_leaves_what_is_kept(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    parts = fill(tmp_path, 10, close=False)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        for place in range(10, 15):
            parts.add(place, row(place))
        with pytest.raises(StoringError, match="cannot be written to: File too large"):
            parts.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    parts.close()
    assert parts.rows == Parts(tmp_path, MANIFEST, resume=True).rows == 10


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoringError, match="cannot be written to"):
        Parts(tmp_path / "file" / "parts", MANIFEST, resume=False)


def test_notes_are_kept_once_and_counted_beyond() -> None:
    notes = Notes()
    notes.add(f"file {place % (MOST_NOTES + 5)}" for place in range(2 * (MOST_NOTES + 5)))
    assert len(notes.kept) == MOST_NOTES
    assert notes.as_dict()["warnings_left_out"] == 10
