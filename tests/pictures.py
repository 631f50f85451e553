"""Pictures and folders that the tests make themselves."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

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
