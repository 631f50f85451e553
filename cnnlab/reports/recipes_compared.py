"""Two recipes against each other, by runs that repeat them with other seeds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from cnnlab.config import change_config
from cnnlab.config.differences import SEED
from cnnlab.datasets.splits import Split
from cnnlab.errors import RunError
from cnnlab.evaluation.pairing import Pairing
from cnnlab.evaluation.questions import recipe_names
from cnnlab.evaluation.seed_comparison import SeedComparison, compare_seeds, seeds_sentence
from cnnlab.evaluation.seeds import ENOUGH_SEEDS, missing_seeds, same_but_seed
from cnnlab.reports.leaderboard import pictures_key, repeat_key
from cnnlab.runs.runs import Run, submit_run
from cnnlab.runs.store import Store

Accuracy = Callable[[Run, Split, Collection[str]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """One recipe's runs.

    Attributes:
        run: One of them.
        recipe: What the recipe is called beside the other one.
        accuracies: Of the finished ones, by seed.
        waiting: Seeds of those that wait or are being trained.
        missing: Seeds that are still needed to speak of the recipe.
    """

    run: Run
    recipe: str
    accuracies: Mapping[int, float]
    waiting: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeVerdict:
    """What can be said about the recipes of two runs.

    Attributes:
        first, second: Their runs.
        split, images: Whose pictures the accuracies are of, and how many.
        sentence: Which recipe is better, or why that cannot be said.
        comparison: The figures of it; None where it cannot be said.
        reason: Short name of why it cannot be said.
    """

    first: Repeats
    second: Repeats
    split: Split
    images: int
    sentence: str
    comparison: SeedComparison | None = None
    reason: str | None = None

    @property
    def missing(self) -> int:
        """How many trainings are needed to speak of the recipes."""
        return len(self.first.missing) + len(self.second.missing)

    def to_json(self) -> dict[str, Any]:
        """This verdict as the command line prints it."""
        sides = (self.first, self.second)
        document: dict[str, Any] = {
            "runs": [side.run.id for side in sides],
            "recipes": [side.recipe for side in sides],
            "split": self.split.value,
            "images": self.images,
            "accuracies": [
                {str(seed): value for seed, value in side.accuracies.items()} for side in sides
            ],
            "missing_seeds": [list(side.missing) for side in sides],
            "sentence": self.sentence,
            "reason": self.reason,
        }
        if self.comparison is not None:
            figures = asdict(self.comparison)
            document |= {name: figures[name] for name in ("difference", "p_value", "paired")}
            document["interval"] = list(self.comparison.interval)
        return document


def judge_recipes(
    first: Run,
    second: Run,
    runs: Iterable[Run],
    *,
    pairing: Pairing,
    split: Split,
    accuracy: Accuracy,
) -> RecipeVerdict | None:
    """Say which of two runs' recipes is better, by all runs that repeat them.

    All of them are judged on the pictures that the two runs have in common: repeats of a run have
    its split.

    Args:
        first, second: Two runs.
        runs: All runs, newest first; repeats are found among them.
        pairing, split: The common pictures of the two.
        accuracy: Gives the accuracy of a run on pictures with some paths; a repeat for which it
            raises a `RunError` does not count.

    Returns:
        None where there are no two recipes to speak of: a run is not complete or goes on from
        another one, both have the same recipe, or the data were changed between them.
    """
    keys = repeat_key(first), repeat_key(second)
    if None in keys or keys[0] == keys[1] or _data(first) != _data(second):
        return None
    everything = list(runs)
    on_pictures = _accuracies_on(pairing, split, accuracy, same=_same_pictures(first, second))
    seeds = [on_pictures(_repeats(run, everything)) for run in (first, second)]
    names = recipe_names(first.config, second.config)
    one, other = (
        _side(run, names[place], seeds[place], seeds[1 - place], everything)
        for place, run in enumerate((first, second))
    )
    comparison = compare_seeds(one.accuracies, other.accuracies, images=len(pairing.paths))
    sentence = (
        _too_few(one, other)
        if comparison is None
        else seeds_sentence(
            comparison,
            one.recipe,
            other.recipe,
            pictures=f"the {len(pairing.paths):,} {split.value} pictures",
        )
    )
    return RecipeVerdict(
        first=one,
        second=other,
        split=split,
        images=len(pairing.paths),
        sentence=sentence,
        comparison=comparison,
        reason="too-few-seeds" if comparison is None else None,
    )


def queue_missing(store: Store, verdict: RecipeVerdict) -> list[str]:
    """Put the trainings into the queue that are needed to speak of two recipes.

    Returns:
        Ids of the new runs.
    """
    return [
        submit_run(store, side.run.dataset_id, change_config(side.run.config, {SEED: seed}))
        for side in (verdict.first, verdict.second)
        for seed in side.missing
    ]


def _accuracies_on(
    pairing: Pairing, split: Split, accuracy: Accuracy, *, same: bool
) -> Callable[[Iterable[Run]], dict[int, float]]:
    """A function that gives the accuracy of runs on the common pictures, by seed.

    Where both recipes have the same split, that is the figure that the runs came with.
    """
    name = f"{split.value}_accuracy"

    def by_seed(repeats: Iterable[Run]) -> dict[int, float]:
        found = {}
        for run in repeats:
            seed = run.config.training.seed
            if same and name in run.metrics:
                found[seed] = run.metrics[name]
                continue
            with suppress(RunError):
                found[seed] = accuracy(run, split, pairing.paths)
        return found

    return by_seed


def _same_pictures(first: Run, second: Run) -> bool:
    return pictures_key(first) == pictures_key(second)


def _data(run: Run) -> tuple[str, object]:
    return run.dataset_id, run.data_fingerprint


def _repeats(run: Run, everything: Iterable[Run]) -> list[Run]:
    """Completed runs of the same recipe, one a seed: this one, then the newest."""
    key = repeat_key(run)
    by_seed = {run.config.training.seed: run}
    for other in everything:
        if repeat_key(other) == key:
            by_seed.setdefault(other.config.training.seed, other)
    return list(by_seed.values())


def _side(
    run: Run,
    recipe: str,
    accuracies: Mapping[int, float],
    of_other: Mapping[int, float],
    everything: Iterable[Run],
) -> Repeats:
    same = same_but_seed(run.config)
    waiting = {
        other.config.training.seed
        for other in everything
        if not other.state.final
        and other.continues is None
        and other.dataset_id == run.dataset_id
        and same_but_seed(other.config) == same
    } - set(accuracies)
    return Repeats(
        run=run,
        recipe=recipe,
        accuracies=dict(sorted(accuracies.items())),
        waiting=tuple(sorted(waiting)),
        missing=tuple(missing_seeds({*accuracies, *waiting}, of_other)),
    )


def _too_few(first: Repeats, second: Repeats) -> str:
    parts = []
    for side in (first, second):
        waiting = f" and {len(side.waiting)} on the way" if side.waiting else ""
        parts.append(f"{len(side.accuracies)} of {side.recipe}{waiting}")
    return (
        "This speaks of these two networks, not of their recipes: for those, "
        f"{ENOUGH_SEEDS} seeds of each are needed. There are {', '.join(parts)}."
    )
