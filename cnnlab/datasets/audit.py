"""What is wrong, or worth knowing, about the pictures of a data set; and what to do about it.

Everything here is arithmetic on what was found before (index, measures, pairs of near copies,
shortcuts), so a page can ask again after every correction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.datasets.balance import is_uneven, majority_baseline
from cnnlab.datasets.copies import copy_groups
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.measures import Measures
from cnnlab.datasets.shortcuts import TOGETHER, Shortcuts

DARK_BELOW = 25.0  # mean luma, 0-255
BRIGHT_ABOVE = 235.0
EMPTY_FROM = 0.97  # share of the picture that is of one tone
COLOURFUL_SET = 0.8  # share of colour pictures from which grey ones are worth telling
ODD_ASPECT = 2.0  # times wider or taller than is usual in the set
ODD_SIZE = 4.0  # times fewer or more pixels along a side than is usual in the set
BLUR_DEVIATIONS = 4.0  # robust standard deviations below the usual sharpness

_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif", ".avifs"),
    "HEIF": (".heic", ".heif", ".hif"),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf"),
}
_CONTENT_FACTS = frozenset({"bytes", TOGETHER})  # which busy pictures differ in by nature
_SPLITS = ("train", "validation", "test")

Mask = NDArray[np.bool_]
Groups = tuple[tuple[str, ...], ...]


class Kind(StrEnum):
    """What a finding is about."""

    UNREADABLE = "unreadable"
    LABEL_CONFLICT = "label-conflict"
    LEAK = "leak"
    EXACT_COPIES = "exact-copies"
    NEAR_COPIES = "near-copies"
    IMBALANCE = "imbalance"
    SHORTCUT = "shortcut"
    NEARLY_EMPTY = "nearly-empty"
    DARK = "dark"
    BRIGHT = "bright"
    BLURRED = "blurred"
    ODD_ASPECT = "odd-aspect"
    ODD_SIZE = "odd-size"
    GREY = "grey"
    WRONG_SUFFIX = "wrong-suffix"
    ROTATED = "rotated"


class Severity(StrEnum):
    """How much a finding matters."""

    PROBLEM = "problem"  # it makes results wrong
    WARNING = "warning"  # it may
    NOTE = "note"  # good to know


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of thing that was found.

    Attributes:
        title: A few words.
        count: Pictures concerned; classes for IMBALANCE, facts for SHORTCUT.
        sentence: What was found, with its numbers.
        advice: What to do about it.
        paths: The pictures, those of a group side by side.
        groups: Pictures that belong together, such as copies of each other; empty for others.
        proposal: Pictures whose exclusion would settle it; empty where that is no answer.
    """

    kind: Kind
    severity: Severity
    title: str
    count: int
    sentence: str
    advice: str
    paths: tuple[str, ...] = ()
    groups: Groups = ()
    proposal: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """This finding as `cnnlab audit --json` prints it."""
        return {
            "kind": self.kind.value,
            "severity": self.severity.value,
            "count": self.count,
            "sentence": self.sentence,
            "advice": self.advice,
            "paths": list(self.paths),
            "groups": [list(group) for group in self.groups],
        }


def find(
    index: DatasetIndex,
    *,
    measures: Measures | None = None,
    pairs: pd.DataFrame | None = None,
    shortcuts: Shortcuts | None = None,
) -> list[Finding]:
    """Everything worth telling about a data set, what matters most first.

    Args:
        index: With the user's corrections; excluded pictures are not looked at.
        measures: What was measured in the pictures; without, nothing is said about how they look.
        pairs: Near copies; without, only exact copies are told.
        shortcuts: What file facts tell about the classes.
    """
    found = [
        *_unreadable(index),
        *_copies(index, pairs),
        *_imbalance(index),
        *_shortcuts(shortcuts),
        *_files(index),
    ]
    if measures is not None:
        found += _looks(index, measures)
    order = list(Severity)
    return sorted(found, key=lambda finding: order.index(finding.severity))


