"""Small look-alikes of the data sets of judgements, with pictures of 8x8 pixels."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

LIVE_COUNTS = {"jp2k": 227, "jpeg": 233, "wn": 174, "gblur": 174, "fastfading": 174}


@functools.cache
def encoded(level: int, size: tuple[int, int] = (8, 8), kind: str = "PNG") -> bytes:
    """The file of a picture of one colour; `size` is width and height."""
    stream = io.BytesIO()
    Image.new("RGB", size, (level % 256, level // 256 % 256, 7)).save(stream, kind)
    return stream.getvalue()


def put(path: Path, content: bytes | str) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def label(value: float, kind: str = "<f8") -> bytes:
    """A .npy file with one number."""
    stream = io.BytesIO()
    np.save(stream, np.array([value], dtype=kind))
    return stream.getvalue()


def make_bapps(root: Path, kind: str = "<f8", **counts: int) -> Path:
    """Subsets such as ``val_cnn=3`` (triplets) and ``jnd_cnn=3`` (pairs); rows 0 and 1 share a reference."""
    for place, (name, count) in enumerate(counts.items()):
        split, _, subset = name.partition("_")
        pairs = split == "jnd"
        folder = root / "jnd/val" / subset if pairs else root / "2afc" / split / subset
        for row in range(count):
            start = 16 * place
            if not pairs:
                put(folder / f"ref/{row:06d}.png", encoded(start + max(row, 1)))
            put(folder / f"p0/{row:06d}.png", encoded(start + max(row, 1) if pairs else start + row + 300))
            put(folder / f"p1/{row:06d}.png", encoded(start + row + 600))
            votes = 3 if pairs else 2 if split == "train" else 5
            put(
                folder / ("same" if pairs else "judge") / f"{row:06d}.npy",
                label(row % (votes + 1) / votes, kind),
            )
    return root


def make_tid2013(root: Path, distorted: Sequence[tuple[int, int]] = ((1, 1), (24, 5))) -> Path:
    """Two references, distorted by kinds at levels, with capitals here and there as in the published archive."""
    lines = []
    for reference, name in ((1, "I01.BMP"), (25, "i25.bmp")):
        put(root / "reference_images" / name, encoded(reference, kind="BMP"))
        for kind, level in distorted:
            written = f"{'I' if reference == 1 else 'i'}{reference:02d}_{kind:02d}_{level}.bmp"
            stored = written.upper() if kind == 24 else written
            put(root / "distorted_images" / stored, encoded(reference + 40 * kind, kind="BMP"))
            lines.append(f"{5.5 - kind / 10:.5f} {written}")
    put(root / "mos_with_names.txt", "\r\n".join(lines) + "\r\n")
    return root


def make_kadid10k(root: Path) -> Path:
    """Two references with two distortions each."""
    lines = ["dist_img,ref_img,dmos,var"]
    for reference in (1, 2):
        put(root / f"images/I{reference:02d}.png", encoded(reference))
        for kind, level in ((1, 1), (25, 5)):
            name = f"I{reference:02d}_{kind:02d}_{level:02d}.png"
            put(root / "images" / name, encoded(reference + 40 * kind))
            lines.append(f"{name},I{reference:02d}.png,{4.57 - reference:.2f},0.496")
    put(root / "dmos.csv", "\n".join(lines) + "\n")
    return root


CSIQ_ROWS = (
    ("1600", "1", "noise", "1", "0.061", "0.062"),
    ("1600", "4", "jpeg 2000", "5", "0.1", "0.9"),
    ("trolley", "6", "contrast", "3", "0.1", "0.5"),
)
CSIQ_HEADER = ("image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos")


def make_csiq(root: Path, *, workbook: bool = False) -> Path:
    """Three distorted pictures; the list as the exported sheet, or as a workbook."""
    for name in ("src_imgs/1600.png", "src_imgs/trolley.png"):
        put(root / name, encoded(1))
    for name in ("awgn/1600.AWGN.1.png", "jpeg2000/1600.jpeg2000.5.png", "contrast/trolley.contrast.3.png"):
        put(root / "dst_imgs" / name, encoded(2))
    rows: list[tuple[str, ...]] = [("", "", "", "CSIQ"), (), CSIQ_HEADER, *CSIQ_ROWS, ()]
    padded = [("", "", "", *row) if len(row) == 6 else row for row in rows]
    if workbook:
        put(root / "csiq.DMOS.xlsx", make_workbook(padded))
    else:
        put(root / "csiq.DMOS.csv", "\n".join(",".join(row) for row in padded))
    return root


def make_workbook(rows: list[tuple[str, ...]]) -> bytes:
    """The smallest workbook with a sheet ``all_by_image``; numbers are stored as such."""
    body = ""
    for place, row in enumerate(rows, start=1):
        cells = ""
        for letter, cell in zip("ABCDEFGHIJ", row, strict=False):
            number = cell.replace(".", "").isdigit()
            value = f"<v>{cell}</v>" if number else f"<is><t>{cell}</t></is>"
            cells += (
                f'<c r="{letter}{place}" t="{"n" if number else "inlineStr"}">{value}</c>' if cell else ""
            )
        body += f'<row r="{place}">{cells}</row>'
    start, main = '<?xml version="1.0"?>', "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{office}.sheet.main+xml"/>'
        f'<Override PartName="/xl/s.xml" ContentType="{office}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        '<sheet name="all_by_image" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/worksheet" Target="s.xml"/></Relationships>',
        "xl/s.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, start + text)
    return stream.getvalue()


def make_live(root: Path) -> Path:
    """All 982 scores; of each folder the last 30 pictures are copies of originals, but 83 of the last."""
    names, copies, scores = [], [], []
    for folder, count in LIVE_COUNTS.items():
        lines = []
        last = 203 - 4 * 30 if folder == "fastfading" else 30
        for number in range(1, count + 1):
            reference = f"ref{number % 3}.bmp"
            put(root / f"refimgs/{reference}", encoded(number % 3, kind="BMP"))
            put(root / folder / f"img{number}.bmp", encoded(9, kind="BMP"))
            names.append(reference)
            copies.append(int(number > count - last))
            scores.append(0.0 if copies[-1] else number / 4)
            lines.append(f"{reference} img{number}.bmp {number / 8}")
        put(root / folder / "info.txt", "\n\n".join(reversed(lines)) + "\n")
    cells = np.empty((1, len(names)), dtype=object)
    cells[0] = names
    savemat(root / "refnames_all.mat", {"refnames_all": cells})
    savemat(root / "dmos.mat", {"dmos": np.array([scores]), "orgs": np.array([copies])})
    return root


def make_pipal(root: Path) -> Path:
    """Two references with two distorted pictures each."""
    for reference in ("A0001", "A0002"):
        put(root / f"Train_Ref/{reference}.bmp", encoded(1, kind="BMP"))
        for name in (f"{reference}_00_03.bmp", f"{reference}_06_26.bmp"):
            put(root / "Train_Dist" / name, encoded(2, kind="BMP"))
        lines = f"{reference}_00_03.bmp,1442.5\n{reference}_06_26.bmp,1300\n"
        put(root / f"Train_Label/{reference}.txt", lines)
    return root


def make_nights(root: Path) -> Path:
    """Four triplets."""
    lines = ["id,left_vote,right_vote,votes,ref_path,left_path,right_path,split,is_imagenet,prompt"]
    rows = (
        (0, 1, 6, "train", "True"),
        (1, 0, 7, "val", "False"),
        (0, 1, 6, "test", "True"),
        (2, 1, 3, "test", "False"),
    )
    for place, (left, right, votes, split, imagenet) in enumerate(rows):
        name = f"000/{place:03d}"
        files = (f"ref/{name}.png", f"distort/{name}_0.png", f"distort/{name}_1.png")
        for level, file in enumerate(files):
            put(root / file, encoded(place + 40 * level))
        lines.append(f'{place},{left},{right},{votes},{",".join(files)},{split},{imagenet},"a cat, sleeping"')
    put(root / "data.csv", "\n".join(lines) + "\n")
    return root
