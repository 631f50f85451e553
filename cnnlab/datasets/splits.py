"""Decide which pictures of a data set are for training, validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import groupby

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.config import SplitConfig
from cnnlab.datasets.index import DatasetIndex, require_trainable
from cnnlab.errors import DatasetError

Uses = NDArray[np.object_]  # (n_pictures,) values of Split

MIN_DIFFERENT_PICTURES = 3  # a class with fewer goes wholly to training


class Split(StrEnum):
    """What a picture is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class SplitAssignment:
    """Every usable picture of a data set, each with its class and its one use.

    Attributes:
        frame: One row a picture, in the index's order, with the columns path, class, label (the
            place of the class in `class_names`) and split (a value of `Split`).
        class_names: Sorted names of the classes.
        warnings: Sentences on what the user should know about this split.
    """

    frame: pd.DataFrame
    class_names: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fractions:
    """Shares of a class that are cut out of its training pictures; 0 cuts nothing."""

    validation: float
    test: float


def assign_splits(index: DatasetIndex, config: SplitConfig) -> SplitAssignment:
    """Give every usable picture its one use.

    Folders win: a train, validation or test folder keeps its pictures. Where they leave out the
    validation set, it is cut out of the training pictures; the test set is cut only where there
    are neither validation nor test folders. Folders without any such division are cut likewise.

    A cut takes its fractions of each class separately, so that no class depends on another. A
    class's pictures are put in the order of a hash of the seed and their content: the same seed
    and pictures always give the same split, however files are named, and further pictures move
    few of the earlier ones. Identical copies within a class stay together. The test set is cut
    first, so that it does not depend on the validation fraction.

    Args:
        index: What was found in the folder.
        config: Fractions and seed.

    Raises:
        DatasetError: If no picture is usable ("no-images"), there is one class only
            ("one-class"), a class has no training picture ("class-without-training"), or no
            picture at all is left for validation ("no-validation").
    """
    left_out = require_trainable(index)
    class_names = tuple(index.class_names)
    usable = index.usable
    splits: Uses = usable["split"].to_numpy(dtype=object, copy=True)
    splits[splits == ""] = Split.TRAIN.value  # the folders do not say: all may be cut
    fractions = _missing_parts(splits, config)
    cut = splits == Split.TRAIN.value
    content = usable["content_hash"].to_numpy(dtype=object)
    too_small: dict[str, int] = {}
    for name, positions in usable.groupby("class").indices.items():
        rows = positions[cut[positions]]
        pieces = _cut_class(content[rows], fractions, config.seed)
        if pieces is None:
            too_small[str(name)] = len(set(content[rows]))
        else:
            splits[rows] = pieces
    classes = usable["class"].to_numpy(dtype=object)
    frame = pd.DataFrame(
        {
            "path": usable["path"].to_numpy(dtype=object),
            "class": classes,
            "label": pd.Categorical(classes, categories=list(class_names)).codes.astype(np.int64),
            "split": splits,
        }
    ).astype({"path": "str", "class": "str", "split": "str"})
    numbers = _count(frame, class_names)
    _check_numbers(numbers, too_small)
    warnings = (*left_out, *_warnings(numbers, too_small, fractions))
    return SplitAssignment(frame, class_names, warnings)


def counts(assignment: SplitAssignment) -> dict[str, dict[str, int]]:
    """Number of pictures by split and class, zeros included, for charts and JSON."""
    return _count(assignment.frame, assignment.class_names)


def _count(frame: pd.DataFrame, class_names: Sequence[str]) -> dict[str, dict[str, int]]:
    sizes = frame.groupby(["split", "class"]).size().to_dict()
    return {
        split.value: {name: int(sizes.get((split.value, name), 0)) for name in class_names}
        for split in Split
    }


def _missing_parts(splits: Uses, config: SplitConfig) -> _Fractions:
    present = set(splits.tolist())
    if Split.VALIDATION.value in present:
        return _Fractions(validation=0.0, test=0.0)
    if Split.TEST.value in present:
        return _Fractions(validation=config.validation, test=0.0)
    return _Fractions(validation=config.validation, test=config.test)


