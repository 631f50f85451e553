"""Pictures that are unlike the others of their set: their files, their shapes, their looks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.datasets.findings import Finding, Kind, Severity
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.measures import Measures

DARK_BELOW = 25.0  # mean luma, 0-255
BRIGHT_ABOVE = 235.0
EMPTY_FROM = 0.97  # share of the picture that is of one tone
COLOURFUL_SET = 0.8  # share of colour pictures from which grey ones are worth telling
ODD_ASPECT = 2.0  # times wider or taller than is usual in the set
ODD_SIZE = 4.0  # times fewer or more pixels along a side than is usual in the set
GREY_BELOW = 2.0  # colourfulness of grey pictures that were saved as colour
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

Mask = NDArray[np.bool_]


def odd_files(index: DatasetIndex) -> list[Finding]:
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


def odd_looks(index: DatasetIndex, measures: Measures) -> list[Finding]:
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