def _unreadable(index: DatasetIndex) -> list[Finding]:
    problems = index.problems
    if problems.empty:
        return []
    reasons = problems["problem"].value_counts()
    listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    return [
        Finding(
            kind=Kind.UNREADABLE,
            severity=Severity.PROBLEM,
            title="Files that cannot be read",
            count=len(problems),
            sentence=f"{_files_word(len(problems))} set aside: {listed}.",
            advice="They are left out of everything and stay where they are. Put back good "
            "copies, or delete them yourself, then look again.",
            paths=tuple(problems.sort_values(["problem", "path"])["path"]),
        )
    ]


def _copies(index: DatasetIndex, pairs: pd.DataFrame | None) -> list[Finding]:
    pictures = index.usable
    group = pd.Series(copy_groups(pictures, pairs))
    again = group.duplicated(keep=False).to_numpy()
    copies = pictures[again].assign(group=group[again].to_numpy())
    if copies.empty:
        return []
    by_group = copies.groupby("group", sort=False)
    classes, contents = by_group["class"].nunique(), by_group["content_hash"].nunique()
    given = copies[copies["split"] != ""]
    splits = given.groupby("group", sort=False)["split"].nunique().reindex(classes.index).fillna(0)
    conflict = set(classes.index[classes > 1])
    leak = set(classes.index[splits > 1])
    exact = set(classes.index[(classes == 1) & (contents == 1)]) - leak
    near = set(classes.index[(classes == 1) & (contents > 1)]) - leak
    paths = by_group["path"].agg(list)

    def grouped(numbers: Iterable[int]) -> Groups:
        wanted = set(numbers)
        return tuple(tuple(paths[number]) for number in paths.index if number in wanted)

    found = []
    if conflict:
        found.append(_conflicts(grouped(conflict)))
    if leak:
        found.append(_leaks(grouped(leak), dict(zip(copies["path"], copies["split"], strict=True))))
    if exact:
        found.append(_same_class(Kind.EXACT_COPIES, grouped(exact)))
    if near:
        found.append(_same_class(Kind.NEAR_COPIES, grouped(near)))
    return found


def _conflicts(groups: Groups) -> Finding:
    paths = _flat(groups)
    what = "1 picture lies" if len(groups) == 1 else f"{len(groups):,} pictures lie"
    return Finding(
        kind=Kind.LABEL_CONFLICT,
        severity=Severity.PROBLEM,
        title="The same picture under two labels",
        count=len(paths),
        sentence=f"{what} in folders of different classes ({len(paths):,} files).",
        advice="Look at each, then exclude the wrong one, or give it the right class. A network "
        "cannot learn both.",
        paths=paths,
        groups=groups,
    )


def _leaks(groups: Groups, split_of: dict[str, str]) -> Finding:
    """Copies on both sides of a split that the folders give; training gives way."""
    paths = _flat(groups)
    training = []
    for group in groups:
        sides = {split_of[path] for path in group}
        keep = next(side for side in reversed(_SPLITS) if side in sides)
        training += [path for path in group if split_of[path] not in (keep, "")]
    what = "1 picture is" if len(groups) == 1 else f"{len(groups):,} pictures are"
    return Finding(
        kind=Kind.LEAK,
        severity=Severity.PROBLEM,
        title="Copies on both sides of the split",
        count=len(paths),
        sentence=f"{what} in more than one of the train, validation and test folders "
        f"({len(paths):,} files).",
        advice="Exclude the copies that are used for training: figures on pictures that the "
        "network was trained on look better than they are.",
        paths=paths,
        groups=groups,
        proposal=tuple(training),
    )


def _same_class(kind: Kind, groups: Groups) -> Finding:
    paths = _flat(groups)
    more = len(paths) - len(groups)
    exact = kind is Kind.EXACT_COPIES
    return Finding(
        kind=kind,
        severity=Severity.WARNING,
        title="Exact copies within a class" if exact else "Near copies within a class",
        count=len(paths),
        sentence=f"{_pictures(len(groups))} there more than once, {_files_word(more, plain=True)} "
        + ("with the same bytes." if exact else "that show the same, saved or cut differently."),
        advice="Copies go to the same side of a split by themselves, so they do no harm there. "
        "Exclude all but one of each to give every picture the same weight.",
        paths=paths,
        groups=groups,
        proposal=tuple(path for group in groups for path in group[1:]),
    )


