"""A reader of curves: says in words how a training went, and what to change.

A verdict needs some epochs (`LEAST_EPOCHS` for a trend) and a difference that is large enough to
matter and larger than the noise of the curve; the thresholds stand beside the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnlab.config import RunConfig
from cnnlab.evaluation import remedies
from cnnlab.evaluation.curve_shapes import Curves, curves_of
from cnnlab.evaluation.fit_faults import overfitting, tuned, underfitting
from cnnlab.evaluation.rate_faults import dead, exploded, too_high, too_slow
from cnnlab.evaluation.reading import (
    LEAST_EPOCHS,
    Circumstances,
    Ending,
    Kind,
    Reading,
    with_remedy,
)
from cnnlab.evaluation.remedies import Remedy

__all__ = ["LEAST_EPOCHS", "Circumstances", "Ending", "Kind", "Reading", "read_curves"]


def read_curves(
    epochs: Sequence[Mapping[str, Any]],
    config: RunConfig,
    *,
    ending: Ending = Ending.PLANNED,
    class_count: int | None = None,
    majority_share: float | None = None,
    best_epoch: int | None = None,
) -> list[Reading]:
    """Say what the curves of a run show, what matters most first.

    Args:
        epochs: One record an epoch: "epoch" (from 1), "loss", "validation_loss", "accuracy",
            "validation_accuracy", "learning_rate", and "fine_tuning" in those of a fine-tuning;
            all but the first may be missing or no number.
        config: Of the run.
        ending: How it ended.
        class_count, majority_share, best_epoch: See `Circumstances`.

    Returns:
        At least one reading for a run that has ended; none for one that goes on without a fault.
    """
    main, tuning = curves_of(epochs), curves_of(epochs, fine_tuning=True)
    about = Circumstances(
        config=config,
        ending=ending,
        class_count=class_count,
        majority_share=majority_share,
        best_epoch=best_epoch,
        in_tuning=_in_tuning(main, tuning, config),
    )
    faults = [reading for reading in (_fault(main, about), tuned(main, tuning, about)) if reading]
    if ending is Ending.GOING_ON:
        return faults
    ended = _early_end(len(epochs), about)
    if ended is not None:
        faults.append(_without_repeated_change(ended, faults))
    if faults:
        return faults
    return [_fine(about) if _known(epochs) >= LEAST_EPOCHS else _too_short(epochs, about)]


def _in_tuning(main: Curves, tuning: Curves, config: RunConfig) -> bool:
    """Whether the fine-tuning had begun; an epoch in which it explodes is not recorded."""
    if len(tuning) or tuning.exploded_at is not None:
        return True
    training = config.training
    return training.fine_tuning is not None and len(main) >= training.epochs


def _fault(curves: Curves, about: Circumstances) -> Reading | None:
    """The first fault that explains the curves; what comes behind it would follow from it."""
    rules = (exploded, too_high, dead, too_slow, overfitting, underfitting)
    return next((found for rule in rules if (found := rule(curves, about))), None)


def _early_end(epochs: int, about: Circumstances) -> Reading | None:
    planned, best = about.config.training.total_epochs, about.best_epoch
    kept = "" if best is None else f" The network of epoch {best} is kept."
    if about.ending is Ending.EARLY:
        rule = about.config.training.early_stopping
        waited = "" if rule is None else f", as {rule.patience} epochs had brought nothing better"
        sentence = f"Early stopping ended the training after epoch {epochs} of {planned}{waited}."
        return with_remedy(
            Kind.STOPPED_EARLY, sentence + kept, remedies.more_patience(about.config)
        )
    if about.ending is Ending.BY_USER and epochs:
        sentence = f"The training was stopped after epoch {epochs} of {planned}.{kept}"
        return Reading(
            kind=Kind.STOPPED_EARLY, sentence=sentence, advice="Resume it to train the rest."
        )
    return None


def _without_repeated_change(ended: Reading, faults: Sequence[Reading]) -> Reading:
    """The same reading, without a change that a fault asks for already."""
    if not ended.changes or all(fault.changes != ended.changes for fault in faults):
        return ended
    return Reading(kind=ended.kind, sentence=ended.sentence, advice="")


def _known(epochs: Sequence[Mapping[str, Any]]) -> int:
    """How many epochs have both losses."""
    return sum(
        record.get("loss") is not None and record.get("validation_loss") is not None
        for record in epochs
    )


def _too_short(epochs: Sequence[Mapping[str, Any]], about: Circumstances) -> Reading:
    known = _known(epochs)
    both = "" if known == len(epochs) else " with both losses"
    sentence = f"{known} epoch{'' if known == 1 else 's'}{both}: too few to read the curves."
    if about.ending is Ending.BROKEN or about.config.training.epochs >= 2 * LEAST_EPOCHS:
        return Reading(kind=Kind.TOO_SHORT, sentence=sentence, advice="")
    changes = {"training.epochs": 2 * LEAST_EPOCHS}
    advice = f"Train for {2 * LEAST_EPOCHS} epochs."
    remedy = Remedy(advice, changes, f"{2 * LEAST_EPOCHS} epochs")
    return with_remedy(Kind.TOO_SHORT, sentence, remedy)


def _fine(about: Circumstances) -> Reading:
    kept = "" if about.best_epoch is None else f" The network of epoch {about.best_epoch} is kept."
    return Reading(
        kind=Kind.FINE,
        sentence=f"Nothing in the curves asks for a change.{kept}",
        advice="",
    )
