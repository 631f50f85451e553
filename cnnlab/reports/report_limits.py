"""What a report warns of: what was not tested, and what makes its figures worth less."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlab.config import Colour
from cnnlab.datasets.splits import Split
from cnnlab.evaluation.agreement import gap_sentence, training_accuracy
from cnnlab.evaluation.baselines import unbeaten_sentence
from cnnlab.evaluation.learning import Ending
from cnnlab.evaluation.per_class import silent_sentences
from cnnlab.evaluation.rejection import Rejection
from cnnlab.evaluation.rejection_words import kept_sentence, rejection_sentence
from cnnlab.figures.text import clean, percent
from cnnlab.reports.readings import ending_of
from cnnlab.reports.report_data import ReportData
from cnnlab.reports.report_scores import Scores
from cnnlab.reports.report_words import listed, span

WIDE_INTERVAL = 0.1  # from here on a figure says little
FEW_PICTURES = 30  # of a class
_SMALL_SHARE = 0.5  # a class that is found less often than this


def cautions(report: ReportData) -> list[str]:
    """What must be known before any figure is read; empty for a run without a catch."""
    return [
        sentence
        for sentence in (
            _only_validation(report),
            unbeaten_sentence(report.baselines, report.run.metrics),
            _stopped(report),
            *map(clean, report.warnings),
            None if report.data.changes is None else clean(report.data.changes),
            _export_gap(report),
        )
        if sentence
    ]


def limits(report: ReportData) -> list[str]:
    """What the figures do not say, the most general first."""
    return [
        _other_pictures(report),
        _unknown_objects(report),
        *(() if report.scores is None else _of_scores(report.scores)),
        _preparation(report),
        _repeats(report),
        "Nobody looked at who is in the pictures, or at how good it is for groups within a class.",
    ]


def _other_pictures(report: ReportData) -> str:
    return (
        f"It was tested on pictures from the same collection as it learnt from ({_name(report)}). "
        "How good it is on pictures from another camera, place or time was not measured."
    )


def _unknown_objects(report: ReportData) -> str:
    if isinstance(report.unknown, Rejection):
        found = report.unknown
        return (
            f"{rejection_sentence(found)} {kept_sentence(found)} Other strange pictures may differ."
        )
    count = len(report.class_names)
    of = f"one of its {count:,} classes" if count else "a class"
    return f"Every picture gets {of}, also one that shows something else entirely."


def _of_scores(scores: Scores) -> Iterator[str]:
    evaluation, interval = scores.evaluation, scores.interval
    kind = scores.split.value
    if interval.high - interval.low > WIDE_INTERVAL:
        yield (
            f"There are only {evaluation.images:,} {kind} pictures, so the accuracy is known no "
            f"better than {span(interval)}."
        )
    if scores.uneven:
        yield (
            "Some classes have far more pictures than others, and the large ones decide the "
            f"accuracy. With every class counting the same it is "
            f"{percent(evaluation.balanced_accuracy)} (balanced accuracy)."
        )
    few = [row.name for row in scores.classes if 0 < row.scores.support < FEW_PICTURES]
    weak = [
        row.name
        for row in scores.classes
        if row.scores.support and row.scores.recall < _SMALL_SHARE
    ]
    yield from map(clean, silent_sentences(evaluation))
    if few:
        yield f"Fewer than {FEW_PICTURES} {kind} pictures show {_some(few)}: read with care."
    if weak:
        yield f"It misses more than half of the pictures of {_some(weak)}."


def _preparation(report: ReportData) -> str:
    data = report.config.data
    colour = " in grey" if data.colour is Colour.GREY else ""
    return (
        f"It sees every picture{colour} at {data.size} × {data.size} pixels; what is too small to "
        "be seen at that size is lost on it."
    )


def _repeats(report: ReportData) -> str:
    name = f"{report.split}_accuracy"
    reached = [run.metrics[name] for run in report.repeats if name in run.metrics]
    if len(reached) < 2:
        return (
            "It was trained once. Another seed gives somewhat other figures; only repeats tell "
            "how much."
        )
    return (
        f"Trained with {len(reached)} different seeds, such a network reaches "
        f"{percent(min(reached))} to {percent(max(reached))}: how good one turns out is partly "
        "luck."
    )


def _only_validation(report: ReportData) -> str | None:
    if report.split is not Split.VALIDATION:
        return None
    return (
        "There were no test pictures. The figures come from the validation pictures, by which the "
        "best epoch was chosen, so they may be a little too good."
    )


def _stopped(report: ReportData) -> str | None:
    run, epochs = report.run, len(report.epochs)
    match ending_of(run, epochs):
        case Ending.PLANNED | Ending.EARLY:
            return None
        case Ending.BY_USER:
            return (
                f"The training was stopped by hand after {epochs:,} of at most "
                f"{run.config.training.total_epochs:,} epochs."
            )
        case Ending.EXPLODED:
            return (
                f"The loss became infinite after {epochs:,} epochs and ended the training; the "
                "best network until then was kept."
            )
        case _:
            return (
                f"The run is {run.state}: the figures are those of the network that it has left "
                "so far."
            )


def _export_gap(report: ReportData) -> str | None:
    trained = training_accuracy(report.run.results, report.epochs)
    return gap_sentence(trained, report.run.metrics.get("validation_accuracy"))


def _some(names: list[str]) -> str:
    """Some names, and how many more there are."""
    shown = names[:5]
    return listed(shown) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def _name(report: ReportData) -> str:
    return f"“{clean(report.data.name)}”"
