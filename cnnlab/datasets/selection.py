"""Which pictures of a data set a configuration uses: classes, a limit, balance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

import pandas as pd

from cnnlab.config import DataConfig
from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import DatasetError


def select(index: DatasetIndex, data: DataConfig, seed: int) -> DatasetIndex:
    """The part of a data set that a configuration asks for.

    A class's pictures are taken in the order of a hash of the seed and their content, as splits
    do: the same seed takes the same pictures, and a larger limit contains a smaller one. Pictures
    in train, validation and test folders are counted apart. Balancing brings every class down to
    the smallest one; a class that a given split lacks altogether is left aside there.

    Args:
        index: With the user's corrections.
        data: Its classes, limit and balance.
        seed: Of the split.

    Returns:
        An index with only the chosen pictures, and notes on what was left out; `index` itself if
        nothing is asked for.

    Raises:
        DatasetError: If a class is asked for that the data set does not have ("unknown-class").
    """
    if data.classes is None and data.limit is None and not data.balance:
        return index
    frame, folders = index.frame, index.class_folders
    notes: list[str] = []
    if data.classes is not None:
        _check_classes(index, data.classes)
        frame = frame[frame["class"].isin(data.classes)]
        folders = tuple(name for name in folders if name in data.classes)
    usable = frame[(frame["problem"] == "") & ~frame["path"].isin(index.excluded)]
    kept = []
    for split, pictures in [(str(name), rows) for name, rows in usable.groupby("split")]:
        most = data.limit
        if data.balance:
            smallest = int(pictures["class"].value_counts().min())
            if most is None or smallest < most:
                most = smallest
            where = f"the {split} folder" if split else "the data set"
            notes.append(f"Balanced to {most:,} pictures of every class in {where}.")
        kept += [_take(rows, most, seed) for _, rows in pictures.groupby("class")]
    chosen = set().union(*kept) if kept else set()
    if len(chosen) < len(usable) and not data.balance:
        notes.append(f"At most {data.limit:,} pictures of a class are used.")
    wanted = frame["path"].isin(chosen) | ~frame["path"].isin(usable["path"])
    return replace(
        index,
        frame=frame[wanted].reset_index(drop=True),
        class_folders=folders,
        notes=(*index.notes, *notes),
    )


def content_keys(content_hashes: Iterable[str], seed: int, salt: str = "") -> list[bytes]:
    """What pictures are put in order by: a hash of the seed and their content, alike for copies."""
    return [
        blake2b(f"{seed}{salt}/{content}".encode(), digest_size=16).digest()
        for content in content_hashes
    ]


def _take(rows: pd.DataFrame, most: int | None, seed: int) -> set[str]:
    paths = rows["path"].tolist()
    if most is None or len(paths) <= most:
        return set(paths)
    keys = content_keys(rows["content_hash"], seed)
    order = sorted(range(len(paths)), key=keys.__getitem__)
    return {paths[row] for row in order[:most]}


def _check_classes(index: DatasetIndex, classes: Sequence[str]) -> None:
    known = {*index.class_folders, *index.class_names}
    unknown = [name for name in classes if name not in known]
    if unknown:
        raise DatasetError(
            "unknown-class",
            f"data.classes must name classes of the data set: {', '.join(sorted(known))}. "
            f"Received: {', '.join(map(repr, unknown))}.",
        )
