"""What a finding about a data set is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
