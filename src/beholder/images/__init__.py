"""The only door between files and tensors."""

from beholder.images.addresses import Address, File, as_file
from beholder.images.colour import means_srgb
from beholder.images.formats import PICTURE_SUFFIXES
from beholder.images.pair_lists import read_pairs
from beholder.images.pairing import Pair, Pairing, Pairs, pair_paths
from beholder.images.picture import (
    DEFAULT_MAX_PIXELS,
    Picture,
    check_colour,
    decode_picture,
    read_picture,
)
from beholder.images.saving import eight_bit, save_picture
from beholder.images.video import VIDEO_SUFFIXES, RawLayout, Video, VideoFrame, open_video

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Address",
    "File",
    "Pair",
    "Pairing",
    "Pairs",
    "Picture",
    "RawLayout",
    "Video",
    "VideoFrame",
    "as_file",
    "check_colour",
    "decode_picture",
    "eight_bit",
    "means_srgb",
    "open_video",
    "pair_paths",
    "read_pairs",
    "read_picture",
    "save_picture",
]
