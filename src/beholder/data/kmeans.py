"""Filters clustered from pictures, layer by layer: stacked k-means."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from beholder.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD
from beholder.backbones.chains import CHAINS, Chain
from beholder.backbones.stages import CHAIN_STAGES
from beholder.images import PICTURE_SUFFIXES, read_picture
from beholder.ops.resize import resize
from beholder.spec import MissingPackageError, PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["fit_kmeans_alexnet", "list_pictures"]

_SIDE = 227  # what AlexNet was trained on
_MOST_PICTURES = 200
_PATCHES = 20_000
_BIAS = 0.1  # mean response: the default of the authors' code


def fit_kmeans_alexnet(
    pictures: str | Path | Sequence[str | Path], target: str | Path, *, seed: int = 0
) -> Path:
    """Cluster AlexNet's filters from pictures, without labels, and save them.

    At each convolution, in order: patches of what it sees are centred, whitened along as many principal axes as it
    has filters, brought to unit length and clustered; each centre, taken back through the whitening, becomes a filter.
    Filters are scaled and biased so that their responses have standard deviation 1 and mean 0.1.

    Args:
        pictures: A folder, searched with its subfolders, or files. Each is brought to 227 pixels along its shorter
            side and cut square; where there are more than 200, so many are drawn.
        target: ``.safetensors`` file to write, for ``lpips:alexnet:weights=TARGET``.
        seed: Seed of what is drawn.

    Returns:
        The file.

    Raises:
        UsageError: If there are too few pictures for as many clusters as there are filters, or the file's ending
            is another.
        PictureError: If a picture cannot be read.
        MissingPackageError: If scikit-learn is not installed.

    References:
        Krähenbühl et al., "Data-dependent Initializations of Convolutional Neural Networks", ICLR 2016,
        arXiv:1511.06856. Used as a baseline by Zhang et al., CVPR 2018, arXiv:1801.03924. Deviations: the network is
        torchvision's AlexNet, without groups, and layers are not rescaled against one another, which moves no
        distance between features of unit length.
    """
    target = Path(target)
    if target.suffix != ".safetensors":
        raise UsageError(f"{target}: expected a file that ends in .safetensors.")
    files = list_pictures(pictures)
    draw = np.random.default_rng(seed)
    if len(files) > _MOST_PICTURES:
        files = [files[index] for index in draw.choice(len(files), _MOST_PICTURES, replace=False)]
    chain = Chain(CHAINS["alexnet"](), CHAIN_STAGES["alexnet"][-1:])
    with torch.inference_mode():
        seen = torch.cat([_prepare(read_picture(file).pixels) for file in files])
        for module in chain.features:
            if isinstance(module, nn.Conv2d):
                _fit_layer(module, seen, draw)
            seen = torch.cat([module(picture) for picture in torch.split(seen, 1)])
    told = {"made by": f"stacked k-means on {len(files)} pictures, seed {seed}"}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(save(chain.state_dict(), told))
    return target


def list_pictures(pictures: str | Path | Sequence[str | Path]) -> list[Path]:
    """The pictures of a folder and its subfolders, by name; files that are listed already, as they stand.

    Raises:
        PictureError: If there are none.
    """
    if not isinstance(pictures, str | Path):
        files = [Path(file) for file in pictures]
    else:
        found = sorted(Path(pictures).rglob("*"))
        files = [file for file in found if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()]
    if not files:
        raise PictureError(
            f"{pictures}: there are no pictures; expected a folder of them, or a list of files."
        )
    return files


def _prepare(picture: Tensor) -> Tensor:
    height, width = picture.shape[-2:]
    scale = _SIDE / min(height, width)
    sized = resize(picture[None], max(_SIDE, round(height * scale)), max(_SIDE, round(width * scale)))
    top, left = (sized.shape[-2] - _SIDE) // 2, (sized.shape[-1] - _SIDE) // 2
    cut = sized[..., top : top + _SIDE, left : left + _SIDE].clamp(0, 1)
    mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (IMAGENET_MEAN, IMAGENET_STD))
    return (cut - mean) / std


def _fit_layer(convolution: nn.Conv2d, seen: Tensor, draw: np.random.Generator) -> None:
    filters = convolution.out_channels
    patches = np.concatenate(list(_draw_patches(convolution, seen, draw)))
    if len(patches) < filters:
        raise UsageError(
            f"{len(seen)} pictures hold {len(patches)} patches for the {filters} filters of a layer; "
            f"expected at least {math.ceil(filters * len(seen) / len(patches))} pictures."
        )
    weights = torch.from_numpy(_cluster(patches, filters, draw)).view_as(convolution.weight)
    convolution.weight.copy_(weights)
    nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]  # these have one
    responses = torch.cat(
        [convolution(picture).transpose(0, 1).flatten(1) for picture in torch.split(seen, 1)], 1
    )
    deviation, mean = torch.std_mean(responses, dim=1)
    deviation = deviation.clamp_min(torch.finfo(deviation.dtype).tiny)
    convolution.weight.div_(deviation.view(-1, 1, 1, 1))
    convolution.bias.copy_(_BIAS - mean / deviation)  # type: ignore[union-attr]


def _draw_patches(
    convolution: nn.Conv2d, seen: Tensor, draw: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    """Patches that a convolution looks at, a row each, as many of every picture."""
    each = math.ceil(_PATCHES / len(seen))
    size, padding, stride = convolution.kernel_size, convolution.padding, convolution.stride
    for picture in torch.split(seen, 1):
        rows = functional.unfold(picture, size, padding=padding, stride=stride)[0].T  # type: ignore[arg-type]
        chosen = draw.choice(len(rows), min(each, len(rows)), replace=False)
        yield rows[torch.from_numpy(chosen)].numpy()


def _cluster(patches: NDArray[np.float32], filters: int, draw: np.random.Generator) -> NDArray[np.float32]:
    """Spherical k-means on whitened patches; the centres in the patches' own space."""
    learn = _sklearn()
    seed = int(draw.integers(2**31))
    axes = min(filters, patches.shape[1])
    pca = learn.decomposition.PCA(axes, svd_solver="randomized", random_state=seed).fit(patches)
    variance = pca.explained_variance_
    # Axes on which patches do not vary would be noise, blown up.
    shrink = np.where(variance > 1e-6 * variance[0], 1 / np.sqrt(np.maximum(variance, 1e-30)), 0)
    whitened = pca.transform(patches) * shrink
    whitened /= np.maximum(np.linalg.norm(whitened, axis=1, keepdims=True), 1e-12)
    means = learn.cluster.MiniBatchKMeans(filters, batch_size=10 * filters, random_state=seed).fit(whitened)
    centres: NDArray[np.float32] = ((means.cluster_centers_ * shrink) @ pca.components_).astype(np.float32)
    return centres


def _sklearn() -> Any:
    try:
        import sklearn.cluster
        import sklearn.decomposition
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "stacked k-means needs the package scikit-learn: pip install 'beholder[demo]'"
        ) from error
    return sklearn
