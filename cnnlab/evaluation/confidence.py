"""What a calibration says in words, before and after a temperature that was fitted elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnlab.evaluation.calibration import (
    HOTTEST,
    Calibration,
    Coverage,
    apply_temperature,
    calibrate,
    fit_temperature,
)
from cnnlab.evaluation.predictions import FloatArray, IntArray, Predictions
from cnnlab.evaluation.wording import percent

WELL_CALIBRATED = 0.02  # from here on the mean confidence is called off
_SEED = 0


@dataclass(frozen=True, slots=True)
class ConfidenceReport:
    """How far a network's probabilities can be trusted.

    Attributes:
        before: Of the probabilities as they are.
        after: Of the same pictures at the temperature; no picture is judged by a temperature that
            it helped to fit.
        temperature: Fitted on the pictures of `fitted_on`; 1 where they hold no mistake.
        fitted_on: Pictures in words, such as "the validation pictures".
        judged_by: The pictures of `before` and `after`, in words.
        mistakes: Pictures that the temperature was fitted on and that were not recognised.
    """

    before: Calibration
    after: Calibration
    temperature: float
    fitted_on: str
    judged_by: str
    mistakes: int


def confidence_report(validation: Predictions, test: Predictions) -> ConfidenceReport | None:
    """Fit a temperature on validation pictures and judge it by test pictures.

    Without test pictures, the validation pictures do both: each half is judged by the temperature
    of the other half. Without validation pictures the same with the test pictures. None with fewer
    than two pictures, or where a probability is no number.

    Args:
        validation, test: Predictions of each split; either may be empty.
    """
    if count_without_numbers(validation) or count_without_numbers(test):
        return None
    if len(validation) and len(test):
        temperature, mistakes = _fit(validation.true, validation.probabilities)
        after = calibrate(test.true, apply_temperature(test.probabilities, temperature))
        return ConfidenceReport(
            before=calibrate(test.true, test.probabilities),
            after=after,
            temperature=temperature,
            fitted_on="the validation pictures",
            judged_by=f"{len(test):,} test pictures",
            mistakes=mistakes,
        )
    only, name = (validation, "validation") if len(validation) else (test, "test")
    if len(only) < 2:
        return None
    temperature, mistakes = _fit(only.true, only.probabilities)
    return ConfidenceReport(
        before=calibrate(only.true, only.probabilities),
        after=calibrate(only.true, _by_the_other_half(only)),
        temperature=temperature,
        fitted_on=f"the {name} pictures",
        judged_by=f"the same {len(only):,} pictures, each half with the other half's temperature",
        mistakes=mistakes,
    )


def count_without_numbers(predictions: Predictions) -> int:
    """Pictures for which a network gave something else than numbers."""
    return int((~np.isfinite(predictions.probabilities)).any(axis=1).sum())


def confidence_sentence(report: ConfidenceReport) -> str:
    """Whether a network is too sure of itself, as plain text."""
    before = report.before
    said, right = before.confidence, before.accuracy
    front = f"On average it says {percent(said)} and is right in {percent(right)} of the pictures"
    gap, (low, high) = said - right, before.interval
    if abs(gap) < WELL_CALIBRATED:
        if before.worst_level is not None:
            return f"{front}: on average, the two agree."
        return f"{front}: its confidence can be taken at its word."
    if low <= said <= high:
        return f"{front}: with {before.images:,} pictures, that may be chance."
    if gap > 0:
        return f"{front}: it is too sure of itself, by {100 * gap:.1f} points."
    return f"{front}: it is more careful than it need be, by {-100 * gap:.1f} points."


def level_sentence(report: ConfidenceReport) -> str | None:
    """At which confidence it is off most, as plain text; None where only chance makes it so."""
    worst = report.before.worst_level
    if worst is None:
        return None
    low, high = worst.interval
    return (
        f"Where it says about {percent(worst.confidence)}, it is right in "
        f"{percent(worst.accuracy)} of {worst.count:,} pictures "
        f"({percent(low)} to {percent(high)})."
    )


def temperature_sentence(report: ConfidenceReport) -> str:
    """What the temperature brings, as plain text."""
    if not report.mistakes:
        return (
            f"It is right about all of {report.fitted_on}, so they cannot say how unsure it should "
            "be: no temperature is fitted."
        )
    before, after = (100 * each.expected_error for each in (report.before, report.after))
    which = f"A temperature of {report.temperature:.2f}, fitted on {report.fitted_on},"
    if report.temperature >= HOTTEST:
        which = (
            f"The highest temperature that is tried, {HOTTEST:.0f}, fits {report.fitted_on} best: "
            "its probabilities say next to nothing. It"
        )
    if after < before:
        return (
            f"{which} brings the expected calibration error from {before:.1f} to "
            f"{after:.1f} points, judged by {report.judged_by}. It changes no answer, only how "
            "sure it sounds."
        )
    return (
        f"{which} gains nothing: the expected calibration error is {before:.1f} "
        f"points without it and {after:.1f} with it, judged by {report.judged_by}."
    )


def chance_sentence(report: ConfidenceReport) -> str:
    """What the calibration error is, and how much of it chance makes, as plain text."""
    before = report.before
    return (
        "The expected calibration error is the mean distance of accuracy from confidence. With "
        f"{before.images:,} pictures, a network whose probabilities are exactly right would show "
        f"about {100 * before.chance_error:.1f} points."
    )


def coverage_sentence(coverage: Coverage) -> str:
    """What a threshold means for the work that is left, as plain text."""
    front = f"From {coverage.threshold:.0%} on"
    if coverage.accuracy is None:
        return f"{front} it answers none of the {coverage.images:,} pictures."
    low, high = coverage.interval
    right = (
        f"is right about {percent(coverage.accuracy)} of them ({percent(low)} to {percent(high)})"
    )
    if coverage.answered == coverage.images:
        return f"{front} it answers all pictures and {right}; none is left for a person."
    return (
        f"{front} it answers {percent(coverage.share)} of the pictures and {right}; the other "
        f"{percent(1 - coverage.share)} go to a person."
    )


def _fit(true: IntArray, probabilities: FloatArray) -> tuple[float, int]:
    """The temperature of some pictures, and the mistakes among them; 1 without any."""
    mistakes = int((probabilities.argmax(axis=1) != true).sum())
    return (fit_temperature(true, probabilities) if mistakes else 1.0), mistakes


def _by_the_other_half(predictions: Predictions) -> FloatArray:
    """All probabilities, each at a temperature that was fitted on the half without it."""
    order = np.random.default_rng(_SEED).permutation(len(predictions))
    one, other = np.array_split(order, 2)
    mended = np.empty(predictions.probabilities.shape)
    for judged, fitting in ((one, other), (other, one)):
        temperature, _ = _fit(predictions.true[fitting], predictions.probabilities[fitting])
        mended[judged] = apply_temperature(predictions.probabilities[judged], temperature)
    return mended
