"""Where in a picture a network finds what speaks for a class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image

from cnnlab.errors import RunError
from cnnlab.inference.model import FloatArray, LiteModel, PixelArray
from cnnlab.inference.occlusion import occlusion, patch_for


class HeatMethod(StrEnum):
    """How a heat map was made."""

    GRADIENT = "gradient"  # by the network's own class map
    OCCLUSION = "occlusion"  # by covering parts of the picture


@dataclass(frozen=True, slots=True)
class HeatMap:
    """What speaks for a class, pixel by pixel.

    Attributes:
        values: float32 from 0 to 1, shape (size, size); 1 where most speaks for the class, and
            nothing but 0 if nothing does.
        method: How it was made.
        places: Rows and columns that were told apart; between them it is smoothed.
    """

    values: FloatArray
    method: HeatMethod
    places: tuple[int, int]

    @property
    def blank(self) -> bool:
        """Whether nothing in the picture speaks for the class."""
        return not self.values.any()


def heat_map(
    model: LiteModel,
    pixels: PixelArray,
    class_index: int,
    progress: Callable[[int, int], None] | None = None,
) -> HeatMap:
    """Say where in a prepared picture a network finds what speaks for a class.

    By the gradient of the class (Grad-CAM) where the network's file has it, else by occlusion.

    Args:
        model: The network.
        pixels: uint8, shape (size, size, channels).
        class_index: Of any class, not only the predicted one.
        progress: Told (done, total) covered pictures where it is done by occlusion.

    Raises:
        RunError: If there is no such class.
    """
    classes = len(model.facts.class_names)
    if not 0 <= class_index < classes:
        raise RunError(
            "unknown-class",
            f"The class must be one of the network's {classes}, by its number from 0. "
            f"Received: {class_index}.",
        )
    if model.explains:
        values = model.explain(pixels[None], [class_index])[0]
        places = (len(values), len(values[0]))
        return HeatMap(_scaled(_enlarged(values, len(pixels))), HeatMethod.GRADIENT, places)
    values = occlusion(model, pixels, class_index, progress)
    steps = len(patch_for(len(pixels)).starts_px)
    return HeatMap(_scaled(values), HeatMethod.OCCLUSION, (steps, steps))


def _enlarged(values: FloatArray, size_px: int) -> FloatArray:
    """A map as large as the picture, bilinear between the middles of its places."""
    side = (size_px, size_px)
    image = Image.fromarray(np.nan_to_num(values, posinf=0.0)).resize(
        side, Image.Resampling.BILINEAR
    )
    return np.asarray(image, dtype=np.float32)


def _scaled(values: FloatArray) -> FloatArray:
    highest = float(values.max(initial=0.0))
    if not highest > 0:
        return np.zeros_like(values)
    scaled: FloatArray = np.clip(values / highest, 0, 1)
    return scaled
