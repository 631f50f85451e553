"""What a camera wrote into a picture, without where it was taken."""

from __future__ import annotations

import struct
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PIL import ExifTags, Image

from cnnlab.datasets.formats import readable_formats, silence_remarks

# An explicit list, so that no position, name or serial number is ever shown by mistake.
_SHOWN = MappingProxyType(
    {
        ExifTags.Base.Make: "camera maker",
        ExifTags.Base.Model: "camera",
        ExifTags.Base.LensModel: "lens",
        ExifTags.Base.DateTimeOriginal: "taken",
        ExifTags.Base.DateTime: "changed",
        ExifTags.Base.ExposureTime: "exposure, s",
        ExifTags.Base.FNumber: "f-number",
        ExifTags.Base.ISOSpeedRatings: "ISO",
        ExifTags.Base.FocalLength: "focal length, mm",
        ExifTags.Base.Software: "software",
    }
)
_BAD_EXIF = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error, Image.DecompressionBombError),
)
_MOST_CHARACTERS = 80


def exif_facts(path: Path) -> dict[str, str]:
    """Camera, time and exposure by name, as far as the file has them; never the place.

    Args:
        path: A picture; one that cannot be read has no facts.
    """
    silence_remarks()
    try:
        with Image.open(path, formats=readable_formats()) as image:
            exif = image.getexif()
            tags: dict[int, Any] = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except _BAD_EXIF:
        return {}
    facts = {}
    for tag, name in _SHOWN.items():
        text = _text(tags.get(tag))
        if text:
            facts[name] = text
    return facts


def _text(value: Any) -> str:
    if value is None:
        return ""
    try:
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        elif not isinstance(value, str):
            value = f"{float(value):g}"
    except _BAD_EXIF:
        return ""
    return "".join(letter for letter in value if letter.isprintable()).strip()[:_MOST_CHARACTERS]
