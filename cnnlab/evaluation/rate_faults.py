"""Faults of a training whose learning rate is wrong, or whose units are dead.

Losses are held against log(n_classes), the loss of a network that knows nothing.
"""

from __future__ import annotations

import math

import numpy as np

from cnnlab.config import Optimizer
from cnnlab.evaluation import remedies
from cnnlab.evaluation.curve_shapes import Curves, Floats, noise, smooth, steadiness, tail_mean
from cnnlab.evaluation.reading import (
    LEAST_EPOCHS,
    Circumstances,
    Ending,
    Kind,
    Reading,
    with_remedy,
)

_ABOVE_CHANCE = 1.15  # times log(n): such a loss is worse than knowing nothing
_LEAP = 0.1  # a loss that rises by a tenth in one epoch ...
_LEAPS = 0.25  # ... in a quarter of the epochs oscillates
_COLLAPSE = 0.3  # of log(n), above the lowest loss
_STILL = 0.03  # share of the loss within which a dead network stays
_DRIFT = 0.007  # and share by which its two halves may differ
_BY_CHANCE = 0.05  # accuracy above that of the largest class
_TINY_RATE = 1e-5  # below it, a network that stands still is not dead but slow
_SLOW_EPOCH, _SLOW_WHOLE = 0.04, 0.45  # shares of the first loss that a slow training gains
_TURNED = 0.01  # share above its lowest value: a validation loss that no longer falls
_STEADY = 0.55  # slope of its second half against that of the first
_ROOM = {Optimizer.SGD: 0.1}  # rates that may still be raised
_ROOM_ADAPTIVE = 3e-3
_WEAK = 0.6  # skill of a network that has not got far: 0 is chance, 1 is always right


def exploded(curves: Curves, about: Circumstances) -> Reading | None:
    """A loss is infinite or no number, before any fine-tuning."""
    if curves.exploded_at is None and (about.ending is not Ending.EXPLODED or about.in_tuning):
        return None
    remedy = remedies.lower_rate(about.config)
    return with_remedy(Kind.RATE_TOO_HIGH, explosion_sentence(curves), remedy)


def explosion_sentence(curves: Curves) -> str:
    """That a loss exploded, and when where the epoch was recorded."""
    when = "" if curves.exploded_at is None else f" in epoch {curves.exploded_at}"
    return f"The loss became infinite or no number at all{when}."


def too_high(curves: Curves, about: Circumstances) -> Reading | None:
    """The training loss is above chance, leaps up and down, or has collapsed."""
    loss = curves.loss[np.isfinite(curves.loss)]
    if len(loss) < 2:
        return None
    sentence = ""
    chance = about.chance_loss
    late = float(np.median(loss[len(loss) // 2 :]))
    if late > _ABOVE_CHANCE * chance:
        sentence = (
            f"The training loss stays around {late:.3g}; a network that knows nothing has "
            f"{chance:.3g}."
        )
    elif len(loss) >= LEAST_EPOCHS:
        sentence = _leaps(loss, chance)
    if not sentence:
        return None
    return with_remedy(Kind.RATE_TOO_HIGH, sentence, remedies.lower_rate(about.config))


def _leaps(loss: Floats, chance: float) -> str:
    """A sentence about a training loss that does not fall as it should, or an empty one."""
    scale = chance if math.isfinite(chance) else float(loss[0])
    rises = np.diff(loss) > _LEAP * np.maximum(loss[:-1], 0.25 * scale)
    if rises.sum() >= max(2, _LEAPS * len(rises)):
        return f"The training loss leaps up in {int(rises.sum())} of {len(rises)} epochs."
    course = smooth(loss)
    lowest, end = int(np.argmin(course)), tail_mean(loss)
    if end - course[lowest] > max(_COLLAPSE * scale, 4 * noise(loss)):
        return (
            f"The training loss was lowest in epoch {lowest + 1} and has risen from "
            f"{course[lowest]:.3g} to {end:.3g} since."
        )
    return ""


def dead(curves: Curves, about: Circumstances) -> Reading | None:
    """From the second epoch on nothing moves, and the answers are as good as chance."""
    loss = curves.loss[1:]
    chance = about.chance_loss
    if len(loss) < 2 or not np.isfinite(loss).all() or not math.isfinite(chance):
        return None
    level = float(np.median(loss))
    half = len(loss) // 2
    drift = abs(loss[:half].mean() - loss[half:].mean())
    if np.ptp(loss) > _STILL * level or drift > _DRIFT * level or level < 0.5 * chance:
        return None
    accuracies = [
        float(known.mean())
        for values in (curves.accuracy, curves.validation_accuracy)
        if len(known := values[np.isfinite(values)])
    ]
    if not accuracies or max(accuracies) > about.chance + _BY_CHANCE:
        return None
    if about.config.training.learning_rate <= _TINY_RATE:
        sentence = "Nothing moves at all."
        remedy = remedies.higher_rate(about.config, factor=100)
        return with_remedy(Kind.RATE_TOO_LOW, sentence, remedy)
    sentence = (
        f"It has learnt nothing: its loss stays at {level:.3g} (log of "
        f"{about.class_count} classes is {chance:.3g}) and its accuracy at chance in every epoch. "
        "Its units are probably dead."
    )
    return with_remedy(Kind.DEAD, sentence, remedies.lower_rate(about.config))


def too_slow(curves: Curves, about: Circumstances) -> Reading | None:
    """The training loss falls a little in each epoch, along a straight line, and stays high.

    Where the validation loss no longer falls with it, larger steps would not help.
    """
    loss = curves.loss
    if len(loss) < LEAST_EPOCHS or not np.isfinite(loss).all() or about.ending is Ending.GOING_ON:
        return None
    gain = (loss[0] - tail_mean(loss)) / loss[0]
    slow = _DRIFT < gain < min(_SLOW_WHOLE, _SLOW_EPOCH * (len(loss) - 1))
    training = about.config.training
    room = training.learning_rate <= _ROOM.get(training.optimizer, _ROOM_ADAPTIVE)
    if not (slow and room) or float(np.mean(np.diff(smooth(loss)) < 0)) < 0.75:
        return None
    if _has_turned(curves.validation_loss):
        return None
    if about.skill(curves.best_accuracy) > _WEAK or steadiness(loss, curves.rate) < _STEADY:
        return None
    sentence = f"The training loss falls slowly and steadily, by {gain:.0%} in {len(loss)} epochs."
    remedy = remedies.higher_rate(about.config, factor=10 if gain < 0.15 else 3)
    return with_remedy(Kind.RATE_TOO_LOW, sentence, remedy)


def _has_turned(validation_loss: Floats) -> bool:
    """Whether it was clearly lower before its end; unknown values tell nothing."""
    known = validation_loss[np.isfinite(validation_loss)]
    if not len(known):
        return False
    course = smooth(known)
    lowest = float(course.min())
    return float(course[-1]) > lowest + max(_TURNED * lowest, 2 * noise(known))
