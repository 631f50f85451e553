"""Which image formats are read, and what a file that cannot be read seems to be."""

from __future__ import annotations

import re
import warnings
from functools import cache
from threading import Lock

import pillow_heif
from PIL import Image

# Formats that Pillow decodes by itself, the usual ones first; those without a signature at their
# beginning last, since they take almost anything. Left out: EPS (starts Ghostscript), IPTC (opens
# whatever is inside), WMF, BUFR, GRIB, HDF5 and MPEG (recognised only), FPX and MIC (not bitmaps
# by themselves).
_FORMATS = (
    *("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "HEIF", "JPEG2000", "PPM", "ICO"),
    *("BLP", "CUR", "DCX", "DDS", "DIB", "FITS", "FLI", "FTEX", "GBR", "ICNS", "MCIDAS", "MSP"),
    *("PCX", "PIXAR", "PSD", "QOI", "SGI", "SUN", "XBM", "XPM", "XVTHUMB"),
    *("PCD", "IM", "IMT", "SPIDER", "TGA"),
)

PICTURE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".bmp", ".webp"),
        *(".tif", ".tiff", ".avif", ".heic", ".heif", ".hif", ".jp2"),
        *(".ppm", ".pgm", ".pbm", ".ico", ".psd", ".tga"),
    }
)
"""Endings that pictures usually have, for counting files without opening them."""

# First bytes of formats that are read: such a file is damaged rather than no picture at all.
_READ = {
    b"\xff\xd8": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"8BPS": "PSD",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
}
_NOT_READ = {
    b"%!PS": "PostScript",
    b"\xc5\xd0\xd3\xc6": "PostScript",
    b"%PDF": "PDF",
    b"\xd7\xcd\xc6\x9a": "Windows metafile",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"GRIB": "GRIB",
    b"BUFR": "BUFR",
    b"\0\0\x01\xb3": "MPEG",
    b"\0\0\x01\xba": "MPEG",
}
_READ_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"mif1": "HEIF", b"msf1": "HEIF"}

_REMARKS = r"(PIL|pillow_heif)\b"
_FILTER = ("ignore", None, Warning, re.compile(_REMARKS), 0)
_filter_lock = Lock()


@cache
def readable_formats() -> tuple[str, ...]:
    """Names for `Image.open(formats=...)`; the first call loads Pillow's plug-ins."""
    Image.init()
    pillow_heif.register_heif_opener()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def silence_remarks() -> None:
    """Keep Pillow's warnings about odd files quiet in this process, whatever the filters are.

    A file is read, or it is refused with a reason; where warnings are errors, that must not change.
    """
    if _FILTER not in warnings.filters:
        with _filter_lock:  # inserting twice takes the filter out for a moment
            if _FILTER not in warnings.filters:
                warnings.filterwarnings("ignore", module=_REMARKS)


def claimed_format(data: bytes) -> tuple[str, bool] | None:
    """What a file's first bytes say it is.

    Returns:
        The format's name and whether that format is read, or None if the bytes say nothing.
    """
    for table, is_read in ((_READ, True), (_NOT_READ, False)):
        for signature, name in table.items():
            if data.startswith(signature):
                return name, is_read
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP", True
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand.startswith((b"hei", b"hev")):
            return "HEIF", True
        return (_READ_BRANDS[brand], True) if brand in _READ_BRANDS else ("video", False)
    if b"<svg" in data[:1024]:
        return "SVG", False
    return None
