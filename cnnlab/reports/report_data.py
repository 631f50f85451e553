"""Everything that a run's report says, gathered from store and workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cnnlab.config import RunConfig
from cnnlab.config.differences import FieldValue, config_fields
from cnnlab.datasets.splits import Split
from cnnlab.errors import ConfigError, RunError
from cnnlab.evaluation.baselines import Baseline, deciding_split, stored_baselines
from cnnlab.evaluation.predictions import read_predictions
from cnnlab.evaluation.rejection import Rejection
from cnnlab.inference.rejection import read_rejection
from cnnlab.reports.leaderboard import board_rows
from cnnlab.reports.report_examples import Example, random_examples, worst_examples
from cnnlab.reports.report_files import FileFact, file_facts, made_with, versions_here
from cnnlab.reports.report_scores import Scores, scores_of
from cnnlab.runs.datasets import Dataset, find_dataset
from cnnlab.runs.own_recipes import find_recipe
from cnnlab.runs.provenance import corrections_used, data_changes
from cnnlab.runs.runs import (
    EpochRecord,
    Run,
    epoch_records,
    get_run,
    list_runs,
    require_model,
    run_events,
)
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, Workspace

Counts = Mapping[str, Mapping[Split, int]]  # pictures by class and use


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What the run learnt from and was judged by.

    Attributes:
        source: Such as "folder"; None where the data set is gone.
        counts: Pictures by class and use; empty where nothing tells.
        noted: What the run kept of its data set: fingerprint and counts; empty for older runs.
        changes: A sentence if the data set is gone or is not as it was, else None.
        corrections: A sentence if there were any, else None.
    """

    name: str
    source: str | None
    counts: Counts
    noted: Mapping[str, Any]
    changes: str | None
    corrections: str | None

    def total(self, split: Split) -> int:
        """Pictures of one use."""
        return sum(uses[split] for uses in self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """The facts of one report; whatever is missing is empty or None, and `missing` says why.

    Attributes:
        scores: Figures on the pictures that decide; None without stored predictions.
        sample, mistakes: Ten pictures drawn at random, and the mistakes it was surest of.
        repeats: This run and those that differ from it by the training's seed only.
        warnings: What was noted while it ran.
        unknown: How it tells pictures of none of its classes; None where it does not.
        recipe_defaults: Fields of the recipe's own configuration; None if nobody knows it any more.
        made_with: Versions of the programs that made the network, as far as they are known.
        written_with: Versions of the programs that gathered these facts.
        missing: Sentences on what could not be found.
    """

    run: Run
    class_names: tuple[str, ...]
    epochs: tuple[EpochRecord, ...]
    scores: Scores | None
    baselines: tuple[Baseline, ...]
    with_pictures: bool
    sample: tuple[Example, ...]
    mistakes: tuple[Example, ...]
    data: DataFacts
    repeats: tuple[Run, ...]
    warnings: tuple[str, ...]
    unknown: Rejection | None
    recipe_defaults: Mapping[str, FieldValue] | None
    files: tuple[FileFact, ...]
    made_with: Mapping[str, str]
    written_with: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def config(self) -> RunConfig:
        """How the run was set up."""
        return self.run.config

    @property
    def split(self) -> Split | None:
        """The use of the pictures that decide: test, else validation; None without figures."""
        if self.scores is not None:
            return self.scores.split
        found = deciding_split(self.run.metrics)
        return None if found is None else Split(found)

    @property
    def accuracy(self) -> float | None:
        """Share of right answers on the pictures that decide."""
        if self.scores is not None:
            return self.scores.evaluation.accuracy
        return None if self.split is None else self.run.metrics[f"{self.split}_accuracy"]


def report_of(
    store: Store, workspace: Workspace, run_id: str, *, pictures: bool = True
) -> ReportData:
    """Gather all that a run's report says.

    Args:
        store, workspace: Where the run is.
        run_id: Of a run with a finished network.
        pictures: Show pictures of the data set; else they are told by name.

    Raises:
        RunError: If there is no such run, or it has no finished network.
    """
    run = get_run(store, run_id)
    require_model(run)
    files = RunFiles(workspace.run_folder(run.id))
    dataset = find_dataset(store, run.dataset_id)
    missing: list[str] = []
    scores = _scores(files, missing)
    folder = _folder(dataset) if pictures else None
    sample: tuple[Example, ...] = ()
    mistakes: tuple[Example, ...] = ()
    if scores is not None:
        sample = random_examples(scores.predictions, folder)
        mistakes = worst_examples(scores.predictions, folder)
    facts = _data_facts(store, run, dataset, files, missing)
    _miss_pictures(missing, (*sample, *mistakes), asked=pictures, gone=dataset is None)
    return ReportData(
        run=run,
        class_names=_class_names(run, scores, facts.counts),
        epochs=tuple(epoch_records(store, run.id)),
        scores=scores,
        baselines=_baselines(run, missing),
        with_pictures=pictures,
        sample=sample,
        mistakes=mistakes,
        data=facts,
        repeats=_repeats(store, run),
        warnings=tuple(
            event.message for event in run_events(store, run.id) if event.level == "warning"
        ),
        unknown=_unknown(files, missing),
        recipe_defaults=_recipe_defaults(store, run),
        files=file_facts(files),
        made_with=made_with(files, run.results),
        written_with=versions_here(),
        missing=tuple(missing),
    )


def _scores(files: RunFiles, missing: list[str]) -> Scores | None:
    try:
        scores = scores_of(read_predictions(files.predictions))
    except RunError as error:
        scores, damaged = None, error.reason == "predictions-damaged"
        what = "cannot be read" if damaged else "are not there"
        missing.append(
            f"The stored predictions {what}, so there are no intervals, no table of classes, no "
            "matrix and no examples."
        )
    else:
        if scores is None:
            missing.append("The network was judged by no picture at all.")
    return scores


def _unknown(files: RunFiles, missing: list[str]) -> Rejection | None:
    try:
        found = read_rejection(files)
    except RunError as error:
        missing.append(str(error))
        return None
    return found if isinstance(found, Rejection) else None


def _folder(dataset: Dataset | None) -> Path | None:
    return None if dataset is None else dataset.location


def _miss_pictures(
    missing: list[str], examples: tuple[Example, ...], *, asked: bool, gone: bool
) -> None:
    """Say why pictures are told by name."""
    lost = sum(example.jpeg is None for example in examples)
    if not asked or not lost:
        return
    if gone:
        missing.append(
            "The data set is no longer in the workspace, so its pictures are told by name."
        )
    else:
        missing.append(
            f"{lost} of the {len(examples)} pictures to show are gone from their folder or cannot "
            "be read; they are told by name."
        )


def _data_facts(
    store: Store, run: Run, dataset: Dataset | None, files: RunFiles, missing: list[str]
) -> DataFacts:
    counts: Counts = {}
    try:
        counts = _counts(pd.read_parquet(files.split, columns=["class", "split"]))
    except (OSError, ValueError, KeyError):
        missing.append(
            f"The file {files.split.name} cannot be read, so it is not known which picture was "
            "used for what."
        )
    noted = run.results.get("data")
    return DataFacts(
        name=run.dataset_name,
        source=None if dataset is None else dataset.source.value,
        counts=counts,
        noted=noted if isinstance(noted, Mapping) else {},
        changes=data_changes(store, run),
        corrections=corrections_used(run),
    )


def _counts(frame: pd.DataFrame) -> Counts:
    table = pd.crosstab(frame["class"], frame["split"])
    return {
        str(name): {split: int(row.get(split.value, 0)) for split in Split}
        for name, row in table.iterrows()
    }


def _class_names(run: Run, scores: Scores | None, counts: Counts) -> tuple[str, ...]:
    if scores is not None:
        return scores.evaluation.class_names
    return tuple(run.results.get("class_names", ())) or tuple(counts)


def _baselines(run: Run, missing: list[str]) -> tuple[Baseline, ...]:
    found = stored_baselines(run.results)
    if not found:
        missing.append("The network was not held against simple methods.")
    return found


def _repeats(store: Store, run: Run) -> tuple[Run, ...]:
    rows = board_rows(list_runs(store, dataset_id=run.dataset_id), together=True)
    together = (row.runs for row in rows if any(each.id == run.id for each in row.runs))
    return next(together, (run,))


def _recipe_defaults(store: Store, run: Run) -> Mapping[str, FieldValue] | None:
    try:
        return config_fields(find_recipe(store, run.recipe).config)
    except ConfigError:
        return None
