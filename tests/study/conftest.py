"""A small study, and an observer who answers it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anyio.from_thread import start_blocking_portal
from PIL import Image
from starlette.testclient import TestClient

pytest.importorskip("sqlalchemy", reason="studies need the extra 'study'")

from beholder.study.app import create_app
from beholder.study.creating import create_study
from beholder.study.database import Database
from beholder.study.design import Design
from beholder.study.folder import StudyFolder
from beholder.study.settings import ServerSettings
from private_postgresql import new_database

MANY = ServerSettings(begins_a_minute=100_000)
TIMING = {"refresh": 60.0, "flips": [0.0], "dropped": 0, "scale": 2.0, "full_screen": False}


def decode(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture(scope="session")
def bapps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve triplets: a smooth reference, a little noise on one candidate, much on the other."""
    folder = tmp_path_factory.mktemp("stimuli") / "bapps"
    draw = np.random.default_rng(0)
    for part in ("ref", "p0", "p1"):
        (folder / "val" / "noise" / part).mkdir(parents=True)
    for row in range(12):
        down, across = np.mgrid[:24, :32]
        reference = np.stack([8 * down + row, 5 * across, 100 + down + across], axis=2)
        levels = (5, 30) if row % 2 else (30, 5)
        for part, level in zip(("ref", "p0", "p1"), (0, *levels), strict=True):
            noisy = np.clip(reference + level * draw.normal(size=reference.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / "val" / "noise" / part / f"{row:06d}.png")
    return folder


MakeStudy = Callable[..., StudyFolder]


@pytest.fixture
def make_study(bapps: Path, tmp_path: Path) -> MakeStudy:
    """Make a study of the triplets; settings in place of a small one's."""

    def make(name: str = "study", *, database: str | None = None, **settings: Any) -> StudyFolder:
        small = {
            "title": "Noise",
            "kind": "2afc",
            "stimuli": {"bapps": bapps},
            "votes": 2,
            "session": {"trials": 6, "breaks": {"every": 0}},
            "catch": {"identical": 1, "noise": 1},
            "training": {"trials": 2},
            "demographics": False,
            "screen_check": False,
            "retention": "2100-01-01",
        }
        design = Design.model_validate(small | settings)
        return create_study(design, tmp_path / name, decode, database=database)

    return make


@dataclasses.dataclass
class Sitting:
    """An observer's browser, as far as the server can tell."""

    client: TestClient
    csrf: str = ""

    def begin(self, language: str = "en") -> Sitting:
        told = self.client.post("/api/begin", json={"language": language})
        assert told.status_code == 200, told.text
        self.csrf = told.json()["csrf"]
        return self

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.client.post(path, json=body or {}, headers={"X-CSRF-Token": self.csrf})

    def go_to_trials(self) -> Sitting:
        self.begin()
        assert self.post("/api/steps/consent", {"version": "1"}).status_code == 200
        assert self.post("/api/steps/instructions").json() == {"step": "trials"}
        return self

    def trial(self) -> Any:
        found = self.client.get("/api/trial")
        assert found.status_code == 200, found.text
        return found.json()

    def answer(self, token: str, answer: str | None = "left", **changes: Any) -> Any:
        return self.post(
            "/api/answers",
            {"token": token, "answer": answer, "milliseconds": 900.0, "timing": TIMING} | changes,
        )

    def finish(self, choose: Callable[[Any], str | None] = lambda _: "left") -> list[Any]:
        """Answer until there is nothing more; all trials that were shown."""
        shown = []
        while (found := self.trial())["state"] != "step":
            if found["state"] == "rest":
                self.post("/api/rest")
                continue
            shown.append(found)
            told = self.answer(found["trial"]["token"], choose(found["trial"]))
            assert told.status_code == 200, told.text
        return shown


OpenStudy = Callable[[StudyFolder], tuple[Callable[[], Sitting], Database]]


@pytest.fixture
def open_study() -> Iterator[OpenStudy]:
    """Serve a study: a function that seats observers, and the database to look into."""
    opened: list[TestClient] = []
    databases: list[Database] = []
    # Else each request starts a thread and an event loop of its own. A server has one for all of them.
    portal = contextlib.ExitStack()
    loop = portal.enter_context(start_blocking_portal())

    def open_it(
        folder: StudyFolder, settings: ServerSettings = MANY, address: str | None = None
    ) -> tuple[Callable[[], Sitting], Database]:
        database = folder.open_database(address)
        databases.append(database)
        app = create_app(folder, database, settings)

        def seat() -> Sitting:
            opened.append(TestClient(app, base_url="http://study"))
            opened[-1].portal = loop
            return Sitting(opened[-1])

        return seat, database

    yield open_it
    for each in (*opened, *databases):
        each.close()
    portal.close()


_databases = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str | None:
    """Where answers go: ``None``, SQLite in the study's folder, or a new database of PostgreSQL."""
    if request.param == "sqlite":
        return None
    return new_database(request.getfixturevalue("postgresql"), f"study{next(_databases)}")
