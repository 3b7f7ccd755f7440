"""Pictures, weights and object stores that many tests share."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import squeezenet1_1

from beholder.data.photos import PHOTOS
from forking import ForkedCommands
from private_postgresql import private_postgresql, why_not

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # expected values are those of a processor


@pytest.fixture(scope="session")
def photos() -> Tensor:
    """Three details of photographs, shape (3, 3, 192, 192), in [0, 1]."""
    return torch.stack([photo.detail(192) for photo in PHOTOS[:3]])


@pytest.fixture(scope="session")
def squeezenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights for SqueezeNet, whose trained ones no package ships."""
    path = tmp_path_factory.mktemp("weights") / "squeezenet1_1.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(squeezenet1_1(weights=None).state_dict(), path)
    return path


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedCommands]:
    """Processes that need not import what they use."""
    if not hasattr(os, "fork"):
        pytest.skip("processes cannot be forked here")
    commands = ForkedCommands(tmp_path_factory.mktemp("streams"))
    yield commands
    commands.close()


@pytest.fixture
def memory() -> Iterator[str]:
    """The address of an empty folder in a store that is this process's memory."""
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.store.clear()
    yield "memory://folder"
    store.store.clear()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The URL of an S3 on this machine."""
    why = "S3 on this machine is the packages s3fs, moto[s3], flask and flask-cors"
    pytest.importorskip("s3fs", reason=why)
    server = pytest.importorskip("moto.server", reason=why).ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


_numbers = itertools.count()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket there, which processes that a test starts see too."""
    from s3fs import S3FileSystem

    for name in [name for name in os.environ if name.startswith(("AWS_", "FSSPEC_"))]:
        monkeypatch.delenv(name)
    told = {"ENDPOINT_URL": s3_server, "ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "key"}
    told |= {"EC2_METADATA_DISABLED": "true", "CONFIG_FILE": "none", "SHARED_CREDENTIALS_FILE": "none"}
    for name, value in told.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    S3FileSystem.clear_instance_cache()
    name = f"bucket-{next(_numbers)}"
    S3FileSystem().mkdir(name)
    yield f"s3://{name}"
    S3FileSystem.clear_instance_cache()


# Not for the whole session: while Playwright runs, no other event loop can.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        if os.environ.get("BEHOLDER_REQUIRE_BROWSER") == "1":
            pytest.fail("BEHOLDER_REQUIRE_BROWSER=1, but neither chromium nor google-chrome is on the PATH")
        pytest.skip("neither chromium nor google-chrome is on the PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The folder with the socket of a PostgreSQL of our own."""
    pytest.importorskip("psycopg", reason="PostgreSQL needs the extra 'postgresql'")
    if why := why_not():
        if os.environ.get("BEHOLDER_REQUIRE_POSTGRESQL") == "1":
            pytest.fail(f"BEHOLDER_REQUIRE_POSTGRESQL=1, but {why}")
        pytest.skip(why)
    with private_postgresql() as folder:
        yield folder