def _imbalance(index: DatasetIndex) -> list[Finding]:
    counts = index.class_counts
    baseline = majority_baseline(counts)
    if baseline is None or not is_uneven(counts):
        return []
    smallest = min(counts, key=lambda name: counts[name])
    largest = baseline.class_name
    ratio = counts[largest] / counts[smallest]
    return [
        Finding(
            kind=Kind.IMBALANCE,
            severity=Severity.WARNING,
            title="Uneven classes",
            count=len(counts),
            sentence=f"{largest!r} has {counts[largest]:,} pictures, {smallest!r} "
            f"{counts[smallest]:,}: {ratio:,.1f} times as many. Always answering {largest!r} is "
            f"right {baseline.share:.1%} of the time, where {1 / len(counts):.1%} would be chance "
            "among even classes.",
            advice="Read balanced accuracy and macro F1 before accuracy; set data.balance to train "
            "on the same number of every class, or add pictures of the small ones.",
        )
    ]


def _shortcuts(shortcuts: Shortcuts | None) -> list[Finding]:
    if shortcuts is None or not shortcuts.telling:
        return []
    telling = shortcuts.telling
    alone = {name: score for name, score in telling.items() if name != TOGETHER} or telling
    listed = ", ".join(f"{name} {score:.1%}" for name, score in alone.items())
    return [
        Finding(
            kind=Kind.SHORTCUT,
            severity=Severity.NOTE if set(alone) <= _CONTENT_FACTS else Severity.WARNING,
            title="File facts that give the class away",
            count=len(alone),
            sentence=f"Without looking at a single pixel the class can be told from: {listed}. "
            f"Always naming the largest class reaches {shortcuts.baseline:.1%}.",
            advice="The number of bytes alone may only mean that some classes are busier. Anything "
            "else hints at classes from different sources: a network may learn the source instead "
            "of what is shown, so test it on pictures from elsewhere.",
        )
    ]


def _files(index: DatasetIndex) -> list[Finding]:
    """What the files themselves tell, without a look at the pixels."""
    pictures = index.usable
    found = []
    suffixes = pictures["path"].str.extract(r"(\.[^./]*)$")[0].fillna("").str.lower()
    expected = pictures["format"].map(_SUFFIXES)
    wrong = np.array(
        [
            isinstance(allowed, tuple) and suffix not in allowed
            for suffix, allowed in zip(suffixes, expected, strict=True)
        ],
        dtype=bool,
    )
    if wrong.any():
        example = pictures[wrong].iloc[0]
        found.append(
            _note(
                Kind.WRONG_SUFFIX,
                "Format does not match the file's ending",
                pictures[wrong],
                f"such as {example['path']}, which is {example['format']}.",
                "Everything is read by its content here. Other programs go by the ending and may "
                "stumble.",
            )
        )
    turned = (pictures["orientation"] > 1).to_numpy()
    if turned.any():
        found.append(
            _note(
                Kind.ROTATED,
                "Turned by their EXIF data",
                pictures[turned],
                "stored lying down or mirrored, with a mark how to turn them.",
                "They are shown and trained upright here. A program that ignores the mark sees "
                "them otherwise.",
            )
        )
    return found + _odd_shapes(pictures)


def _odd_shapes(pictures: pd.DataFrame) -> list[Finding]:
    if len(pictures) < 3:
        return []
    width = pictures["width"].to_numpy(dtype=np.float64)
    height = pictures["height"].to_numpy(dtype=np.float64)
    found = []
    aspect = np.log(width / height)
    odd = np.abs(aspect - np.median(aspect)) > np.log(ODD_ASPECT)
    if odd.any():
        found.append(
            _note(
                Kind.ODD_ASPECT,
                "Unusual proportions",
                pictures[odd],
                f"more than {ODD_ASPECT:g} times wider or taller than is usual here.",
                "Squashed to a square they are distorted most. Set data.resize to crop or pad, or "
                "exclude them.",
            )
        )
    side = np.sqrt(width * height)
    usual = float(np.median(side))
    odd = (side * ODD_SIZE < usual) | (side > usual * ODD_SIZE)
    if odd.any():
        found.append(
            _note(
                Kind.ODD_SIZE,
                "Unusual size",
                pictures[odd],
                f"more than {ODD_SIZE:g} times smaller or larger than the usual {usual:,.0f} px.",
                "Small ones are enlarged and blurred, thumbnails often came in by mistake.",
            )
        )
    return found


