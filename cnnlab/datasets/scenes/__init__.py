"""Small pictures of six kinds of scenes, painted with Pillow and numpy from a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image

from cnnlab.datasets.scenes import buildings, forest, glacier, mountain, sea, street
from cnnlab.datasets.scenes.canvas import SIZE_PX, Canvas

PAINTERS: Mapping[str, Callable[[np.random.Generator], Canvas]] = MappingProxyType(
    {
        "buildings": buildings.paint,
        "forest": forest.paint,
        "glacier": glacier.paint,
        "mountain": mountain.paint,
        "sea": sea.paint,
        "street": street.paint,
    }
)
CLASS_NAMES = tuple(PAINTERS)


def paint_scene(class_name: str, number: int, *, seed: int = 0) -> Image.Image:
    """Paint one scene; each picture depends on its class, number and seed only.

    Args:
        class_name: One of `CLASS_NAMES`.
        number: Which picture of the class, from 0.
        seed: Other seeds give other pictures.

    Returns:
        An RGB image of SIZE_PX x SIZE_PX.
    """
    rng = np.random.default_rng([seed, CLASS_NAMES.index(class_name), number])
    return PAINTERS[class_name](rng).finish()


__all__ = ["CLASS_NAMES", "SIZE_PX", "paint_scene"]
