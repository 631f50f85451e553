"""Whether an answer outlives small changes of the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from cnnlab.datasets.small_changes import small_changes
from cnnlab.datasets.squares import small_copy, square
from cnnlab.inference.model import LiteModel, PixelArray
from cnnlab.inference.projection import compact

NONE_OF_THESE = "None of these classes"
THUMBNAIL_PX = 112
_LONGEST_PX = (384, 1_024)  # larger photos are reduced first, to
_TIMES_SIZE = 3  # so many times what the network sees, within these bounds
_MOST_NAMED = 3  # changes, in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the network says after one small change.

    Attributes:
        name: What was changed, such as "turned 5° left".
        class_index: The most probable class.
        probability: Of that class.
        known: Whether it is taken for a picture of any class; True where there is no rule for that.
        thumbnail: The changed picture as a small JPEG.
    """

    name: str
    class_index: int
    probability: float
    known: bool
    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """What a network says about a photo that is changed a little in several ways.

    Attributes:
        class_names: By class index.
        class_index: The most probable class of the photo as it is.
        known: Whether that is taken for a picture of any class.
        changes: Each small change with its answer.
    """

    class_names: tuple[str, ...]
    class_index: int
    known: bool
    changes: tuple[Change, ...]

    @property
    def total(self) -> int:
        """How many changes were tried."""
        return len(self.changes)

    @property
    def others(self) -> tuple[Change, ...]:
        """Those that change the answer."""
        return tuple(each for each in self.changes if not self.keeps(each))

    @property
    def agree(self) -> int:
        """How many changes keep the answer."""
        return self.total - len(self.others)

    def keeps(self, change: Change) -> bool:
        """Whether the answer stays: the class, or that it is none of them."""
        if not self.known:
            return not change.known
        return change.known and change.class_index == self.class_index

    def said(self, change: Change) -> str:
        """The answer after a change, as plain text."""
        return self.class_names[change.class_index] if change.known else NONE_OF_THESE

    def to_json(self) -> dict[str, Any]:
        """As the command line gives it."""
        return {
            "agree": self.agree,
            "total": self.total,
            "changes": [
                {
                    "change": each.name,
                    "label": self.class_names[each.class_index],
                    "probability": each.probability,
                    "known": each.known,
                }
                for each in self.changes
            ],
        }


def stability(
    model: LiteModel, pixels: PixelArray, class_index: int, *, known: bool = True
) -> Stability:
    """Change a photo a little in twelve ways, and ask the network about each.

    Args:
        model: The network.
        pixels: The whole photo, RGB values, shape (height, width, 3).
        class_index: What the network says about it.
        known: Whether it is taken for a picture of any class.
    """
    data = model.facts.data
    changed = list(small_changes(_reduced(Image.fromarray(pixels), data.size)))
    squares = [square(each.image, data.size, data.resize, data.colour) for each in changed]
    outputs = model.predict(np.stack(squares))
    winners = outputs.probabilities.argmax(axis=1)
    judged = [True] * len(changed)
    if model.rule is not None:
        verdicts = model.rule.judge(outputs.probabilities, compact(outputs.features))
        judged = [verdict.known for verdict in verdicts]
    return Stability(
        class_names=model.facts.class_names,
        class_index=class_index,
        known=known,
        changes=tuple(
            Change(
                name=each.name,
                class_index=int(winner),
                probability=float(row[winner]),
                known=of_a_class,
                thumbnail=small_copy(each.image, THUMBNAIL_PX),
            )
            for each, winner, row, of_a_class in zip(
                changed, winners, outputs.probabilities, judged, strict=True
            )
        ),
    )


def stability_sentence(found: Stability) -> str:
    """How many small changes keep the answer, and what becomes of it else, as plain text."""
    if found.agree == found.total:
        return f"All {found.total} small changes of the photo keep the answer."
    if found.agree == 0:
        return f"None of {found.total} small changes of the photo keeps the answer."
    front = f"{found.agree} of {found.total} small changes of the photo "
    front += "keeps" if found.agree == 1 else "keep"
    others = [f"{each.name}, “{found.said(each)}”" for each in found.others]
    if len(others) > _MOST_NAMED:
        return f"{front} the answer; the others make it another one."
    return f"{front} the answer. Not so: {'; '.join(others)}."


def _reduced(image: Image.Image, size_px: int) -> Image.Image:
    """The photo at most so large that twelve copies of it are quickly made.

    Args:
        image: The photo.
        size_px: Side of the square that the network sees.
    """
    least, most = _LONGEST_PX
    longer, allowed = max(image.size), min(most, max(least, _TIMES_SIZE * size_px))
    if longer <= allowed:
        return image
    size = [max(1, round(side * allowed / longer)) for side in image.size]
    return image.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=2.0)
