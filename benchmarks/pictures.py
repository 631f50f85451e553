"""Many different photo-like pictures, for measurements that need no published data set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("buildings", "forest", "glacier", "mountain", "sea", "street")
_OCTAVES = ((4, 70.0), (15, 40.0), (50, 30.0), (150, 18.0))  # cells along a side, strength
_QUALITY = 90  # about 15 kB at 150x150, as much as photographs of scenes have


def photo_like(seed: int, side_px: int) -> Image.Image:
    """Noise whose strength falls with its frequency, as it does in photographs."""
    rng = np.random.default_rng(seed)
    total = np.full((side_px, side_px, 3), 128.0)
    for cells, strength in _OCTAVES:
        noise = rng.normal(128, strength, (cells, cells, 3)).clip(0, 255).astype(np.uint8)
        layer = Image.fromarray(noise).resize((side_px, side_px), Image.Resampling.BICUBIC)
        total += np.asarray(layer, dtype=np.float64) - 128
    return Image.fromarray(total.clip(0, 255).astype(np.uint8))


def write_photos(root: Path, count: int, side_px: int) -> Path:
    """Class folders with so many JPEGs in all; what is there already is kept."""

    def write(number: int) -> None:
        file = root / CLASSES[number % len(CLASSES)] / f"{number:06}.jpg"
        if not file.exists():
            photo_like(number, side_px).save(file, quality=_QUALITY)

    for name in CLASSES:
        (root / name).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(count)))
    return root
