"""Decide which pictures of a data set are for training, validation and test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.config import SplitConfig
from cnnlab.datasets.copies import copy_groups
from cnnlab.datasets.index import DatasetIndex, require_trainable
from cnnlab.datasets.selection import content_keys
from cnnlab.errors import DatasetError

Uses = NDArray[np.object_]  # (n_pictures,) values of Split

MIN_DIFFERENT_PICTURES = 3  # a class with fewer goes wholly to training
UNUSED = ""  # the use of pictures that are left aside


class Split(StrEnum):
    """What a picture is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


Parts = Mapping[Split, float]  # shares to cut out, in the order they are cut


@dataclass(frozen=True, slots=True)
class SplitAssignment:
    """The pictures of a data set that are used, each with its class and its one use.

    Attributes:
        frame: One row a picture that has a use, in the index's order, with the columns path,
            class, label (the place of the class in `class_names`) and split (a value of `Split`).
        class_names: Sorted names of the classes.
        warnings: Sentences on what the user should know about this split.
    """

    frame: pd.DataFrame
    class_names: tuple[str, ...]
    warnings: tuple[str, ...]


def assign_splits(
    index: DatasetIndex, config: SplitConfig, pairs: pd.DataFrame | None = None
) -> SplitAssignment:
    """Give every usable picture its one use.

    Folders win: a train, validation or test folder keeps its pictures. Where they leave out the
    validation set, it is cut out of the training pictures; the test set is cut only where there
    are neither validation nor test folders. Folders without any such division are cut likewise.
    With `test_from_validation`, the test set is that share of the validation pictures instead,
    given or cut, unless a test folder exists.

    A cut takes its fractions of each class separately. A class's pictures are put in the order of
    a hash of the seed and their content: the same seed and pictures always give the same split,
    however files are named, and further pictures move few of the earlier ones. The test set is cut
    first, so that it does not depend on the validation fraction.

    Copies and near copies of each other stay together, also where they lie in folders of different
    classes: those are dealt first, each by a draw that its content decides, and the other pictures
    of their classes fill what is left.

    With a `train_share` below 1 the other training pictures are left aside, class by class in the
    same order; the rest of the split is as it would be without.

    Args:
        index: What was found in the folder, corrected and selected.
        config: Fractions and seed.
        pairs: Near copies, as `cnnlab.datasets.copies.near_copies` tells them; without, only exact
            copies stay together.

    Raises:
        DatasetError: If no picture is usable ("no-images"), there is one class only
            ("one-class"), a class has no training picture ("class-without-training"), or no
            picture at all is left for validation ("no-validation").
    """
    left_out = require_trainable(index)
    class_names = tuple(index.class_names)
    usable = index.usable
    splits: Uses = usable["split"].to_numpy(dtype=object, copy=True)
    given = set(splits[splits != ""].tolist())
    splits[splits == ""] = Split.TRAIN.value  # the folders do not say: all may be cut
    pictures = _Pictures(
        classes=usable["class"].to_numpy(dtype=object),
        content=usable["content_hash"].tolist(),
        groups=copy_groups(usable, pairs),
    )
    too_small = _cut(splits, pictures, Split.TRAIN, _missing_parts(given, config), config.seed)
    notes = []
    if config.test_from_validation > 0 and Split.TEST.value in given:
        notes.append("The data set has a test folder, so split.test_from_validation is not used.")
    elif config.test_from_validation > 0:
        parts = {Split.TEST: config.test_from_validation}
        _cut(splits, pictures, Split.VALIDATION, parts, config.seed)
    if config.train_share < 1:
        notes.append(_leave_aside(splits, pictures, config))
    frame = pd.DataFrame(
        {
            "path": usable["path"].to_numpy(dtype=object),
            "class": pictures.classes,
            "label": pd.Categorical(pictures.classes, categories=list(class_names)).codes.astype(
                np.int64
            ),
            "split": splits,
        }
    ).astype({"path": "str", "class": "str", "split": "str"})
    frame = frame[frame["split"] != UNUSED].reset_index(drop=True)
    numbers = _count(frame, class_names)
    _check_numbers(numbers, too_small)
    warnings = (
        *left_out,
        *notes,
        *_warnings(numbers, too_small),
        *_leak_warnings(leaked_pictures(splits, pictures.groups)),
    )
    return SplitAssignment(frame, class_names, warnings)


def leaked_pictures(splits: Uses, groups: NDArray[np.int64]) -> dict[Split, int]:
    """How many validation and test pictures have a copy among the training pictures.

    Args:
        splits: The use of each picture, shape (n_pictures,).
        groups: Equal numbers for copies of each other, shape (n_pictures,).

    Returns:
        Numbers by split; splits without such pictures are left out.
    """
    trained = np.isin(groups, groups[splits == Split.TRAIN.value])
    numbers = {
        split: int((trained & (splits == split.value)).sum())
        for split in (Split.VALIDATION, Split.TEST)
    }
    return {split: number for split, number in numbers.items() if number}


