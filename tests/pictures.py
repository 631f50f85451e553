"""Pictures and folders that the tests make themselves."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

ODD = ("turned.jpg", "cmyk.jpg", "16bit.png", "palette.png", "grey.png", "rgba.png", "la.png")
COLOURS = {"blue": (40, 60, 200), "green": (40, 180, 60), "red": (210, 50, 40)}


def coloured_square(class_name: str, seed: int, side: int = 40) -> Image.Image:
    """A noisy square of the class's colour; learnable within a few steps."""
    rng = np.random.default_rng([seed, sorted(COLOURS).index(class_name)])
    pixels = np.full((side, side, 3), COLOURS[class_name], dtype=np.float64)
    pixels += rng.normal(0, 30, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_class_folders(root: Path, per_class: int = 20, *, side: int = 40) -> Path:
    """`root` with one folder of PNG files per colour."""
    for name in COLOURS:
        (root / name).mkdir(parents=True)
        for number in range(per_class):
            coloured_square(name, number, side).save(root / name / f"{number:03}.png")
    return root


def tree_digest(root: Path) -> str:
    """Of every name, time and byte below a folder."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        facts = path.stat()
        digest.update(f"{path.relative_to(root)}|{facts.st_mtime_ns}|{facts.st_mode}|".encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def write_odd_pictures(folder: Path) -> list[Path]:
    """A picture of every kind that is not plain RGB; neither side is like the other."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, size=(30, 44, 4), dtype=np.uint8)
    rgb, grey = Image.fromarray(noise[..., :3]), Image.fromarray(noise[..., 0])
    deep = Image.fromarray(noise[..., 0].astype(np.uint16) * 257 + 13)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    paths = [folder / f"odd-{name}" for name in ODD]
    turned, cmyk, sixteen, palette, plain, see_through, grey_through = paths
    rgb.save(turned, exif=exif)
    rgb.convert("CMYK").save(cmyk)
    deep.save(sixteen)
    rgb.quantize(20).save(palette, transparency=3)
    grey.save(plain)
    Image.fromarray(noise).save(see_through)
    Image.fromarray(np.ascontiguousarray(noise[..., :2]), "LA").save(grey_through)
    return paths
