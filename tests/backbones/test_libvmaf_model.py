"""Models of libvmaf, and files that are a part of a package's member."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from pathlib import Path

import pytest
import torch

from beholder.backbones import cards, door
from beholder.backbones.weight_files import read_weights
from beholder.spec import WeightsError

MODEL = {
    "model_dict": {
        "feature_names": [
            f"VMAF_feature_{name}_score"
            for name in ("adm2", "motion2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3")
        ],
        "slopes": [0.5, 1, 2, 3, 4, 5, 6],
        "intercepts": [-1, 0, 0, 0, 0, 0, 0],
        "score_transform": {"p0": 1.5, "p1": 2, "p2": -0.25, "out_gte_in": "true"},
        "model": "svm_type nu_svr\nkernel_type rbf\ngamma 0.04\nnr_class 2\ntotal_sv 2\nrho -1.5\n"
        "SV\n-4 1:0.5 2:0.25 6:1 \n4 3:-0.125 \n",
    }
}


def test_reads_sparse_support_vectors() -> None:
    tensors = read_weights(Path("model.json"), json.dumps(MODEL).encode())
    assert tensors["coefficients"].tolist() == [-4, 4]
    assert tensors["support"].tolist() == [[0.5, 0.25, 0, 0, 0, 1], [0, 0, -0.125, 0, 0, 0]]
    assert (tensors["gamma"].item(), tensors["rho"].item()) == (0.04, -1.5)
    assert tensors["transform"].tolist() == [1.5, 2, -0.25]
    assert all(tensor.dtype == torch.float64 for tensor in tensors.values())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"svm_type nu_svr", "not a model of libvmaf"),
        (json.dumps(MODEL).encode()[:-40], "damaged or cut short"),
        (json.dumps(MODEL).replace("adm2", "adm9").encode(), "damaged or cut short"),
        (json.dumps(MODEL).replace("total_sv 2", "total_sv 3").encode(), "damaged or cut short"),
    ],
    ids=["other format", "cut", "other features", "a vector is missing"],
)
def test_refuses_other_files(content: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        read_weights(Path("model.json"), content)


def test_takes_a_span_of_a_packages_member(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    content = json.dumps(MODEL).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("program", b"\0" * 7 + content + b"\0" * 5)
    path = tmp_path / "package.whl"
    path.write_bytes(archive.getvalue())
    real = cards.find_card("vmaf_v0.6.1")
    (source,) = real.sources
    assert isinstance(source, cards.PackageSource)
    toy = dataclasses.replace(
        source,
        sha256=door.sha256_of(content),
        archive_sha256=door.sha256_of(path.read_bytes()),
        member="program",
        span=(7, len(content)),
    )
    card = dataclasses.replace(real, sources=(toy,))
    monkeypatch.setitem(cards.CARDS, card.name, card)
    assert door.install(card, path).read_bytes() == content
    assert door.load(card.name)[0]["rho"].item() == -1.5


def test_asks_pip_for_the_very_wheel() -> None:
    (source,) = cards.find_card("vmaf_v0.6.1").sources
    assert isinstance(source, cards.PackageSource)
    assert source.pip_options == ["--only-binary=imageio-ffmpeg", "--platform=manylinux_2_28_x86_64"]
