"""All runs side by side: figures, ranks, and repeats as one row."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from cnnlab.config.differences import (
    NO_FIGURES,
    SEED,
    FieldValue,
    config_fields,
    differing_fields,
)
from cnnlab.evaluation.seeds import Spread, group_repeats, same_but_seed, spread
from cnnlab.figures.text import percent
from cnnlab.runs.runs import EpochRecord, Run
from cnnlab.runs.states import RunState


class Kind(StrEnum):
    """How a figure reads."""

    SHARE = "share"  # 0-1, more is better
    LOSS = "loss"  # less is better
    COUNT = "count"
    SECONDS = "seconds"


class Figure(NamedTuple):
    """A figure that runs can be ranked by."""

    title: str
    kind: Kind

    @property
    def higher_is_better(self) -> bool:
        """False for losses, sizes and times."""
        return self.kind is Kind.SHARE


_SCORES = {
    "accuracy": ("accuracy", Kind.SHARE),
    "balanced_accuracy": ("balanced accuracy", Kind.SHARE),
    "macro_f1": ("macro F1", Kind.SHARE),
    "loss": ("loss", Kind.LOSS),
}
FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        **{
            f"{split}_{name}": Figure(f"{split.capitalize()} {title}", kind)
            for split in ("validation", "test")
            for name, (title, kind) in _SCORES.items()
        },
        "parameters": Figure("Parameters", Kind.COUNT),
        "seconds": Figure("Seconds", Kind.SECONDS),
        "epochs": Figure("Epochs", Kind.COUNT),
        "best_epoch": Figure("Best epoch", Kind.COUNT),
    }
)
"""By name: what runs can be ranked by."""


@dataclass(frozen=True)
class BoardRow:
    """One run, or several that differ by the training's seed only; newest first."""

    runs: tuple[Run, ...]

    @property
    def run(self) -> Run:
        """The newest run: it stands for the others."""
        return self.runs[0]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the trainings, in order."""
        return tuple(sorted(run.config.training.seed for run in self.runs))

    @cached_property
    def fields(self) -> Mapping[str, FieldValue]:
        """The configuration, field by field; of several runs without seed and logs."""
        fields = config_fields(self.run.config)
        if len(self.runs) == 1:
            return fields
        return {name: value for name, value in fields.items() if name not in NO_FIGURES}

    def spread(self, figure: str) -> Spread | None:
        """Mean and deviation of a figure over the runs; None where it is not known."""
        values = [_value(run, figure) for run in self.runs]
        return spread([value for value in values if value is not None])


def board_rows(runs: Iterable[Run], *, together: bool) -> list[BoardRow]:
    """Rows of a leaderboard in the order of the runs.

    Args:
        runs: Newest first.
        together: Put completed runs that repeat each other with another seed into one row.
    """
    if not together:
        return [BoardRow((run,)) for run in runs]
    groups = group_repeats(runs, key=repeat_key, seed=lambda run: run.config.training.seed)
    return [BoardRow(tuple(group)) for group in groups]


def repeat_key(run: Run) -> Hashable | None:
    """Equal for runs that repeat each other on the same pictures with another seed.

    None for a run that stands for itself: it is not complete, or goes on from another one.
    """
    fingerprint = run.data_fingerprint
    if run.state is not RunState.COMPLETED or run.continues is not None or fingerprint is None:
        return None
    return run.dataset_id, fingerprint, same_but_seed(run.config)


def ranked(rows: Iterable[BoardRow], figure: str) -> list[BoardRow]:
    """Rows by their mean of a figure, the best first; those without it are last."""
    sign = -1.0 if FIGURES[figure].higher_is_better else 1.0

    def place(row: BoardRow) -> tuple[bool, float]:
        found = row.spread(figure)
        return found is None, 0.0 if found is None else sign * found.mean

    return sorted(rows, key=place)


def best_row(rows: Sequence[BoardRow], figure: str) -> int | None:
    """Place of the best value of a figure; None where no row has one or size and time count."""
    if FIGURES[figure].kind not in (Kind.SHARE, Kind.LOSS):
        return None
    known = [(place, row.spread(figure)) for place, row in enumerate(rows)]
    values = [(found.mean, place) for place, found in known if found is not None]
    if len(values) < 2:
        return None
    choose = max if FIGURES[figure].higher_is_better else min
    return choose(values, key=lambda pair: pair[0])[1]


def matching(
    runs: Iterable[Run],
    *,
    text: str = "",
    recipes: Collection[str] = (),
    states: Collection[str] = (),
) -> list[Run]:
    """The runs that a filter lets through; an empty part of it lets everything through.

    Args:
        runs: To choose from.
        text: Words that must all occur in the id, data set, recipe, state or configuration, as
            "field=value" there.
        recipes: Names of recipes.
        states: Values of `RunState`.
    """
    words = text.casefold().split()
    return [
        run
        for run in runs
        if (not recipes or run.recipe in recipes)
        and (not states or run.state.value in states)
        and (not words or all(word in _searched(run) for word in words))
    ]


def varying_fields(rows: Sequence[BoardRow]) -> list[str]:
    """Names of the configuration's fields that differ between the rows, without recipe and seed."""
    names = differing_fields([row.fields for row in rows])
    return [name for name in names if name not in ("recipe", SEED)]


