"""Write values.json: scores of the golden pictures by the metrics' reference implementations.

Run from the project's root, in an environment with the extra `bench`:
    PYTHONPATH=benchmarks:tests/golden python tests/golden/make_values.py
"""

from __future__ import annotations

import datetime as dt
import json
from importlib.metadata import version
from pathlib import Path

import torch
from pictures import DISTORTIONS, golden_pair

from peers import PEERS

# Our metric, the peer that stands for its definition, and how far float32 may stray from it.
CHOSEN = {
    "mse": ("scikit-image", 1e-7),
    "mae": ("torchmetrics", 1e-6),
    "psnr": ("scikit-image", 1e-5),
    "psnr_y": ("scikit-image", 1e-5),
    "ssim": ("scikit-image", 5e-6),
    "ms_ssim": ("piq", 1e-5),
    "ssim:channel=rgb": ("scikit-image", 5e-6),
    "ms_ssim:channel=rgb": ("piq", 1e-5),
    "fsim": ("piq", 3e-5),
    "vsi": ("piq", 1e-5),
    "sr_sim": ("piq", 1e-5),
    "dss": ("piq", 5e-5),  # its float32 rounding
    "iw_ssim": ("piq", 1e-5),
    "vif": ("piq", 5e-5),  # its float32 rounding
    "ms_gmsd": ("piq", 1e-5),
    "ms_gmsdc": ("piq", 3e-5),
    "adm": ("vmaf-torch", 1e-5),
    "vmaf": ("vmaf-torch", 5e-3),
    "stlpips_alex": ("stlpips-pytorch", 1e-6),
    "stlpips_vgg": ("stlpips-pytorch", 1e-6),
    "content": ("piq", 1e-5),
    "gram": ("piq", 1e-5),
    "dists": ("DISTS-pytorch", 1e-6),
    "mdsi": ("piq", 1e-6),
    "haarpsi": ("piq", 3e-4),  # piq has other digits of YIQ
    "ciede2000": ("scikit-image", 5e-4),  # scikit-image has other digits of the matrix and the white
    "lpips_alex": ("lpips", 1e-6),
    "lpips_vgg": ("lpips", 1e-6),
    "lpips_alex:version=0.0": ("lpips", 1e-6),
    "lpips_vgg:version=0.0": ("lpips", 1e-6),
    "lpips_alex:lin=false": ("lpips", 1e-5),
    "lpips_vgg:lin=false": ("lpips", 1e-5),
    "lpips:alexnet": ("lpips", 1e-5),
}


def main() -> None:
    entries = []
    for name, (peer, tolerance) in CHOSEN.items():
        function = dict(PEERS[name])[peer]
        with torch.inference_mode():
            values = {distortion: function(*golden_pair(distortion)).item() for distortion in DISTORTIONS}
        source = f"{peer} {version(peer)}, torch {torch.__version__.split('+')[0]}"
        entries.append({"metric": name, "source": source, "tolerance": tolerance, "values": values})
    made = dt.datetime.now(dt.UTC).date().isoformat()
    path = Path(__file__).with_name("values.json")
    path.write_text(json.dumps({"made": made, "entries": entries}, indent=1) + "\n")


if __name__ == "__main__":
    main()