def counts(assignment: SplitAssignment) -> dict[str, dict[str, int]]:
    """Number of pictures by split and class, zeros included, for charts and JSON."""
    return _count(assignment.frame, assignment.class_names)


def _count(frame: pd.DataFrame, class_names: Sequence[str]) -> dict[str, dict[str, int]]:
    sizes = frame.groupby(["split", "class"]).size().to_dict()
    return {
        split.value: {name: int(sizes.get((split.value, name), 0)) for name in class_names}
        for split in Split
    }


def _missing_parts(given: set[str], config: SplitConfig) -> Parts:
    """What is to be cut out of the training pictures, the test set first."""
    if Split.VALIDATION.value in given:
        return {}
    parts = {Split.VALIDATION: config.validation}
    if Split.TEST.value in given or config.test_from_validation > 0 or config.test == 0:
        return parts
    return {Split.TEST: config.test, **parts}


@dataclass(frozen=True, slots=True)
class _Pictures:
    """What decides where a picture goes, one entry a usable picture.

    Attributes:
        content: Content hashes.
        groups: Equal numbers for copies and near copies of each other.
    """

    classes: Uses
    content: list[str]
    groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Unit:
    """Pictures that go to the same side.

    Attributes:
        key: Decides its place in the order.
        rows: The pictures.
        counts: How many of them each class has.
    """

    key: bytes
    rows: list[int]
    counts: Counter[str]


def _cut(
    splits: Uses, pictures: _Pictures, source: Split, parts: Parts, seed: int
) -> dict[str, int]:
    """Move fractions of each class from one side to others; `splits` is changed in place.

    Args:
        splits: The use of each picture so far.
        pictures: All usable pictures.
        source: The side that is cut.
        parts: Shares to cut out of it, those that are cut first in front.
        seed: Which of the many possible cuts.

    Returns:
        Classes with too few different pictures to be cut, and how many they have.
    """
    if not parts:
        return {}
    units = _units(np.flatnonzero(splits == source.value), pictures, source, seed)
    different = Counter(name for unit in units for name in unit.counts)
    fewest = MIN_DIFFERENT_PICTURES if source is Split.TRAIN else len(parts) + 1
    too_small = {name: count for name, count in sorted(different.items()) if count < fewest}
    dealt = _deal_shared(splits, units, parts, source, too_small.keys())
    own: dict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        if len(unit.counts) == 1:
            own[next(iter(unit.counts))].append(unit)
    for name in sorted(own.keys() - too_small.keys()):
        sides = _deal([len(unit.rows) for unit in own[name]], parts, source, dealt[name])
        for unit, side in zip(own[name], sides, strict=True):
            splits[unit.rows] = side.value
    return too_small


def _leave_aside(splits: Uses, pictures: _Pictures, config: SplitConfig) -> str:
    """Take the use of all but a share of each class's training pictures; says so.

    Args:
        splits: The use of each picture; changed in place.
        pictures: All usable pictures.
        config: Share and seed.
    """
    rows = np.flatnonzero(splits == Split.TRAIN.value)
    of_class: dict[str, list[int]] = defaultdict(list)
    for unit in _units(rows, pictures, Split.TRAIN, config.seed):
        for row in unit.rows:
            of_class[str(pictures.classes[row])].append(row)
    for ordered in of_class.values():
        splits[ordered[max(1, round(len(ordered) * config.train_share)) :]] = UNUSED
    used = int((splits == Split.TRAIN.value).sum())
    return (
        f"Only {used:,} of {len(rows):,} training pictures are used "
        f"(split.train_share={config.train_share:g})."
    )


def _deal_shared(
    splits: Uses, units: Sequence[_Unit], parts: Parts, source: Split, too_small: Collection[str]
) -> dict[str, Counter[Split]]:
    """Move pictures of several classes to sides; `splits` is changed in place.

    Each goes where its content draws it, unless that would take the last unit of a class out of
    the source, or one of a class that is too small to be cut. If there are no others, every part
    gets one as far as they can be spared.

    Returns:
        How many pictures of each class lie on which side now.
    """
    left = Counter(name for unit in units for name in unit.counts)  # units in the source
    dealt: dict[str, Counter[Split]] = defaultdict(Counter)
    staying: list[_Unit] = []

    def put(unit: _Unit, side: Split) -> None:
        splits[unit.rows] = side.value
        for name, count in unit.counts.items():
            dealt[name][side] += count
            left[name] -= side is not source

    for unit in (unit for unit in units if len(unit.counts) > 1):
        side = _drawn_side(unit.key, parts, source)
        if side is source or any(left[name] < 2 for name in unit.counts):
            staying.append(unit)
        elif any(name in too_small for name in unit.counts):
            put(unit, source)
        else:
            put(unit, side)
    if all(len(unit.counts) > 1 for unit in units):
        for part in parts:
            spare = next((unit for unit in staying if _can_go(unit, left, too_small)), None)
            if spare is not None and not any(sides[part] for sides in dealt.values()):
                staying.remove(spare)
                put(spare, part)
    for unit in staying:
        put(unit, source)
    return dealt