def _cut_class(content: Sequence[str], fractions: _Fractions, seed: int) -> list[str] | None:
    """Splits of one class's training pictures, in their order; None if they are too few to cut.

    Args:
        content: Content hash of each picture; equal ones are copies.
        fractions: Shares to cut out.
        seed: Which of the many possible cuts.
    """
    if fractions.validation == 0 and fractions.test == 0:
        return [Split.TRAIN.value] * len(content)
    keys = [blake2b(f"{seed}/{digest}".encode(), digest_size=16).digest() for digest in content]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    copies = [list(rows) for _, rows in groupby(order, key=keys.__getitem__)]
    if len(copies) < MIN_DIFFERENT_PICTURES:
        return None
    sides = _deal([len(rows) for rows in copies], fractions)
    splits = [Split.TRAIN.value] * len(content)
    for rows, side in zip(copies, sides, strict=True):
        for row in rows:
            splits[row] = side.value
    return splits


def _deal(sizes: Sequence[int], fractions: _Fractions) -> list[Split]:
    """A side for each group of identical pictures; at least three groups.

    A group goes to the first side it still fits into, so that the numbers come out exactly where
    single pictures allow it. No side that is asked for stays empty.
    """
    wanted = _wanted(sum(sizes), fractions)
    room = dict(wanted)
    sides: list[Split] = []
    for size in sizes:
        side = next((part for part, free in room.items() if size <= free), Split.TRAIN)
        if side in room:
            room[side] -= size
        sides.append(side)
    for part in wanted:
        if part not in sides:
            sides[_smallest_to_spare(sizes, sides)] = part
    return sides


def _wanted(total: int, fractions: _Fractions) -> dict[Split, int]:
    """Pictures for test and validation: rounded, at least one each, at least one left over."""
    wanted: dict[Split, int] = {}
    left = total - 1
    if fractions.test > 0:
        wanted[Split.TEST] = min(max(1, round(total * fractions.test)), left - 1)
        left -= wanted[Split.TEST]
    wanted[Split.VALIDATION] = min(max(1, round(total * fractions.validation)), left)
    return wanted


def _smallest_to_spare(sizes: Sequence[int], sides: Sequence[Split]) -> int:
    """The smallest group of training, or of any other side if training has only one."""
    for giver in (Split.TRAIN, Split.TEST, Split.VALIDATION):
        groups = [number for number, side in enumerate(sides) if side is giver]
        if len(groups) > 1:
            return min(groups, key=sizes.__getitem__)
    raise ValueError(f"at least three groups are needed to fill three sides. Received: {sizes}")


def _check_numbers(numbers: dict[str, dict[str, int]], too_small: dict[str, int]) -> None:
    untrained = [name for name, count in numbers[Split.TRAIN.value].items() if count == 0]
    if untrained:
        names = ", ".join(map(repr, untrained))
        raise DatasetError(
            "class-without-training",
            "Every class needs pictures to train with. Received: none that can be read in the "
            f"train folder for {names}. Add some, or take the class out of the other folders.",
        )
    if not any(numbers[Split.VALIDATION.value].values()):
        raise DatasetError(
            "no-validation",
            "At least one class needs three different pictures, so that one can be held back "
            f"for validation. Received: at most {max(too_small.values())} in a class. "
            "Add pictures.",
        )


def _warnings(
    numbers: dict[str, dict[str, int]], too_small: dict[str, int], fractions: _Fractions
) -> list[str]:
    sentences = []
    held_back = "validate or test" if fractions.test > 0 else "validate"
    for name, count in numbers[Split.VALIDATION.value].items():
        if name in too_small:
            few = "one picture" if too_small[name] == 1 else "two different pictures"
            sentences.append(
                f"Class {name!r} has only {few}, so it goes wholly to training and nothing is "
                f"left to {held_back} it. Add pictures to see how well it is recognised."
            )
        elif count == 0:
            sentences.append(
                f"Class {name!r} has no picture in the validation folder, so its validation "
                "figures will be missing."
            )
    return sentences
