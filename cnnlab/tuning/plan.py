"""The plan of a sweep: what varies, how it is searched, what counts as better."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field, ValidationError, model_validator

from cnnlab.config import (
    Monitor,
    NetworkConfig,
    RunConfig,
    Section,
    change_config,
    explain_invalid,
)
from cnnlab.errors import ConfigError
from cnnlab.tuning.space import RECIPE, SearchSpace, Values, parse_space

MOST_TRIALS = 2_000
MOST_AT_ONCE = 64


class SamplerName(StrEnum):
    """How the values of the next trial are chosen."""

    GRID = "grid"  # every combination, in order
    RANDOM = "random"
    TPE = "tpe"  # more often where the trials before were good


class PrunerName(StrEnum):
    """When a trial is ended early."""

    NONE = "none"
    MEDIAN = "median"  # its best value so far is worse than the median of the others' then
    HALVING = "halving"  # after a third of the epochs only the best third goes on


class Objective(StrEnum):
    """What a sweep looks for. Figures of test pictures are none: they are for the end."""

    VALIDATION_LOSS = "validation_loss"
    VALIDATION_ACCURACY = "validation_accuracy"
    VALIDATION_BALANCED_ACCURACY = "validation_balanced_accuracy"
    VALIDATION_MACRO_F1 = "validation_macro_f1"
    PARAMETERS = "parameters"
    MULTIPLY_ADDS = "multiply_adds"
    MODEL_BYTES = "model_bytes"
    LATENCY_MS = "latency_ms"
    SECONDS_PER_EPOCH = "seconds_per_epoch"

    @property
    def higher_is_better(self) -> bool:
        """True for accuracies, False for losses, sizes and times."""
        monitor = self.monitor
        return monitor is not None and monitor.higher_is_better

    @property
    def monitor(self) -> Monitor | None:
        """The figure of each epoch that it is the best of; None for what is known at the end."""
        return Monitor(self.value) if self.value in set(Monitor) else None


def can_prune(objectives: Sequence[Objective]) -> bool:
    """Whether trials can be ended early: by one figure, which is known after each epoch."""
    return len(objectives) == 1 and objectives[0].monitor is not None


class SweepPlan(Section):
    """Everything that decides which trials a sweep makes.

    Attributes:
        base: What the trials have in common.
        space: Document of the search space; see `tuning.space.parse_space`.
        networks: For the field "recipe" of the space: the network of each of its values.
        objectives: One, or two for the trade-off between them.
        sampler, pruner: How trials are chosen and ended early.
        trials: How many; a grid has as many as combinations at most.
        seed: Of the search; that of the trainings is a field of their configuration.
        at_once: Trials at a time, or None for as many as the machine has room for.
        begin_with_base: Whether the first trial is the base itself, where the space holds it.
    """

    base: RunConfig
    space: dict[str, Any]
    networks: dict[str, NetworkConfig] = Field(default_factory=dict)
    objectives: tuple[Objective, ...] = Field(
        default=(Objective.VALIDATION_LOSS,), min_length=1, max_length=2
    )
    sampler: SamplerName = SamplerName.TPE
    pruner: PrunerName = PrunerName.NONE
    trials: int = Field(default=20, ge=1, le=MOST_TRIALS)
    seed: int = Field(default=0, ge=0, lt=2**31)
    at_once: int | None = Field(default=None, ge=1, le=MOST_AT_ONCE)
    begin_with_base: bool = True

    @model_validator(mode="after")
    def _fits_together(self) -> SweepPlan:
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError(f"the two objectives should differ, not both be {self.objectives[0]}")
        if self.pruner is not PrunerName.NONE and not can_prune(self.objectives):
            if len(self.objectives) > 1:
                raise ValueError(
                    "trials cannot be pruned by two objectives: choose one, or no pruning"
                )
            raise ValueError(
                f"{self.objectives[0]} is known at the end of a training only, so trials "
                "cannot be pruned by it: choose another objective, or no pruning"
            )
        return self

    @property
    def search_space(self) -> SearchSpace:
        """The space, read."""
        return parse_space(self.space, self.base)

    @property
    def objective(self) -> Objective:
        """The one that trials are ranked by."""
        return self.objectives[0]

    def config_of(self, values: Values) -> RunConfig:
        """The configuration of the trial with these values.

        The best epoch of a trial is the one by the objective, so that the network that is kept is
        the one that the value belongs to.

        Raises:
            ConfigError: If the values do not go together.
        """
        config = self.base
        if RECIPE in values:
            network = self.networks[values[RECIPE]]
            network = network.model_copy(update={"width": config.network.width})
            config = config.model_copy(update={"recipe": values[RECIPE], "network": network})
        changes = {name: value for name, value in values.items() if name != RECIPE}
        monitor = next((each.monitor for each in self.objectives if each.monitor), None)
        if monitor is not None and "training.monitor" not in changes:
            changes["training.monitor"] = monitor.value
        return change_config(config, changes)

    def base_values(self) -> Values | None:
        """The values of the base, or None where the space does not hold them."""
        space = self.search_space
        document = self.base.model_dump(mode="json")
        values = {name: _value_at(document, name) for name in space.parameters}
        return values if space.contains(values) else None

    def to_json(self) -> dict[str, Any]:
        """As a document of the store; `parse_plan` reads it back."""
        document: dict[str, Any] = json.loads(self.model_dump_json())
        return document


def parse_plan(document: Mapping[str, Any]) -> SweepPlan:
    """Read and check a plan.

    Raises:
        ConfigError: If a field or the space breaks a rule, or a grid has too many combinations.
    """
    try:
        plan = SweepPlan.model_validate(document)
    except ValidationError as error:
        raise ConfigError(explain_invalid(error)) from error
    combinations = plan.search_space.combinations
    if plan.sampler is SamplerName.GRID:
        if combinations is None:
            next(plan.search_space.grid())  # says which range has no steps
        elif combinations > MOST_TRIALS:
            raise ConfigError(
                f"The grid has {combinations:,} combinations; at most {MOST_TRIALS:,} are "
                "possible. Leave values out, or search with random or tpe."
            )
    if combinations is not None and combinations < plan.trials:
        plan = plan.model_copy(update={"trials": combinations})
    return plan


def _value_at(document: Any, name: str) -> Any:
    place = document
    for part in name.split("."):
        if isinstance(place, list):
            place = place[int(part) - 1]
        elif isinstance(place, dict):
            place = place.get(part)
    return place
