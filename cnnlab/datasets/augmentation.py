"""Random changes to training pictures, the same code for training and for previews."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from cnnlab.config import AugmentationConfig

Batch = NDArray[np.uint8]  # (n, height, width, channels)

FLIP_PROBABILITY = 0.5
ERASED_AREA = (0.02, 0.2)  # share of the picture
ERASED_ASPECT = (0.3, 3.3)  # height by width
_TRIES = 10


def augment(batch: Batch, config: AugmentationConfig, rng: np.random.Generator) -> Batch:
    """Change every picture of a batch at random, each by a draw of its own.

    The operations follow one another in this order: horizontal flip, vertical flip, rotation, zoom
    and shift (in one resampling, unless there is only a shift, by whole pixels), brightness,
    contrast, erasing. Each draws from a stream of its own, picture by picture: the first pictures
    of a batch become the same whatever comes after them. The same batch, configuration and new
    `rng` give the same result.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8; never written to.
        config: Which operations are on, and how strong.
        rng: Where the draws come from; seeding it is the caller's business.

    Returns:
        Pictures of the same shape and type; `batch` itself if every operation is off.
    """
    if config.flip_horizontal:
        batch = flip(batch, axis=2, rng=_stream(rng))
    if config.flip_vertical:
        batch = flip(batch, axis=1, rng=_stream(rng))
    if config.rotation > 0 or config.zoom > 0:
        batch = transform(batch, config, _stream(rng))
    elif config.shift > 0:
        batch = shift(batch, share=config.shift, rng=_stream(rng))
    if config.brightness > 0 or config.contrast > 0:
        batch = change_light(batch, config, _stream(rng))
    if config.erasing > 0:
        batch = erase(batch, probability=config.erasing, rng=_stream(rng))
    return batch


def _stream(rng: np.random.Generator) -> np.random.Generator:
    """A new stream of draws, so that one more draw here changes nothing there."""
    return rng.spawn(1)[0]


def active(config: AugmentationConfig) -> list[str]:
    """Names of the operations that are on, in the order of the configuration."""
    return [name for name, value in config.model_dump().items() if value]


def single(config: AugmentationConfig, name: str) -> AugmentationConfig:
    """The configuration with one operation as it is and all others off.

    Raises:
        KeyError: If there is no such operation.
    """
    return AugmentationConfig.model_validate({name: config.model_dump()[name]})


def draws(picture: NDArray[np.uint8], config: AugmentationConfig, count: int, seed: int) -> Batch:
    """Several independent draws of one prepared picture, as training could see it.

    Args:
        picture: Shape (height, width, channels).
        config: Which operations are on, and how strong.
        count: How many draws.
        seed: The same seed gives the same draws.

    Returns:
        Shape (count, height, width, channels).
    """
    batch = np.repeat(picture[None], count, axis=0)
    return augment(batch, config, np.random.default_rng(seed))


def flip(batch: Batch, *, axis: int, rng: np.random.Generator) -> Batch:
    """Mirror each picture with a probability of one half.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8.
        axis: 1 turns a picture upside down, 2 swaps left and right.
        rng: One draw a picture.
    """
    chosen = rng.random(len(batch)) < FLIP_PROBABILITY  # (n,)
    flipped = batch.copy()
    flipped[chosen] = np.flip(batch, axis)[chosen]
    return flipped


def shift(batch: Batch, *, share: float, rng: np.random.Generator) -> Batch:
    """Move each picture by whole pixels along both axes; the gap is filled by reflection.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8.
        share: Largest move as a share of the side, at most 0.5. Every whole number of pixels
            from minus to plus round(share * side) is equally likely.
        rng: Two draws a picture.
    """
    count, height, width, channels = batch.shape
    rows, columns = round(share * height), round(share * width)
    if count == 0 or (rows == 0 and columns == 0):
        return batch
    top = _stream(rng).integers(0, 2 * rows, size=count, endpoint=True)  # rows: not moved
    left = _stream(rng).integers(0, 2 * columns, size=count, endpoint=True)
    padded = np.pad(batch, ((0, 0), (rows, rows), (columns, columns), (0, 0)), mode="reflect")
    windows = sliding_window_view(padded, (height, width, channels), axis=(1, 2, 3))
    # (n, 2 * rows + 1, 2 * columns + 1, 1, height, width, channels): every possible move
    moved: Batch = windows[np.arange(count), top, left, 0]
    return moved


def transform(batch: Batch, config: AugmentationConfig, rng: np.random.Generator) -> Batch:
    """Rotate, zoom and shift each picture in one bilinear resampling; gaps are reflected.

    The angle is uniform within plus and minus `rotation` turns, the factor of the size within 1
    plus and minus `zoom`, the shift within plus and minus `shift` of the sides.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8.
        config: Its rotation, zoom and shift.
        rng: One draw a picture for each of the three that is on, two for the shift.
    """
    count, height, width, _ = batch.shape
    if count == 0:
        return batch
    angles: NDArray[np.float64] = np.zeros(count)
    factors: NDArray[np.float64] = np.ones(count)
    moves: NDArray[np.float64] = np.zeros((count, 2))
    if config.rotation > 0:
        angles = _stream(rng).uniform(-config.rotation, config.rotation, size=(count,)) * (
            2 * math.pi
        )
    if config.zoom > 0:
        factors = _stream(rng).uniform(1 - config.zoom, 1 + config.zoom, size=(count,))
    if config.shift > 0:
        moves = _stream(rng).uniform(-config.shift, config.shift, (count, 2)) * (height, width)
    margins = _margins(height, width, angles, factors, moves)
    padded = np.pad(batch, ((0, 0), *margins, (0, 0)), mode="symmetric")
    top, left = margins[0][0], margins[1][0]
    centre = np.array([top + height / 2, left + width / 2])
    changed = np.empty_like(batch)
    for number in range(count):
        sine = math.sin(angles[number]) / factors[number]
        cosine = math.cos(angles[number]) / factors[number]
        down, across = centre - moves[number]
        # From a pixel of the result back to the place in the padded picture.
        matrix = (
            *(cosine, sine, across - cosine * width / 2 - sine * height / 2),
            *(-sine, cosine, down + sine * width / 2 - cosine * height / 2),
        )
        pixels = padded[number].squeeze(-1) if batch.shape[-1] == 1 else padded[number]
        moved = Image.fromarray(pixels).transform(
            (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
        )
        changed[number] = np.asarray(moved).reshape(batch.shape[1:])
    return changed


def change_light(batch: Batch, config: AugmentationConfig, rng: np.random.Generator) -> Batch:
    """Change brightness and contrast of each picture; values outside 0-255 are clipped.

    Up to `brightness` of the full range is added or taken away, then differences from the
    picture's mean are multiplied by a factor within 1 plus and minus `contrast`.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8.
        config: Its brightness and contrast.
        rng: One draw a picture for each of the two that is on.
    """
    count = len(batch)
    tables: NDArray[np.float64]  # (n, 256): what becomes of each value
    tables = np.tile(np.arange(256, dtype=np.float64), (count, 1))
    means = batch.reshape(count, -1).mean(axis=1, dtype=np.float64) if count else np.zeros(0)
    if config.brightness > 0:
        added = 255 * _stream(rng).uniform(-config.brightness, config.brightness, count)
        tables += added[:, None]
        means = means + added
    if config.contrast > 0:
        factors = _stream(rng).uniform(1 - config.contrast, 1 + config.contrast, count)
        tables = means[:, None] + (tables - means[:, None]) * factors[:, None]
    rounded = np.rint(np.clip(tables, 0, 255)).astype(np.uint8)
    changed = np.empty_like(batch)
    for number in range(count):
        changed[number] = rounded[number][batch[number]]
    return changed


def erase(batch: Batch, *, probability: float, rng: np.random.Generator) -> Batch:
    """Fill a random rectangle of some pictures with their mean (after Zhong et al. 2020).

    Its area is 2 to 20 % of the picture's, its height 0.3 to 3.3 times its width.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8.
        probability: How likely a picture loses a rectangle.
        rng: One draw a picture, and some more for each that is changed.
    """
    count, height, width, _ = batch.shape
    erased = batch.copy()
    places = _stream(rng)
    for number in np.flatnonzero(_stream(rng).random(count) < probability):
        rows, columns = _rectangle(height, width, places)
        top = places.integers(0, height - rows, endpoint=True)
        left = places.integers(0, width - columns, endpoint=True)
        mean = batch[number].mean(axis=(0, 1))
        erased[number, top : top + rows, left : left + columns] = np.rint(mean)
    return erased


def _rectangle(height: int, width: int, rng: np.random.Generator) -> tuple[int, int]:
    for _ in range(_TRIES):
        area = rng.uniform(*ERASED_AREA) * height * width
        aspect = math.exp(rng.uniform(math.log(ERASED_ASPECT[0]), math.log(ERASED_ASPECT[1])))
        rows, columns = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 1 <= rows <= height and 1 <= columns <= width:
            return rows, columns
    return 1, 1


def _margins(
    height: int,
    width: int,
    angles: NDArray[np.float64],
    factors: NDArray[np.float64],
    moves: NDArray[np.float64],
) -> tuple[tuple[int, int], tuple[int, int]]:
    """How far beyond its borders a picture is looked at, at most, on each side."""
    sine, cosine = np.abs(np.sin(angles)), np.abs(np.cos(angles))
    down = (height * cosine + width * sine) / factors / 2 + np.abs(moves[:, 0])
    across = (width * cosine + height * sine) / factors / 2 + np.abs(moves[:, 1])
    rows = max(0, math.ceil(float(down.max()) - height / 2)) + 2
    columns = max(0, math.ceil(float(across.max()) - width / 2)) + 2
    return (rows, rows), (columns, columns)
