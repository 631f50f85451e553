"""Faults of a training that learns too little from its pictures, or learns them by heart."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.evaluation import remedies
from cnnlab.evaluation.curve_shapes import (
    Curves,
    Floats,
    falls,
    noise,
    smooth,
    tail_length,
    tail_mean,
)
from cnnlab.evaluation.rate_faults import explosion_sentence
from cnnlab.evaluation.reading import (
    LEAST_EPOCHS,
    Circumstances,
    Ending,
    Kind,
    Reading,
    with_remedy,
)
from cnnlab.evaluation.remedies import ANNEALED, Remedy

_RISE, _LEAST_RISE = 0.06, 0.02  # of the validation loss: share of its lowest value, and at least
_RISE_WITH_GAP = 0.03  # the share where the accuracies lie apart too
_TINY_LOSS = 0.05  # of log(n): a training loss that cannot fall much more
_LEARNT_BY_HEART = 0.7  # times: how far training falls while validation stands still
_GAP = 0.08  # between the accuracies on training and on validation pictures
_STILL_FALLS = 0.04  # share by which a loss falls from one quarter of the run to the next
_SKILLED, _POOR = 0.9, 0.5  # 0 is naming the largest class, 1 is always right
_WORSE_TUNED = 1.25


def overfitting(curves: Curves, about: Circumstances) -> Reading | None:
    """The validation loss rises, or stands still, while the training loss falls."""
    if len(curves) < LEAST_EPOCHS or not curves.complete:
        return None
    training, validation = curves.loss, curves.validation_loss
    course = smooth(validation)
    lowest = int(np.argmin(course))
    after = len(curves) - 1 - lowest
    length = max(2, (after + 1) // 3)
    end, end_training = validation[-length:].mean(), training[-length:].mean()
    rise = _RISE_WITH_GAP if curves.accuracy_gap > _GAP else _RISE
    needed = max(rise * course[lowest], _LEAST_RISE)
    needed = max(needed, 2.5 * noise(validation) * math.sqrt(1 / length + 1 / 3))
    chance = about.chance_loss if math.isfinite(about.chance_loss) else training[0]
    falling = end_training < 0.95 * smooth(training)[lowest] or end_training < _TINY_LOSS * chance
    if after >= 2 and end - course[lowest] > needed and falling:
        nearby = slice(max(0, lowest - 1), lowest + 2)
        epoch = int(curves.epochs[nearby][np.argmin(validation[nearby])])
        sentence = (
            f"The validation loss rises after epoch {epoch}, from "
            f"{validation[nearby].min():.3g} to {end:.3g}, while the training loss goes on "
            "falling. What the network learns from there on helps on the training pictures only."
        )
        return with_remedy(Kind.OVERFITTING, sentence, remedies.against_overfitting(about.config))
    return _learns_by_heart(curves, about)


def _learns_by_heart(curves: Curves, about: Circumstances) -> Reading | None:
    """The validation loss has stood still for long, while training got much better."""
    training, validation = smooth(curves.loss), smooth(curves.validation_loss)
    lowest = validation.min()
    since = int(np.argmax(validation <= lowest + max(0.03 * lowest, noise(curves.validation_loss))))
    epochs = len(curves) - 1 - since
    end, end_training = tail_mean(curves.validation_loss), tail_mean(curves.loss)
    if epochs < max(4, len(curves) / 4) or not curves.accuracy_gap > _GAP:  # nor if it is not known
        return None
    if end_training > _LEARNT_BY_HEART * training[since] or end < 1.5 * end_training:
        return None
    sentence = (
        f"Since epoch {int(curves.epochs[since])} the network gets better on the "
        f"training pictures only. In the end it is right on {tail_mean(curves.accuracy):.0%} of "
        f"them, but on {tail_mean(curves.validation_accuracy):.0%} of the validation pictures."
    )
    return with_remedy(Kind.OVERFITTING, sentence, remedies.against_overfitting(about.config))


def underfitting(curves: Curves, about: Circumstances) -> Reading | None:
    """Both losses still fall at the planned end, or both accuracies are poor."""
    if about.ending not in (Ending.PLANNED, Ending.EARLY):
        return None
    if len(curves) < LEAST_EPOCHS or not curves.complete:
        return None
    skill = about.skill(curves.best_accuracy)
    annealed = about.config.training.schedule in ANNEALED
    highest = about.chance_loss if math.isfinite(about.chance_loss) else math.inf
    both_fall = all(
        falls(values, share=_STILL_FALLS, highest=highest)
        for values in (curves.loss, curves.validation_loss)
    )
    if both_fall and not annealed and about.ending is Ending.PLANNED and not skill > _SKILLED:
        sentence = (
            f"Both losses still fall at the end, after {len(curves)} epochs. The "
            "network has not learnt all that it could."
        )
        return with_remedy(Kind.UNDERFITTING, sentence, remedies.more_epochs(about.config))
    if skill < _POOR:
        sentence = (
            f"Even on the training pictures the network is right on only "
            f"{_share(curves.accuracy)}, and on {_share(curves.validation_accuracy)} of the "
            "validation pictures."
        )
        return with_remedy(Kind.UNDERFITTING, sentence, _growth(about, both_fall=both_fall))
    return None


def _growth(about: Circumstances, *, both_fall: bool) -> Remedy:
    """What lets a poor network learn more: time where both losses still fall, else strength."""
    if not both_fall:
        return remedies.stronger_network(about.config)
    if about.ending is Ending.EARLY:  # of more epochs it would not train one more
        return remedies.more_patience(about.config)
    return remedies.more_epochs(about.config)


def tuned(main: Curves, tuning: Curves, about: Circumstances) -> Reading | None:
    """What is wrong with a fine-tuning, held against the training before it."""
    unrecorded = about.ending is Ending.EXPLODED and about.in_tuning and main.exploded_at is None
    if tuning.exploded_at is not None or unrecorded:
        remedy = remedies.lower_rate(about.config, fine_tuning=True)
        return with_remedy(Kind.RATE_TOO_HIGH, explosion_sentence(tuning), remedy)
    before, after = main.validation_loss, tuning.validation_loss
    if not np.isfinite(before).any() or not np.isfinite(after).any():
        return None
    best, end = float(np.nanmin(before)), float(np.median(after[-tail_length(len(after)) :]))
    if end > _WORSE_TUNED * best + _LEAST_RISE:
        sentence = (
            f"Fine-tuning made the network worse: the validation loss rose from {best:.3g} to "
            f"{end:.3g}."
        )
        remedy = remedies.lower_rate(about.config, fine_tuning=True)
        return with_remedy(Kind.RATE_TOO_HIGH, sentence, remedy)
    return overfitting(tuning, about)


def _share(accuracy: Floats) -> str:
    end = tail_mean(accuracy)
    return f"{end:.0%}" if math.isfinite(end) else "an unknown share"
