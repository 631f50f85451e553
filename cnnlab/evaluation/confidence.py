"""What a calibration says in words, before and after a temperature that was fitted elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnlab.evaluation.calibration import (
    Calibration,
    Coverage,
    apply_temperature,
    calibrate,
    fit_temperature,
)
from cnnlab.evaluation.predictions import IntArray, Predictions

WELL_CALIBRATED = 0.02  # from here on the mean confidence is called off
_SEED = 0


@dataclass(frozen=True, slots=True)
class ConfidenceReport:
    """How far a network's probabilities can be trusted.

    Attributes:
        before: Of the probabilities as they are.
        after: Of the same pictures at the temperature.
        temperature: Fitted on other pictures than those that judge it.
        fitted_on: Those other pictures, in words.
        judged_by: The pictures that judge, in words.
    """

    before: Calibration
    after: Calibration
    temperature: float
    fitted_on: str
    judged_by: str


def confidence_report(validation: Predictions, test: Predictions) -> ConfidenceReport | None:
    """Fit a temperature on validation pictures and judge it by test pictures.

    Without test pictures, half of the validation pictures fit and the other half judge; without
    validation pictures the same with the test pictures. None with fewer than two pictures.

    Args:
        validation, test: Predictions of each split; either may be empty.
    """
    if len(validation) and len(test):
        temperature = fit_temperature(validation.true, validation.probabilities)
        judged, words = test, ("the validation pictures", f"{len(test):,} test pictures")
        return _report(judged, np.arange(len(test)), temperature, words)
    only, name = (validation, "validation") if len(validation) else (test, "test")
    if len(only) < 2:
        return None
    order = np.random.default_rng(_SEED).permutation(len(only))
    half = len(only) // 2
    fitting, judging = order[:half], order[half:]
    temperature = fit_temperature(only.true[fitting], only.probabilities[fitting])
    words = (f"half of the {name} pictures", f"the other {len(judging):,} {name} pictures")
    return _report(only, judging, temperature, words)


def confidence_sentence(report: ConfidenceReport) -> str:
    """Whether a network is too sure of itself, as plain text."""
    before = report.before
    said, right = before.confidence, before.accuracy
    front = f"On average it says {said:.1%} and is right in {right:.1%} of the pictures"
    gap = said - right
    if abs(gap) < WELL_CALIBRATED:
        return f"{front}: its confidence can be taken at its word."
    if gap > 0:
        return f"{front}: it is too sure of itself, by {100 * gap:.1f} points."
    return f"{front}: it is more careful than it need be, by {-100 * gap:.1f} points."


def temperature_sentence(report: ConfidenceReport) -> str:
    """What the temperature brings, as plain text."""
    before, after = (100 * each.expected_error for each in (report.before, report.after))
    front = (
        f"A temperature of {report.temperature:.2f}, fitted on {report.fitted_on} and judged by "
        f"{report.judged_by}, brings the expected calibration error from {before:.1f} to "
        f"{after:.1f} points"
    )
    if after < before:
        return f"{front}. It changes no answer, only how sure it sounds."
    return f"{front}: there is nothing to gain."


def coverage_sentence(coverage: Coverage) -> str:
    """What a threshold means for the work that is left, as plain text."""
    front = f"From {coverage.threshold:.0%} on"
    if coverage.accuracy is None:
        return f"{front} it answers none of the {coverage.images:,} pictures."
    low, high = coverage.interval
    rest = coverage.images - coverage.answered
    sentence = (
        f"{front} it answers {coverage.share:.1%} of the pictures and is right about "
        f"{coverage.accuracy:.1%} of them ({low:.1%} to {high:.1%})"
    )
    if not rest:
        return f"{sentence}; none is left for a person."
    return f"{sentence}; the other {rest:,} go to a person."


def _report(
    judged: Predictions, rows: IntArray, temperature: float, words: tuple[str, str]
) -> ConfidenceReport:
    true, probabilities = judged.true[rows], judged.probabilities[rows]
    return ConfidenceReport(
        before=calibrate(true, probabilities),
        after=calibrate(true, apply_temperature(probabilities, temperature)),
        temperature=temperature,
        fitted_on=words[0],
        judged_by=words[1],
    )
