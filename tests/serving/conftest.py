"""Pictures as clients send them, and an application that scores them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from torch import Tensor

from beholder.data.degradations import add_noise
from beholder.images import save_picture
from beholder.scoring import Scorer, Settings
from beholder.serving import ServerSettings, create_app

LIMIT = 300_000


@pytest.fixture(scope="session")
def pictures(photos: Tensor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of one size, ``reference`` and ever noisier ones, and one that is smaller."""
    folder = tmp_path_factory.mktemp("pictures")
    kept = {"reference": photos[0], "small": photos[0][:, :10, :10]}
    kept |= {f"noisy{level}": add_noise(photos[0], 0.02 * level, seed=level) for level in range(1, 9)}
    for name, picture in kept.items():
        save_picture(picture, folder / f"{name}.png")
    return {name: folder / f"{name}.png" for name in kept}


@pytest.fixture(scope="session")
def files(pictures: dict[str, Path]) -> dict[str, bytes]:
    """What is in those files."""
    return {name: path.read_bytes() for name, path in pictures.items()}


@pytest.fixture
def app() -> FastAPI:
    """An application with two small metrics and low limits."""
    scorer = Scorer(["psnr", "ssim"], Settings(max_pixels=1_000_000))
    return create_app(scorer, ServerSettings(max_bytes=LIMIT, timeout=20))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of it; an error that is not answered is raised."""
    with TestClient(app) as client:
        yield client
