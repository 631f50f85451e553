"""Corrections to a data set: an overlay on its index; no file is ever touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cnnlab.datasets.index import DatasetIndex


class Edit(StrEnum):
    """What is done to a picture."""

    EXCLUDE = "exclude"  # it is no longer used for anything
    RELABEL = "relabel"  # it belongs to another class than its folder says
    RESTORE = "restore"  # it is again what its folder says


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One edit of one picture.

    Attributes:
        path: The picture, as the index names it.
        content_hash: Of the picture that was looked at; a file with other bytes is not corrected.
        class_name: Its class from now on; None unless `edit` is RELABEL.
    """

    path: str
    content_hash: str
    edit: Edit
    class_name: str | None = None


@dataclass(slots=True)
class _Fate:
    excluded: bool = False
    class_name: str | None = None


def apply_corrections(index: DatasetIndex, corrections: Iterable[Correction]) -> DatasetIndex:
    """The index as it is with corrections, later ones winning.

    A picture can be relabelled and excluded at once. Corrections whose file has changed or gone
    are left aside; a note says how many.

    Args:
        index: What the scan found; it is not changed.
        corrections: In the order they were made.

    Returns:
        A new index, or `index` itself if no correction applies.
    """
    fates: dict[tuple[str, str], _Fate] = {}
    for correction in corrections:
        fate = fates.setdefault((correction.path, correction.content_hash), _Fate())
        match correction.edit:
            case Edit.EXCLUDE:
                fate.excluded = True
            case Edit.RELABEL:
                fate.class_name = correction.class_name
            case Edit.RESTORE:
                fate.excluded, fate.class_name = False, None
    live = {key: fate for key, fate in fates.items() if fate.excluded or fate.class_name}
    return _with_fates(index, live) if live else index


def _with_fates(index: DatasetIndex, fates: dict[tuple[str, str], _Fate]) -> DatasetIndex:
    frame = index.frame
    row_of = {
        key: row
        for row, key in enumerate(zip(frame["path"], frame["content_hash"], strict=True))
        if key in fates
    }
    classes = frame["class"].tolist()
    excluded, relabelled = set(), {}
    for key, row in row_of.items():
        path, fate = key[0], fates[key]
        if fate.excluded:
            excluded.add(path)
        if fate.class_name and fate.class_name != classes[row]:
            relabelled[path] = classes[row]
            classes[row] = fate.class_name
    names = {*index.class_folders, *(classes[row] for row in row_of.values())}
    return replace(
        index,
        frame=frame.assign(**{"class": classes}).astype({"class": "str"}),
        class_folders=tuple(sorted(names)),
        notes=(*index.notes, *_stale(len(fates) - len(row_of))),
        excluded=frozenset(excluded),
        relabelled=relabelled,
    )


def _stale(count: int) -> Sequence[str]:
    if not count:
        return []
    what = "1 correction is" if count == 1 else f"{count:,} corrections are"
    return [f"{what} left aside, because the file has changed since or is gone."]