def same_pictures(rows: Iterable[BoardRow]) -> bool:
    """Whether all networks were judged on the same pictures, as far as that is known."""
    known = {pictures_key(row.run) for row in rows if row.run.results.get("data")}
    return len(known) <= 1


def pictures_key(run: Run) -> Hashable:
    """Equal for runs that learnt from the same pictures and were judged on the same ones."""
    chosen = run.config.data.model_dump_json(include={"classes", "limit", "balance"})
    fingerprint = run.data_fingerprint
    return run.dataset_id, fingerprint, run.config.split.model_dump_json(), chosen


def curve(
    row: BoardRow, epochs: Mapping[str, Sequence[EpochRecord]], metric: str
) -> list[float | None]:
    """A figure over the epochs; of several runs its mean, as far as all of them went."""
    lines = [[record.get(metric) for record in epochs.get(run.id, ())] for run in row.runs]
    return [_mean(values) for values in zip(*lines, strict=False)]


def row_json(row: BoardRow, rank: int | None) -> dict[str, Any]:
    """One row as the command line prints it."""
    figures = {name: row.spread(name) for name in FIGURES}
    return {
        "rank": rank,
        "runs": [run.id for run in row.runs],
        "state": row.run.state.value,
        "recipe": row.run.recipe,
        "dataset": row.run.dataset_id,
        "seeds": list(row.seeds),
        "figures": {name: found._asdict() for name, found in figures.items() if found},
    }


def figure_text(found: Spread | None, kind: Kind) -> str:
    """A figure as people read it: "95.3%", "95.3 ± 0.4%" of several runs, "" for none."""
    if found is None:
        return ""
    if kind is Kind.SHARE:
        if found.runs == 1:
            return percent(found.mean)
        return f"{100 * found.mean:.1f} ± {100 * found.deviation:.1f}%"
    digits = {Kind.LOSS: 3, Kind.SECONDS: 0, Kind.COUNT: 0}[kind]
    text = f"{found.mean:,.{digits}f}"
    if found.runs > 1 and kind is Kind.LOSS:
        text += f" ± {found.deviation:.{digits}f}"
    return text


def _value(run: Run, figure: str) -> float | None:
    value: Any
    if figure == "parameters":
        value = (run.results.get("parameters") or {}).get("total")
    elif figure == "epochs":
        value = run.results.get("epochs", run.job.progress.get("epoch"))
    elif figure in ("seconds", "best_epoch"):
        value = run.results.get(figure)
    else:
        value = run.metrics.get(figure)
    return None if value is None or not math.isfinite(value) else float(value)


def _searched(run: Run) -> str:
    fields = (f"{name}={value}" for name, value in config_fields(run.config).items())
    words = (run.id, run.dataset_name, run.dataset_id, run.recipe, run.state.value, *fields)
    return "\n".join(words).casefold()


def _mean(values: Sequence[float | None]) -> float | None:
    finite = [value for value in values if value is not None and math.isfinite(value)]
    return math.fsum(finite) / len(finite) if len(finite) == len(values) else None
