"""What a rule for pictures of none of the classes is worth, in words."""

from __future__ import annotations

from cnnlab.evaluation.rejection import Rejection
from cnnlab.evaluation.wording import percent

KINDS = {
    "noise": "Noise",
    "blank": "Blank pictures",
    "text": "Text",
    "texture": "Textures",
    "digits": "Handwritten digits",
    "scenes": "Drawn scenes",
}


def rejection_sentence(found: Rejection) -> str:
    """How many pictures of none of the classes get through, as plain text."""
    if not found.negatives:
        return "It was not judged: there were no pictures of none of the classes."
    low, high = found.interval
    plain = percent(found.accepted_by_confidence / found.negatives)
    return (
        f"Of {found.negatives:,} pictures of none of its classes it takes "
        f"{percent(found.accepted / found.negatives)} for one of them ({percent(low)} to "
        f"{percent(high)}); by confidence alone it would be {plain}."
    )


def kept_sentence(found: Rejection) -> str:
    """What the rule costs, as plain text."""
    if not found.judged:
        return ""
    how = ", each half by the rule of the other half" if found.judged_by == "validation" else ""
    return (
        f"It keeps {percent(found.kept / found.judged)} of {found.judged:,} {found.judged_by} "
        f"pictures{how}; the rest it would wrongly send away."
    )


def method_sentence(found: Rejection) -> str:
    """How the rule decides, as plain text."""
    if found.weight:
        doubt = f", and {found.weight:g} times how much it doubts its answer"
    else:
        doubt = "; its confidence adds nothing here"
    return (
        "A picture is strange when its features are far from those of the nearest training "
        f"pictures{doubt}. The threshold keeps 95 % of {found.fitted_on:,} validation pictures. "
        "The strange pictures are drawn by cnnlab: they stand for others only in part."
    )