def _can_go(unit: _Unit, left: Counter[str], too_small: Collection[str]) -> bool:
    """Whether every class of a unit has others in the source, and may be cut."""
    return all(left[name] > 1 and name not in too_small for name in unit.counts)


def _units(rows: NDArray[np.int64], pictures: _Pictures, source: Split, seed: int) -> list[_Unit]:
    """Pictures that stay together, in the order of the smallest key among them."""
    salt = "" if source is Split.TRAIN else f"/{source.value}"
    keys = content_keys((pictures.content[row] for row in rows), seed, salt)
    members: dict[int, list[tuple[bytes, int]]] = defaultdict(list)
    for key, row in zip(keys, rows.tolist(), strict=True):
        members[int(pictures.groups[row])].append((key, row))
    units = [
        _Unit(
            min(group)[0],
            [row for _, row in group],
            Counter(str(pictures.classes[row]) for _, row in group),
        )
        for group in members.values()
    ]
    return sorted(units, key=lambda unit: unit.key)


def _drawn_side(key: bytes, parts: Parts, source: Split) -> Split:
    """A side for pictures of several classes, each as likely as its share."""
    draw = int.from_bytes(blake2b(key, digest_size=8).digest()) / 2**64
    for part, fraction in parts.items():
        if draw < fraction:
            return part
        draw -= fraction
    return source


def _deal(sizes: Sequence[int], parts: Parts, source: Split, dealt: Counter[Split]) -> list[Split]:
    """A side for each unit of one class.

    A unit goes to the first side it still fits into, so that the numbers come out exactly where
    single pictures allow it. No side that is asked for stays empty if a unit can be spared, and the
    source never does.

    Args:
        sizes: Pictures of each unit, in their order.
        parts: Shares of the class's pictures.
        source: Where the others stay.
        dealt: Pictures of this class that have their side already.
    """
    wanted = _wanted(sum(sizes) + dealt.total(), parts)
    room = {part: count - dealt[part] for part, count in wanted.items()}
    sides: list[Split] = []
    for size in sizes:
        side = next((part for part, free in room.items() if size <= free), source)
        if side in room:
            room[side] -= size
        sides.append(side)
    for part in wanted:
        spare = _smallest_to_spare(sizes, sides, [source, *parts])
        if part not in sides and not dealt[part] and spare is not None:
            sides[spare] = part
    if sides and source not in sides and not dealt[source]:
        spare = _smallest_to_spare(sizes, sides, list(parts))
        sides[0 if spare is None else spare] = source
    return sides


def _wanted(total: int, parts: Parts) -> dict[Split, int]:
    """Pictures for each part: rounded, at least one each, at least one left over."""
    wanted: dict[Split, int] = {}
    left = total - 1
    for later, (part, fraction) in zip(range(len(parts) - 1, -1, -1), parts.items(), strict=True):
        wanted[part] = min(max(1, round(total * fraction)), left - later)
        left -= wanted[part]
    return wanted


def _smallest_to_spare(
    sizes: Sequence[int], sides: Sequence[Split], givers: Sequence[Split]
) -> int | None:
    """The smallest unit of the first side that has more than one; None if none has."""
    for giver in givers:
        units = [number for number, side in enumerate(sides) if side is giver]
        if len(units) > 1:
            return min(units, key=sizes.__getitem__)
    return None


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
        most = max(too_small.values(), default=0)
        raise DatasetError(
            "no-validation",
            "At least one class needs three different pictures, so that one can be held back "
            f"for validation. Received: at most {most} in a class that could be spared. "
            "Add pictures.",
        )


def _warnings(numbers: dict[str, dict[str, int]], too_small: dict[str, int]) -> list[str]:
    sentences = []
    held_back = "validate or test" if any(numbers[Split.TEST.value].values()) else "validate"
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


def _leak_warnings(leaked: dict[Split, int]) -> list[str]:
    return [
        f"{count:,} {split.value} {'picture is a copy' if count == 1 else 'pictures are copies'} "
        f"of training pictures, so {split.value} figures will look better than they are. "
        "See the findings on Samples."
        for split, count in leaked.items()
    ]
