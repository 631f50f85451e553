"""The same picture as every kind of file, and in every orientation."""

from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw

ORIENTATION = 0x0112
_UNTURN = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene() -> Image.Image:
    """A picture none of whose corners is like another."""
    image = Image.new("RGB", (72, 48), (200, 60, 50))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 30, 12), fill=(30, 60, 210))
    draw.polygon([(71, 47), (40, 47), (71, 20)], fill=(30, 190, 70))
    return image


def write_every_kind(folder: Path) -> list[Path]:
    image = scene()
    kinds = {
        "plain.png": {},
        "plain.jpg": {"quality": 92},
        "plain.webp": {"quality": 90},
        "plain.tiff": {},
        "plain.gif": {},
        "plain.bmp": {},
        "plain.avif": {"quality": 90},
    }
    for name, options in kinds.items():
        image.save(folder / name, **options)
    pillow_heif.from_pillow(image).save(folder / "phone.heic", quality=90)
    image.convert("CMYK").save(folder / "print.jpg", quality=92)
    grey = np.asarray(image.convert("L")).astype(np.uint16) * 257 + 3
    Image.fromarray(grey).save(folder / "sixteen.png")
    Image.fromarray(grey).save(folder / "sixteen.tiff")
    clear = image.convert("RGBA")
    clear.putalpha(image.convert("L"))
    clear.save(folder / "clear.png")
    clear.save(folder / "clear.webp", lossless=True)
    image.quantize(16).save(folder / "palette.png", transparency=2)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image.save(folder / "turned.jpg", exif=exif)
    return sorted(folder.iterdir())


def write_every_orientation(folder: Path) -> list[Path]:
    """Files without loss, which all show the same when they are upright."""
    paths = []
    for orientation, turn in _UNTURN.items():
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        stored = scene() if turn is None else scene().transpose(turn)
        paths.append(folder / f"{orientation}.png")
        stored.save(paths[-1], exif=exif)
    return paths
