"""Which pictures a run uses, how they are prepared, split and changed at random."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator

from cnnlab.config.section import Section


class Colour(StrEnum):
    """How many channels the network sees."""

    RGB = "rgb"
    GREY = "grey"

    @property
    def channels(self) -> int:
        """3 for colour, 1 for grey."""
        return 1 if self is Colour.GREY else 3


class Resize(StrEnum):
    """How a picture of any shape becomes a square."""

    SQUASH = "squash"  # both sides scaled, whatever the proportions
    CROP = "crop"  # the largest square in the middle
    PAD = "pad"  # the whole picture, centred on black


class DataConfig(Section):
    """Which pictures are used, and how each is prepared before it enters the network."""

    size: int = Field(default=64, ge=8, le=1024, description="Side of the square picture, px")
    resize: Resize = Resize.SQUASH
    colour: Colour = Colour.RGB
    classes: tuple[str, ...] | None = Field(default=None, description="None uses every class")
    limit: int | None = Field(
        default=None, ge=1, description="Most pictures of a class, in each given split"
    )
    balance: bool = Field(
        default=False, description="The same number of every class, in each given split"
    )

    @field_validator("classes")
    @classmethod
    def _two_classes_at_least(cls, classes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if classes is None:
            return None
        if len(set(classes)) < 2:
            raise ValueError("at least two different classes must be chosen")
        return tuple(sorted(set(classes)))

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a prepared picture."""
        return (self.size, self.size, self.colour.channels)


class SplitConfig(Section):
    """Fractions of each class, used where the folders do not give the split themselves."""

    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.15, ge=0, lt=1)
    test_from_validation: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of the validation pictures that become the test set; replaces `test`",
    )
    train_share: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Share of each class's training pictures that is used; validation and test "
        "pictures stay the same, and a larger share contains a smaller one",
    )
    seed: int = Field(default=0, ge=0, lt=2**31)

    @field_validator("test")
    @classmethod
    def _leave_something_to_train_on(cls, test: float, info: Any) -> float:
        validation = info.data.get("validation", 0.0)
        if test + validation >= 1:
            raise ValueError(
                "validation and test together must stay below 1 "
                f"(validation={validation:g} is already taken)"
            )
        return test


class AugmentationConfig(Section):
    """Random changes to training pictures; never part of the exported model."""

    flip_horizontal: bool = False
    flip_vertical: bool = False
    rotation: float = Field(
        default=0.0, ge=0, le=0.5, description="Largest rotation either way, share of a full turn"
    )
    zoom: float = Field(
        default=0.0, ge=0, le=0.5, description="Largest zoom in or out, share of the side"
    )
    shift: float = Field(default=0.0, ge=0, le=0.5, description="Largest shift, share of the side")
    brightness: float = Field(
        default=0.0, ge=0, le=1, description="Largest change up or down, share of full brightness"
    )
    contrast: float = Field(
        default=0.0, ge=0, lt=1, description="Largest factor away from 1, either way"
    )
    erasing: float = Field(
        default=0.0, ge=0, le=1, description="Probability that a rectangle is erased"
    )
