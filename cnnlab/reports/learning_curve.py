"""The learning curve of a run, out of the runs on parts of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets.splits import Split
from cnnlab.errors import RunError
from cnnlab.evaluation.comparison import PairedComparison, compare_paired
from cnnlab.evaluation.final import judged_splits
from cnnlab.evaluation.more_data import CurvePoint, LearningCurve
from cnnlab.evaluation.predictions import Predictions, read_predictions
from cnnlab.runs.run_files import read_split
from cnnlab.runs.runs import Run
from cnnlab.runs.shares import share_runs
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesReport:
    """Where the trainings on parts of the pictures stand.

    Attributes:
        runs: The newest run of each share, from the smallest share.
        curve: Of those that have a network; all were judged by the same pictures.
        left_out: Why a run with a network is not on the curve, by its id.
    """

    runs: Mapping[float, Run]
    curve: LearningCurve
    left_out: Mapping[str, str]


def shares_report(store: Store, workspace: Workspace, run: Run) -> SharesReport:
    """Gather the learning curve of a run on all of its training pictures.

    Raises:
        RunError: If the run was trained on a part of its pictures itself, or its own predictions
            cannot be read.
    """
    runs = share_runs(store, run)
    whole = read_predictions(_files(workspace, run).predictions)
    split = next(iter(judged_splits(whole)), Split.VALIDATION)
    asked = whole.select(split.value)
    points: list[CurvePoint] = []
    right: list[NDArray[np.bool_]] = []
    left_out: dict[str, str] = {}
    for share, each in runs.items():
        if not each.has_model:
            continue
        try:
            answers = asked
            if each.id != run.id:
                answers = read_predictions(_files(workspace, each).predictions).select(split.value)
                _require_same_pictures(asked, answers)
            pictures = _training_pictures(_files(workspace, each))
        except RunError as error:
            if each.id == run.id:
                raise
            left_out[each.id] = error.message
            continue
        right.append(answers.predicted == answers.true)
        points.append(
            CurvePoint(
                share=share,
                pictures=pictures,
                right=int(right[-1].sum()),
                judged=len(answers),
                run_id=each.id,
            )
        )
    gain: PairedComparison | None = None
    if len(right) > 1:
        gain = compare_paired(right[-2], right[-1])
    curve = LearningCurve(split=split.value, points=tuple(points), last_gain=gain)
    return SharesReport(runs=runs, curve=curve, left_out=left_out)


def _files(workspace: Workspace, run: Run) -> RunFiles:
    return RunFiles(workspace.run_folder(run.id))


def _training_pictures(files: RunFiles) -> int:
    return int((read_split(files, ["split"])["split"] == Split.TRAIN.value).sum())


def _require_same_pictures(asked: Predictions, answers: Predictions) -> None:
    same = (
        asked.class_names == answers.class_names
        and asked.paths == answers.paths
        and np.array_equal(asked.true, answers.true)
    )
    if not same:
        raise RunError(
            "other-pictures",
            "It was judged by other pictures: the data set has changed between the trainings. "
            "Train the run on all pictures again.",
        )
