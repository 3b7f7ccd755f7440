"""What every network of the catalogue keeps."""

from __future__ import annotations

import copy
import json

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from beholder.catalog import DISCRIMINATORS, NETWORKS, create_discriminator, create_network
from beholder.networks import Discriminator, RestorationNetwork
from beholder.networks.enlarging import SCALES
from beholder.spec import ShapeError, UsageError

# Fewer blocks where all blocks are alike, to be quick.
SMALL = {
    "compact": "compact:blocks=2:width=16",
    "autoencoder": "autoencoder:width=8",
    "transform": "transform:blocks=1:width=8",
    "edsr": "edsr:blocks=2:width=16",
    "rrdb": "rrdb:blocks=2:width=8:growth=4",
    "patchgan": "patchgan:width=8",
    "vgg": "vgg:width=8",
    "unet": "unet:width=8",
}
RESTORING = [
    *(SMALL.get(name, name) for name in NETWORKS),
    "l8:final_relu=true",
    "compact:blocks=2:width=16:scale=4",
    "compact:blocks=2:width=16:unshuffle=3",
    "transform:blocks=1:width=8:scale=4",
    "transform:blocks=1:width=8:normalisation=batch",
    "rrdb:blocks=1:width=8:growth=4:upsampling=shuffle",
]
JUDGING = [SMALL.get(name, name) for name in DISCRIMINATORS]
SIZES = [(1, 1), (1, 20), (7, 5), (37, 53)]


@pytest.fixture
def picture(photos: Tensor) -> Tensor:
    return photos[:2, :, 40:77, 60:113].clone()


def build(request: str) -> RestorationNetwork | Discriminator:
    torch.manual_seed(0)
    name = request.partition(":")[0]
    return create_network(request) if name in NETWORKS else create_discriminator(request)


@pytest.mark.parametrize("request_", RESTORING)
@pytest.mark.parametrize("channels", [3, 1])
def test_any_size_comes_back_at_scale(request_: str, channels: int) -> None:
    network = build(f"{request_}:channels={channels}").eval()
    with torch.no_grad():
        for height, width in SIZES:
            restored = network(torch.rand(1, channels, height, width))
            assert restored.shape == (1, channels, network.scale * height, network.scale * width)
            assert restored.isfinite().all()


@pytest.mark.parametrize("request_", ["srcnn", SMALL["edsr"], SMALL["rrdb"], SMALL["compact"]])
@pytest.mark.parametrize("scale", SCALES)
def test_every_scale(request_: str, scale: int) -> None:
    network = build(f"{request_}:scale={scale}")
    assert network.scale == scale
    with torch.no_grad():
        assert network(torch.rand(1, 3, 5, 9)).shape == (1, 3, 5 * scale, 9 * scale)


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_every_scale_of_transform(scale: int) -> None:
    with torch.no_grad():
        restored = build(f"{SMALL['transform']}:scale={scale}")(torch.rand(1, 3, 9, 11))
    assert restored.shape == (1, 3, 9 * scale, 11 * scale)


@pytest.mark.parametrize("request_", JUDGING)
def test_any_size_is_judged(request_: str) -> None:
    network = build(request_).eval()
    for height, width in ((network.min_size, network.min_size), (37, 53), (64, 48)):
        with torch.no_grad():
            judged = network(torch.rand(2, 3, height, width))
        assert judged.shape[:2] == (2, 1)
        assert judged.isfinite().all()
    if network.min_size > 1:
        too_small = network.min_size - 1
        with pytest.raises(
            ShapeError, match=f"{too_small}x{too_small}; expected at least {network.min_size}"
        ):
            network(torch.rand(2, 3, too_small, too_small))


@pytest.mark.parametrize("request_", [*RESTORING, *JUDGING])
def test_a_picture_stands_alone(request_: str, picture: Tensor) -> None:
    network = build(request_).eval()
    with torch.no_grad():
        together = network(picture)
        alone = torch.cat([network(one[None]) for one in picture])
    assert torch.allclose(together, alone, atol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-5)


@pytest.mark.parametrize("request_", [*RESTORING, *JUDGING])
def test_channels_last_changes_nothing(request_: str, picture: Tensor) -> None:
    network = build(request_).eval()
    with torch.no_grad():
        expected = network(picture)
        network = network.to(memory_format=torch.channels_last)
        found = network(picture.contiguous(memory_format=torch.channels_last))
    assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("request_", [*RESTORING, *JUDGING])
def test_trains_in_bfloat16(request_: str, picture: Tensor) -> None:
    network = build(request_)
    full = copy.deepcopy(network)(picture).detach()
    with torch.autocast("cpu", torch.bfloat16):
        output = network(picture)
    output.float().square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    # Three digits are left of each product; errors of layers add up.
    assert (output - full).norm() < 0.1 * full.norm()


@pytest.mark.parametrize("request_", [*RESTORING, *JUDGING])
def test_gradients_reach_every_parameter_and_the_input(request_: str, picture: Tensor) -> None:
    network = build(request_)
    x = picture.requires_grad_()
    output = network(x)
    (output * torch.linspace(0.5, 1.5, output.numel()).view_as(output)).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert x.grad.any()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # A bias right before instance normalisation cannot matter.
        assert parameter.grad.any() or name.endswith("bias"), name


@pytest.mark.parametrize("request_", [*RESTORING, *JUDGING])
def test_weights_survive_a_file(request_: str, picture: Tensor) -> None:
    network = build(request_).eval()
    torch.manual_seed(1)
    other = create_again(request_).eval()
    with torch.no_grad():
        assert not torch.equal(other(picture), network(picture))
        other.load_state_dict(load(save(network.state_dict())))
        assert torch.equal(other(picture), network(picture))


def create_again(request: str) -> nn.Module:
    return create_network(request) if request.partition(":")[0] in NETWORKS else create_discriminator(request)


@pytest.mark.parametrize("name", [*NETWORKS, *DISCRIMINATORS])
def test_options_are_plain_and_each_is_checked(name: str) -> None:
    entry = {**NETWORKS, **DISCRIMINATORS}[name]
    options = entry.list_options()
    assert json.loads(json.dumps(options)) == options
    for key in options:
        with pytest.raises(UsageError, match=rf"{key} is '\?'; expected"):
            entry.load()(**{key: "?"})


@pytest.mark.parametrize("name", [*NETWORKS, *DISCRIMINATORS])
def test_other_inputs_are_refused(name: str) -> None:
    network = build(SMALL.get(name, name))
    with pytest.raises(ShapeError, match=r"has shape \(3, 64, 64\); expected \(N, 3, H, W\)"):
        network(torch.rand(3, 64, 64))
    with pytest.raises(ShapeError, match=r"has shape \(1, 1, 64, 64\); expected \(N, 3, H, W\)"):
        network(torch.rand(1, 1, 64, 64))
    with pytest.raises(ShapeError, match=r"torch.uint8; expected floating point"):
        network(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
    with pytest.raises(ShapeError, match="the input is list"):
        network([0.5])


def test_each_is_built_as_what_it_is() -> None:
    with pytest.raises(
        UsageError, match="'unet' judges pictures; expected a network that restores them: l8, "
    ):
        create_network("unet")
    with pytest.raises(
        UsageError, match="'l8' restores pictures; expected a network that judges them: patchgan"
    ):
        create_discriminator("l8")
    with pytest.raises(UsageError, match=r"no network 'edrs'\. Did you mean edsr"):
        create_network("edrs")
    with pytest.raises(UsageError, match="network 'l8' has no option 'scale'"):
        create_network("l8", scale=2)
