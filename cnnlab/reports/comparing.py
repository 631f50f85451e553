"""Runs against each other: what differs, who is better, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from cnnlab.config.differences import FieldValue, config_fields, differing_fields
from cnnlab.datasets.splits import Split
from cnnlab.errors import CnnlabError, RunError
from cnnlab.evaluation.comparison import PairedComparison, compare_paired, paired_sentence
from cnnlab.evaluation.pairing import Pairing, accuracy_on, pair_up
from cnnlab.evaluation.predictions import Predictions, read_predictions
from cnnlab.evaluation.questions import question
from cnnlab.reports.recipes_compared import RecipeVerdict, judge_recipes
from cnnlab.runs.runs import Run, get_run, list_runs
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, Workspace

FEWEST, MOST = 2, 6  # runs in a comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class PairVerdict:
    """What can be said about two networks on the same held-out pictures.

    Attributes:
        first, second: Ids of the runs.
        question: What the comparison is about.
        sentence: The answer, or why there is none.
        split: Which pictures they are compared on; None without a comparison.
        comparison: The figures of it.
        first_accuracy, second_accuracy: On these pictures.
        notes: What one should know about it.
        reason: Short name of why there is no comparison.
    """

    first: str
    second: str
    question: str
    sentence: str
    split: Split | None = None
    comparison: PairedComparison | None = None
    first_accuracy: float | None = None
    second_accuracy: float | None = None
    notes: tuple[str, ...] = ()
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """This verdict as the command line prints it."""
        document: dict[str, Any] = {
            "runs": [self.first, self.second],
            "question": self.question,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "reason": self.reason,
        }
        if self.comparison is not None:
            document |= {"split": self.split, **asdict(self.comparison)}
            document["interval"] = list(self.comparison.interval)
            document["different"] = self.comparison.different
            document["accuracies"] = [self.first_accuracy, self.second_accuracy]
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Two to six runs against each other.

    Attributes:
        runs: In the order in which they were named.
        differs: The fields of the configuration that differ, with each run's value.
        pairs: Every two of them.
        recipes: For every two of different recipes, what can be said about these.
    """

    runs: tuple[Run, ...]
    differs: Mapping[str, tuple[FieldValue | None, ...]]
    pairs: tuple[PairVerdict, ...]
    recipes: tuple[RecipeVerdict, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """This comparison as the command line prints it."""
        return {
            "runs": [run.id for run in self.runs],
            "differs": {name: list(values) for name, values in self.differs.items()},
            "pairs": [pair.to_json() for pair in self.pairs],
            "recipes": [recipe.to_json() for recipe in self.recipes],
        }


def compare_runs(store: Store, workspace: Workspace, run_ids: Sequence[str]) -> RunComparison:
    """Compare every two of some runs; a pair that cannot be compared says why.

    Raises:
        RunError: If there is no such run ("unknown-run"), or their number is not between two and
            six ("number-of-runs").
    """
    runs = chosen_runs(store, run_ids)
    everything = list_runs(store)

    @cache
    def read(run_id: str) -> Predictions:
        return read_predictions(RunFiles(workspace.run_folder(run_id)).predictions)

    pairs, recipes = [], []
    for first, second in combinations(runs, 2):
        seen = trained_on_before(store, workspace, (first, second))
        verdict, recipe = _judge_stored((first, second), everything, seen, read)
        pairs.append(verdict)
        recipes += [] if recipe is None else [recipe]
    return RunComparison(
        runs=runs, differs=differences(runs), pairs=tuple(pairs), recipes=tuple(recipes)
    )


def chosen_runs(store: Store, run_ids: Sequence[str]) -> tuple[Run, ...]:
    """The runs with these ids, each once.

    Raises:
        RunError: If there is no such run, or their number is not between two and six.
    """
    ids = list(dict.fromkeys(run_ids))
    if not FEWEST <= len(ids) <= MOST:
        raise RunError(
            "number-of-runs",
            f"A comparison takes {FEWEST} to {MOST} different runs. Received: {len(ids)}.",
        )
    return tuple(get_run(store, run_id) for run_id in ids)


def differences(runs: Sequence[Run]) -> dict[str, tuple[FieldValue | None, ...]]:
    """The fields in which the runs' configurations differ, with the value of each run."""
    rows = [config_fields(run.config) for run in runs]
    return {name: tuple(row.get(name) for row in rows) for name in differing_fields(rows)}


def pair_runs(
    runs: tuple[Run, Run],
    predictions: Sequence[Predictions],
    *,
    trained_on: Collection[str] = (),
) -> tuple[Pairing, Split, tuple[str, ...]]:
    """Find the pictures that two runs are compared on, and what one should know about them.

    They are test pictures of both; validation pictures of both where one of the runs has no test
    pictures.

    Args:
        runs: On the same data set.
        predictions: Of the two runs, all splits.
        trained_on: Paths of pictures to leave out; see `trained_on_before`.

    Raises:
        RunError: If there are none, or the networks know different classes.
    """
    first, second = predictions
    split = Split.TEST
    if not all((part.splits == split.value).any() for part in predictions):
        split = Split.VALIDATION
    pairing = pair_up(
        first.select(split.value),
        second.select(split.value),
        trained_on=trained_on,
    )
    totals = tuple(int((part.splits == split.value).sum()) for part in predictions)
    notes = _notes(pairing, split, totals)
    if len({run.data_fingerprint for run in runs}) > 1:
        notes.append(
            "The data set was changed between the two runs. Pictures of the same name and class "
            "are taken for the same."
        )
    return pairing, split, tuple(notes)


def judge_pair(
    first: Run, second: Run, pairing: Pairing, split: Split, notes: tuple[str, ...]
) -> PairVerdict:
    """Say which of two networks is better on the pictures that they have in common."""
    first_right, second_right = pairing.first_right, pairing.second_right
    comparison = compare_paired(first_right, second_right)
    sentence = paired_sentence(comparison, first.id, second.id)
    return PairVerdict(
        first=first.id,
        second=second.id,
        question=_question(first, second),
        sentence=sentence,
        split=split,
        comparison=comparison,
        first_accuracy=float(first_right.mean()),
        second_accuracy=float(second_right.mean()),
        notes=notes,
    )


def no_verdict(first: Run, second: Run, error: CnnlabError) -> PairVerdict:
    """Two runs that cannot be compared, and why."""
    return PairVerdict(
        first=first.id,
        second=second.id,
        question=_question(first, second),
        sentence=error.message,
        reason=error.reason,
    )


def require_comparable(first: Run, second: Run) -> None:
    """Refuse runs that have nothing to compare: their pictures are known by name only.

    Raises:
        RunError: If one has no finished network ("no-model"), or they were trained on different
            data sets ("different-datasets").
    """
    for run in (first, second):
        if not run.has_model:
            raise RunError(
                "no-model",
                f"Only finished networks can be compared. Received: {run.id}, which is "
                f"{run.state.value} and has none.",
            )
    if first.dataset_id != second.dataset_id:
        raise RunError(
            "different-datasets",
            "Two networks can be compared on the same pictures only. Received: "
            f"{first.id} on {first.dataset_name!r} and {second.id} on {second.dataset_name!r}.",
        )


def trained_on_before(store: Store, workspace: Workspace, runs: Iterable[Run]) -> set[str]:
    """Training pictures of the runs that these go on from, as far as those are still there.

    The data may have changed between the parts, and a picture have moved from one side to another.
    """
    paths: set[str] = set()
    for run in runs:
        earlier, seen = run.continues, {run.id}
        while earlier is not None and earlier not in seen:
            seen.add(earlier)
            paths |= _training_pictures(RunFiles(workspace.run_folder(earlier)).split)
            try:
                earlier = get_run(store, earlier).continues
            except RunError:  # deleted
                break
    return paths


def _judge_stored(
    runs: tuple[Run, Run],
    everything: Sequence[Run],
    seen: Collection[str],
    read: Callable[[str], Predictions],
) -> tuple[PairVerdict, RecipeVerdict | None]:
    """Compare two runs, and their recipes, by the stored predictions."""
    try:
        require_comparable(*runs)
        predictions = [read(run.id) for run in runs]
        pairing, split, notes = pair_runs(runs, predictions, trained_on=seen)
    except CnnlabError as error:
        return no_verdict(*runs, error), None

    def accuracy(run: Run, split: Split, paths: Collection[str]) -> float:
        return accuracy_on(read(run.id).select(split.value), paths)

    recipe = judge_recipes(*runs, everything, pairing=pairing, split=split, accuracy=accuracy)
    return judge_pair(*runs, pairing, split, notes), recipe


def _question(first: Run, second: Run) -> str:
    return question(
        first.config,
        second.config,
        names=(first.id, second.id),
        continued=second.continues == first.id,
    )


def _notes(pairing: Pairing, split: Split, totals: tuple[int, ...]) -> list[str]:
    common = len(pairing.paths)
    notes = []
    if split is Split.VALIDATION:
        notes.append(
            "One of the runs has no test pictures, so these are validation pictures. The choice of "
            "the best epoch looked at them: both figures may be a little too good."
        )
    if set(totals) != {common}:
        notes.append(
            f"The runs were judged on {totals[0]:,} and {totals[1]:,} {split.value} pictures; "
            f"{common:,} of them count here, which were held out from both."
        )
    if pairing.relabelled:
        notes.append(
            f"{pairing.relabelled:,} common pictures are left out: their class was changed between "
            "the two runs."
        )
    if pairing.trained_on:
        notes.append(
            f"{pairing.trained_on:,} common pictures are left out: an earlier part of one training "
            "has used them."
        )
    return notes


def _training_pictures(split_file: Path) -> set[str]:
    try:
        frame = pd.read_parquet(split_file, columns=["path", "split"])
    except (OSError, ValueError):
        return set()
    return set(frame["path"][frame["split"] == Split.TRAIN.value])
