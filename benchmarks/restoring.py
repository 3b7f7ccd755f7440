"""Memory that `beholder restore` takes for a picture of 40 megapixels, of the whole process, at its peak.

A photograph is enlarged to 7728x5152 pixels and compressed as JPEG; networks with random weights restore it to PNG. Those
that enlarge get as many pixels as come out at that size. Sizes and work are those of trained networks.

Usage: python benchmarks/restoring.py [--threads N] [--networks NAME,...] [--plain]

--plain leaves out what else can be asked for: matched colours, a page, another colour space. A picture of 40 megapixels
takes minutes for each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from children import BEHOLDER, measure

WIDTH, HEIGHT = 7728, 5152
NETWORKS = ("compact", "l8", "compact:scale=4:blocks=7", "edsr:scale=4")
VARIANTS = (
    ("", "", ()),
    ("colours matched", "", ("--match-histogram", "lab")),
    ("turned, Adobe RGB", "turned", ()),
    ("before/after page", "", ("--report", "page.html")),
)


def prepare(folder: Path, request: str) -> None:
    """Write a model and the pictures for it."""
    import imagecodecs
    from PIL import Image

    from beholder.catalog import create_network
    from beholder.data.photos import PHOTOS
    from beholder.images import eight_bit
    from beholder.training.model_file import save_model
    from beholder.training.reading import read_recipe
    from beholder.training.shipped import find_recipe

    recipe = read_recipe(find_recipe("deblock"), ["data.train=x", f"network={request}"])
    network = create_network(recipe.network)
    save_model(network, recipe, folder / "model.safetensors", step=0, scores={}, before={})
    scale = network.scale
    photo = next(photo for photo in PHOTOS if photo.name == "coffee")
    size = (WIDTH // scale, HEIGHT // scale)
    picture = Image.fromarray(eight_bit(photo.load())).resize(size, Image.Resampling.BICUBIC)
    picture.save(folder / "in.jpg", quality=40)
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = bytes(imagecodecs.cms_profile("adobergb"))
    picture.save(folder / "turned.jpg", quality=40, exif=exif, icc_profile=profile)


def restore(folder: Path, source: str, options: tuple[str, ...], threads: int) -> tuple[float, float]:
    """Peak in megabytes, and seconds."""
    command = (*BEHOLDER, "restore", "model.safetensors", source, "out.png", "--quiet", *options)
    found = measure(command, folder, os.environ | {"OMP_NUM_THREADS": str(threads)})
    for written in ("out.png", "page.html"):
        (folder / written).unlink(missing_ok=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--networks", type=lambda text: text.split(","), default=NETWORKS)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--prepare", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.prepare:
        prepare(Path(arguments.prepare[0]), arguments.prepare[1])
        return
    for request in arguments.networks:
        with tempfile.TemporaryDirectory() as name:
            subprocess.run([sys.executable, __file__, "--prepare", name, request], check=True)
            for what, source, options in VARIANTS[: 1 if arguments.plain else None]:
                peak, seconds = restore(Path(name), f"{source or 'in'}.jpg", options, arguments.threads)
                print(f"{request:30} {what:20} {peak:6.0f} MB {seconds:6.0f} s", flush=True)


if __name__ == "__main__":
    main()
