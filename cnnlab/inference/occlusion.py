"""Where a network looks, found by covering parts of a picture; works with every network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnlab.inference.engines import BATCH_SIZE
from cnnlab.inference.model import FloatArray, LiteModel, PixelArray

POSITIONS = 12  # of the patch along one side, at most
PATCH_SHARE = 1 / 6  # of the picture's side
GREY = 128


@dataclass(frozen=True, slots=True)
class Patch:
    """A grey square that is slid over a picture.

    Attributes:
        side_px: Its side.
        starts_px: Where it is laid along one side; the first and the last touch the border.
    """

    side_px: int
    starts_px: tuple[int, ...]


def patch_for(size_px: int) -> Patch:
    """The patch for pictures of a size: a sixth of their side, in at most 12 x 12 places."""
    side = max(1, round(size_px * PATCH_SHARE))
    starts = np.unique(np.linspace(0, size_px - side, POSITIONS).round().astype(int))
    return Patch(side, tuple(starts.tolist()))


def occlusion(
    model: LiteModel,
    pixels: PixelArray,
    class_index: int,
    progress: Callable[[int, int], None] | None = None,
) -> FloatArray:
    """How much a class's probability drops where the picture is covered.

    Args:
        model: The network.
        pixels: A prepared picture, uint8, shape (size, size, channels).
        class_index: Of the class.
        progress: Told (done, total) covered pictures.

    Returns:
        float32, 0 or more, shape (size, size): for each pixel the mean drop over all patches that
        cover it, 0 where covering it helps the class.
    """
    size = len(pixels)
    patch = patch_for(size)
    places = [(top, left) for top in patch.starts_px for left in patch.starts_px]
    whole = float(model.predict(pixels[None]).probabilities[0, class_index])
    drops, covers = np.zeros((size, size)), np.zeros((size, size))
    at_once = BATCH_SIZE * model.threads
    for first in range(0, len(places), at_once):
        chunk = places[first : first + at_once]
        covered = np.repeat(pixels[None], len(chunk), axis=0)
        for picture, (top, left) in zip(covered, chunk, strict=True):
            picture[top : top + patch.side_px, left : left + patch.side_px] = GREY
        left_over = model.predict(covered).probabilities[:, class_index]
        for (top, left), probability in zip(chunk, left_over, strict=True):
            area = np.s_[top : top + patch.side_px, left : left + patch.side_px]
            drops[area] += whole - float(probability)
            covers[area] += 1
        if progress is not None:
            progress(first + len(chunk), len(places))
    mean = np.divide(drops, covers, out=np.zeros_like(drops), where=covers > 0)
    return np.maximum(mean, 0).astype(np.float32)
