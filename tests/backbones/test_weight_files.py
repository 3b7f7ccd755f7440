"""Weight files: what is read, and what is refused with which words."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn

from beholder.backbones.weight_files import read_weights
from beholder.spec import WeightsError

KERNEL = np.arange(48, dtype=np.float32).reshape(2, 2, 3, 4)
FLAX = pickle.dumps({"Net_0": {"Conv_0": {"kernel": KERNEL, "bias": np.ones(4, np.float32)}}})
STATE = {"features.0.weight": torch.arange(300.0), "features.0.bias": torch.ones(3)}


def torch_bytes(payload: object, *, as_zip: bool = True, protocol: int = 2) -> bytes:
    file = io.BytesIO()
    torch.save(payload, file, _use_new_zipfile_serialization=as_zip, pickle_protocol=protocol)
    return file.getvalue()


def zip_bytes(*members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, b"")
    return file.getvalue()


def refusal(suffix: str, content: bytes) -> str:
    with pytest.raises(WeightsError) as error:
        read_weights(Path("file" + suffix), content)
    told = str(error.value)
    assert told.startswith(f"file{suffix}: cannot be read as weights: it ")
    assert error.value.__cause__ is error.value.__context__ is None  # which a traceback would show
    for foreign in ("weights_only", "pickle.load", "torch.load", "trust", "\x1b", "\n"):
        assert foreign not in told
    return told


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_state_dictionaries_are_unwrapped(prefix: str, *, wrapped: bool, as_zip: bool) -> None:
    state: dict[str, object] = {prefix + name: tensor for name, tensor in STATE.items()}
    payload = {"epoch": 3, "state_dict": state} if wrapped else state
    read = read_weights(Path("mine.pth"), torch_bytes(payload, as_zip=as_zip))
    assert read.keys() == STATE.keys()
    assert all(torch.equal(read[name], STATE[name]) for name in STATE)


def test_a_module_that_only_some_names_have_is_kept() -> None:
    state = {"module.weight": torch.ones(1), "weight": torch.zeros(1)}
    assert read_weights(Path("mine.safetensors"), save(state)).keys() == state.keys()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".ckpt"])
def test_empty_files_are_told(suffix: str) -> None:
    assert "it is empty" in refusal(suffix, b"")


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".safetensors", save(STATE)),
        (".pth", torch_bytes(STATE)),
        (".pth", torch_bytes(STATE, as_zip=False)),
        (".ckpt", FLAX),
    ],
    ids=["safetensors", "zip", "legacy", "flax"],
)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_files_that_are_cut_short_are_told(suffix: str, content: bytes, share: float) -> None:
    assert "it is damaged or cut short. Copy or download it again." in refusal(
        suffix, content[: int(share * len(content))]
    )


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".safetensors", b"<!DOCTYPE html><html>"),
        (".safetensors", torch_bytes(STATE)),
        (".pth", b"<!DOCTYPE html><html>"),
        (".pth", b"\x1b[1mbold\x1b[0m"),
        (".pth", save(STATE)),
        (".pth", FLAX),
        (".pth", zip_bytes("array.npy")),
        (".pth", torch_bytes(STATE, protocol=4)),
        (".ckpt", torch_bytes(STATE)),
    ],
)
def test_files_of_another_kind_are_told(suffix: str, content: bytes) -> None:
    assert "Check where it comes from." in refusal(suffix, content)


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        (".pth", torch_bytes(nn.Conv2d(1, 1, 1)), "it asks for 'torch.nn.modules.conv.Conv2d'"),
        (".pth", torch_bytes(nn.Conv2d(1, 1, 1), as_zip=False), "it asks for 'torch.nn.modules.conv.Conv2d'"),
        (".pth", zip_bytes("net/data.pkl", "net/constants.pkl"), "TorchScript"),
        (".pth", torch_bytes({"a": np.ones(3)}), "it asks for 'numpy."),
        (".ckpt", pickle.dumps({"a": Path("x")}), "it asks for 'pathlib."),
    ],
)
def test_files_that_hold_code_are_never_opened(suffix: str, content: bytes, message: str) -> None:
    told = refusal(suffix, content)
    assert "it holds code, not only arrays" in told
    assert "Beholder opens no such file; save the network's state_dict() alone." in told
    assert message in told


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (torch.ones(3), "it holds one Tensor; expected a state dictionary"),
        ([1, 2], "it holds one list; expected a state dictionary"),
        (
            {"net": STATE, "epoch": 3},
            "it holds 'net', of type dict; expected a state dictionary, bare or under",
        ),
        ({1: torch.ones(3)}, "it holds 1, of type Tensor"),
        ({"state_dict": {"a": 1}}, "it holds 'a', of type int"),
        ({"\x1b[1m": 1}, "it holds '\\x1b[1m', of type"),
    ],
)
def test_what_is_no_state_dictionary_is_told(payload: object, message: str) -> None:
    assert message in refusal(".pth", torch_bytes(payload))


def test_kernels_are_brought_to_torchs_order() -> None:
    read: dict[str, Tensor] = read_weights(Path("net.ckpt"), FLAX)
    assert torch.equal(read["Net_0/Conv_0.weight"], torch.from_numpy(KERNEL.transpose(3, 2, 0, 1).copy()))


class _Attack:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, (str(self.marker), "w"))  # type: ignore[return-value]


@pytest.mark.parametrize("suffix", [".ckpt", ".pth"])
def test_a_pickle_that_runs_code_is_refused(suffix: str, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    payload = {"Net_0": _Attack(marker)}
    if suffix == ".ckpt":
        content = pickle.dumps(payload)
    else:
        file = io.BytesIO()
        torch.save(payload, file)
        content = file.getvalue()
    with pytest.raises(
        WeightsError,
        match=r"cannot be read as weights: it holds code, not only arrays: it asks for .*open'\. Beholder opens",
    ):
        read_weights(Path("evil" + suffix), content)
    assert not marker.exists()


def test_formats_are_told_by_the_ending(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"unknown kind of weight file; expected one of \.safetensors"):
        read_weights(Path("net.onnx"), b"")
    for suffix in (".safetensors", ".pth", ".ckpt"):
        with pytest.raises(WeightsError, match=r"it is not .*: it begins with b'GIF89a"):
            read_weights(Path("net" + suffix), b"GIF89a, a picture")


def test_forged_array_types_are_refused() -> None:
    """NumPy's own unpickling would believe a type that claims to hold object pointers."""

    class Forged:
        def __reduce__(self) -> tuple[object, ...]:
            return (np.dtype, ("O8", False, True), (3, "|", None, None, None, -1, -1, 0))

    class Array:
        def __reduce__(self) -> tuple[object, ...]:
            rebuild = np.zeros(0).__reduce__()[0]
            return (rebuild, (np.ndarray, (0,), b"b"), (1, (2,), Forged(), False, b"A" * 16))

    with pytest.raises(WeightsError, match="array of type 'O8'"):
        read_weights(Path("evil.ckpt"), pickle.dumps({"Net": {"bias": Array()}}))


@pytest.mark.parametrize(
    "payload", [[1, 2], {"Net": {"kernel": 3}}, {"Net": {"kernel": np.ones((2, 2))}}, {"Net": 1}, "text"]
)
def test_pickles_of_other_things_are_refused(payload: object) -> None:
    assert "damaged" not in refusal(".ckpt", pickle.dumps(payload))


def test_damaged_files_raise_our_error_only() -> None:
    generator = np.random.default_rng(0)
    file = io.BytesIO()
    torch.save({"features.0.weight": torch.ones(3)}, file)
    for suffix, whole in ((".ckpt", FLAX), (".pth", file.getvalue())):
        for _ in range(150):
            damaged = bytearray(whole)
            for place in generator.integers(0, len(damaged), 3):
                damaged[place] = generator.integers(256)
            try:
                read_weights(Path("damaged" + suffix), bytes(damaged))
            except WeightsError as error:
                assert "cannot be read as weights" in str(error)  # noqa: PT017 -- a lucky change may do no harm