def _looks(index: DatasetIndex, measures: Measures) -> list[Finding]:
    """What the pixels tell."""
    pictures = index.usable.merge(measures.frame, on="content_hash", how="inner")
    if pictures.empty:
        return []
    empty = (pictures["uniformity"] >= EMPTY_FROM).to_numpy()
    checks: list[tuple[Kind, str, Mask, str, str]] = [
        (
            Kind.NEARLY_EMPTY,
            "Nearly empty",
            empty,
            f"at least {EMPTY_FROM:.0%} of one tone.",
            "Nothing can be learned from them. Look at them, and exclude those that show nothing.",
        ),
        (
            Kind.DARK,
            "Too dark",
            ~empty & (pictures["brightness"] < DARK_BELOW).to_numpy(),
            f"mean brightness below {DARK_BELOW:g} of 255.",
            "Exclude those in which nothing can be seen, unless such pictures are to be "
            "recognised, too.",
        ),
        (
            Kind.BRIGHT,
            "Too bright",
            ~empty & (pictures["brightness"] > BRIGHT_ABOVE).to_numpy(),
            f"mean brightness above {BRIGHT_ABOVE:g} of 255.",
            "Fine where things are shown on white. Exclude those that are washed out.",
        ),
        (
            Kind.BLURRED,
            "Blurred",
            ~empty & _unusually_low(pictures["sharpness"].to_numpy(dtype=np.float64)),
            "far less sharp than is usual here.",
            "Exclude those in which nothing can be recognised.",
        ),
        (
            Kind.GREY,
            "Grey among colour",
            _grey_among_colour(pictures["colourfulness"].to_numpy(dtype=np.float64)),
            "without colour in a set of colour pictures.",
            "If one class has more of them than others, the network may learn that. "
            "data.colour=grey takes the difference away.",
        ),
    ]
    return [
        _note(kind, title, pictures[mask], what, advice)
        for kind, title, mask, what, advice in checks
        if mask.any()
    ]


def _unusually_low(values: NDArray[np.float64]) -> Mask:
    """Far below the median on a logarithmic scale, by the median absolute deviation."""
    if len(values) < 10:
        return np.zeros(len(values), dtype=bool)
    logs = np.log(np.maximum(values, 1e-6))
    middle = np.median(logs)
    spread = 1.4826 * np.median(np.abs(logs - middle))
    return np.asarray(logs < middle - BLUR_DEVIATIONS * max(spread, 0.1))


def _grey_among_colour(colourfulness: NDArray[np.float64]) -> Mask:
    grey = colourfulness < GREY_BELOW
    if grey.mean() > 1 - COLOURFUL_SET:
        return np.zeros(len(grey), dtype=bool)
    return np.asarray(grey)


GREY_BELOW = 2.0  # colourfulness of grey pictures that were saved as colour


def _note(kind: Kind, title: str, pictures: pd.DataFrame, what: str, advice: str) -> Finding:
    return Finding(
        kind=kind,
        severity=Severity.NOTE,
        title=title,
        count=len(pictures),
        sentence=f"{len(pictures):,} {'picture' if len(pictures) == 1 else 'pictures'}: {what}",
        advice=advice,
        paths=tuple(pictures["path"]),
    )


def _flat(groups: Groups) -> tuple[str, ...]:
    return tuple(path for group in groups for path in group)


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count:,} pictures are"


def _files_word(count: int, *, plain: bool = False) -> str:
    if plain:
        return "1 further file" if count == 1 else f"{count:,} further files"
    return "1 file is" if count == 1 else f"{count:,} files are"
