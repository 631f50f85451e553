"""Pictures that show none of a data set's classes, drawn from a seed."""

from __future__ import annotations

import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from cnnlab.config import DataConfig
from cnnlab.datasets.scenes import CLASS_NAMES, paint_scene
from cnnlab.datasets.squares import square

EACH = 48  # pictures of a kind
OF_BUILT_IN_SETS = 24  # which take longer to make
_SIDE_PX = 96  # of what is drawn before it is prepared
_SEED = 71

Drawing = Callable[[np.random.Generator, int], Image.Image]  # which of its kind's makes


@dataclass(frozen=True, slots=True)
class Negatives:
    """Prepared pictures of nothing that a network was taught.

    Attributes:
        pixels: uint8, shape (n_images, size, size, channels).
        kinds: What each of them is, such as "noise".
    """

    pixels: NDArray[np.uint8]
    kinds: tuple[str, ...]


def draw_negatives(data: DataConfig, class_names: Collection[str]) -> Negatives:
    """Noise, blank pictures, text, textures, and the built-in sets; always the same ones.

    Two that follow each other are made alike, from other random numbers: every other picture
    gives halves with the same mixture.

    Args:
        data: How pictures are prepared for the network.
        class_names: What the network knows; a built-in set that shares a class is left out.
    """
    known = {name.casefold() for name in class_names}
    kinds = [kind for kind in _KINDS if not known.intersection(_SHOWN.get(kind, ()))]
    counts = [OF_BUILT_IN_SETS if kind in _SHOWN else EACH for kind in kinds]
    pictures: list[NDArray[np.uint8]] = []
    for kind, count in zip(kinds, counts, strict=True):
        for number in range(count):
            rng = np.random.default_rng([_SEED, list(_KINDS).index(kind), number])
            image = _KINDS[kind](rng, number // 2).convert("RGB")
            pictures.append(square(image, data.size, data.resize, data.colour))
    return Negatives(np.stack(pictures), tuple(np.repeat(kinds, counts).tolist()))


def _noise(rng: np.random.Generator, make: int) -> Image.Image:
    """Even or bell-shaped, fine or coarse, in grey or in colour."""
    side = (_SIDE_PX, _SIDE_PX // 4, _SIDE_PX // 12)[make % 3]
    channels = 3 if make % 2 else 1
    values: NDArray[Any]
    if make % 4 < 2:
        values = rng.integers(0, 256, (side, side, channels))
    else:
        values = rng.normal(rng.uniform(60, 200), rng.uniform(10, 60), (side, side, channels))
    return _image(np.repeat(values, 3 // channels, axis=2))


def _blank(rng: np.random.Generator, make: int) -> Image.Image:
    """One colour, or a run from one to another."""
    first, second = rng.uniform(0, 255, (2, 3))
    if make % 2:
        second = first
    angle = rng.uniform(0, 2 * np.pi)
    across = _ramp(angle)[..., None]
    return _image(first + (second - first) * across)


def _text(rng: np.random.Generator, _: int) -> Image.Image:
    """Lines of letters, dark on light or light on dark."""
    paper, ink = rng.integers(0, 90, 3) + 165, rng.integers(0, 90, 3)
    if rng.random() < 0.3:
        paper, ink = ink, paper
    image = Image.new("RGB", (_SIDE_PX, _SIDE_PX), tuple(paper.tolist()))
    draw = ImageDraw.Draw(image)
    height = float(rng.uniform(8, 34))
    font = ImageFont.load_default(height)
    letters = list(string.ascii_letters + "    ,.")
    top = float(rng.uniform(-4, 8))
    while top < _SIDE_PX:
        line = "".join(rng.choice(letters, 24))
        draw.text((rng.uniform(-6, 6), top), line, fill=tuple(ink.tolist()), font=font)
        top += height * 1.2
    return image


def _texture(rng: np.random.Generator, make: int) -> Image.Image:
    """Stripes, checks, dots, clouds or rings in two colours."""
    period = rng.uniform(4, 32)
    along, across = _ramp(rng.uniform(0, np.pi)) * _SIDE_PX, _ramp(rng.uniform(0, np.pi)) * _SIDE_PX
    waves = np.sin(2 * np.pi * along / period), np.sin(2 * np.pi * across / period)
    share: NDArray[Any]
    match make % 5:
        case 0:
            share = waves[0] > 0
        case 1:
            share = (waves[0] > 0) ^ (waves[1] > 0)
        case 2:
            share = waves[0] * waves[1] > 0.4
        case 3:
            share = _clouds(rng)
        case _:
            share = np.sin(2 * np.pi * np.hypot(along - 48, across - 48) / period) > 0
    first, second = rng.uniform(0, 255, (2, 3))
    return _image(first + (second - first) * np.asarray(share, dtype=np.float64)[..., None])


def _clouds(rng: np.random.Generator) -> NDArray[np.float64]:
    values = rng.integers(0, 256, (_SIDE_PX, _SIDE_PX)).astype(np.uint8)
    soft = Image.fromarray(values).filter(ImageFilter.GaussianBlur(float(rng.uniform(2, 9))))
    cloud = np.asarray(soft, dtype=np.float64)
    spread: NDArray[np.float64] = (cloud - cloud.min()) / max(1.0, float(np.ptp(cloud)))
    return spread


def _scene(rng: np.random.Generator, make: int) -> Image.Image:
    name = CLASS_NAMES[make % len(CLASS_NAMES)]
    return paint_scene(name, int(rng.integers(1 << 31)), seed=_SEED)


def _digit(rng: np.random.Generator, _: int) -> Image.Image:
    from cnnlab.datasets.builtin import DIGIT_SIDE_PX, digit_pictures

    levels = digit_pictures()
    small = Image.fromarray(levels[int(rng.integers(len(levels)))])
    return small.resize((DIGIT_SIDE_PX, DIGIT_SIDE_PX), Image.Resampling.BICUBIC)


def _ramp(angle: float) -> NDArray[np.float64]:
    """From 0 to 1 across the picture, in a direction, shape (side, side)."""
    rows, columns = np.mgrid[0:_SIDE_PX, 0:_SIDE_PX] / (_SIDE_PX - 1) - 0.5
    along = rows * np.sin(angle) + columns * np.cos(angle)
    ramp: NDArray[np.float64] = (along - along.min()) / np.ptp(along)
    return ramp


def _image(values: NDArray[Any]) -> Image.Image:
    """Values of 0-255, shape (rows, columns, 3), as a picture of the usual size."""
    image = Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    return image.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.NEAREST)


_SHOWN = {"digits": frozenset(string.digits), "scenes": frozenset(CLASS_NAMES)}
_KINDS: Mapping[str, Drawing] = MappingProxyType(
    {
        "noise": _noise,
        "blank": _blank,
        "text": _text,
        "texture": _texture,
        "digits": _digit,
        "scenes": _scene,
    }
)
