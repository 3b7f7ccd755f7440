"""Which picture formats there are: by a file's ending, and by its first bytes."""

from __future__ import annotations

__all__ = ["KNOWN_FORMATS", "PICTURE_SUFFIXES", "describe", "sniff"]

PICTURE_SUFFIXES = frozenset(
    {".apng", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".png", ".tif", ".tiff", ".webp"}
)
"""Lower-case endings of the files that are looked at when a folder is searched for pictures."""

KNOWN_FORMATS = "PNG, JPEG, WebP, TIFF, BMP or GIF"

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)

_STRANGERS = (
    (b"%PDF", "a PDF document"),
    (b"\0\0\1\0", "a Windows icon"),
    (b"8BPS", "a Photoshop document"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML or SVG document"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file itself"),
)


def sniff(head: bytes) -> str | None:
    """Name the format whose signature opens a file, whatever the file's ending says.

    Args:
        head: The first 12 bytes or more.

    Returns:
        ``"PNG"``, ``"JPEG"``, ``"WebP"``, ``"TIFF"``, ``"BMP"`` or ``"GIF"``, or ``None`` for anything else.
    """
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    return None


def describe(head: bytes) -> str:
    """Say in words what a file is that is not a picture we read.

    Args:
        head: The file's first bytes; none at all when it is empty.
    """
    if not head:
        return "an empty file (zero bytes)"
    return f"{_stranger(head)} (it starts with {head[:16]!r})"


def _stranger(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "an AVIF picture" if head[8:12] in {b"avif", b"avis"} else "a HEIC picture or a video"
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, name in _STRANGERS:
        if head.startswith(start) or plain.lower().startswith(start):
            return name
    text = all(byte >= 0x20 or byte in b"\t\r\n" for byte in head)
    return "a text file" if text else "a file of an unknown kind"
