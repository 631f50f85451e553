"""What is wrong, or worth knowing, about the pictures of a data set; and what to do about it.

Everything here is arithmetic on what was found before (index, measures, pairs of near copies,
shortcuts), so a page can ask again after every correction.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cnnlab.datasets.balance import is_uneven, majority_baseline
from cnnlab.datasets.copies import copy_groups
from cnnlab.datasets.findings import Finding, Groups, Kind, Severity
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.measures import Measures
from cnnlab.datasets.oddities import odd_files, odd_looks
from cnnlab.datasets.shortcuts import TOGETHER, Shortcuts

_CONTENT_FACTS = frozenset({"bytes", TOGETHER})  # which busy pictures differ in by nature
_TOO_TELLING = 0.5  # share of what is to gain, from which busyness alone is a poor explanation
_SPLITS = ("train", "validation", "test")


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
        *odd_files(index),
    ]
    if measures is not None:
        found += odd_looks(index, measures)
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
        advice="Keep the copy that is held back longest, in test rather than in validation, and "
        "exclude the others: figures on pictures that the network was trained on, or chosen by, "
        "look better than they are.",
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
    most = (max(alone.values()) - shortcuts.baseline) / (1 - shortcuts.baseline)
    only_busier = set(alone) <= _CONTENT_FACTS and most < _TOO_TELLING
    return [
        Finding(
            kind=Kind.SHORTCUT,
            severity=Severity.NOTE if only_busier else Severity.WARNING,
            title="File facts that give the class away",
            count=len(alone),
            sentence=f"Without looking at a single pixel the class can be told from: {listed}. "
            f"Always naming the largest class reaches {shortcuts.baseline:.1%}.",
            advice="The number of bytes alone may only mean that some classes are busier. Anything "
            "else hints at classes from different sources: a network may learn the source instead "
            "of what is shown, so test it on pictures from elsewhere.",
        )
    ]


def _flat(groups: Groups) -> tuple[str, ...]:
    return tuple(path for group in groups for path in group)


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count:,} pictures are"


def _files_word(count: int, *, plain: bool = False) -> str:
    if plain:
        return "1 further file" if count == 1 else f"{count:,} further files"
    return "1 file is" if count == 1 else f"{count:,} files are"
