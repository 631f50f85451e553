"""Ready-made sweeps, which ask the questions of published studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnlab.errors import ConfigError
from cnnlab.tuning.plan import Objective, PrunerName, SamplerName


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A sweep that can be started as it is, or changed before.

    Attributes:
        name: How it is asked for.
        question: What it answers.
        recipe: What the trials have in common,
        changes: and what of it is changed, by dotted name.
        space: Document of the search space.
    """

    name: str
    question: str
    recipe: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any]
    sampler: SamplerName
    trials: int
    objective: Objective
    pruner: PrunerName = PrunerName.NONE

    def to_row(self) -> dict[str, Any]:
        """As the command line lists it."""
        return {
            "name": self.name,
            "question": self.question,
            "recipe": self.recipe,
            "sampler": self.sampler.value,
            "trials": self.trials,
            "space": dict(self.space),
        }


_GRID = Preset(
    name="conv-grid-27",
    question="How many convolutions, filters and dense layers does a small grey picture need?",
    recipe="conv-grid",
    changes={
        "training.tensorboard": True,
        "training.log_name": "{conv}-conv-{nodes}-nodes-{dense}-dense-{time}",
    },
    space={
        "network.dense_layers": [0, 1, 2],
        "network.layer_size": [32, 64, 128],
        "network.conv_layers": [1, 2, 3],
    },
    sampler=SamplerName.GRID,
    trials=27,
    objective=Objective.VALIDATION_LOSS,
)

_TUNE_SCENES = Preset(
    name="tune-scenes-pooling",
    question="How much does a tuner gain over the hand-made network?",
    recipe="scenes-pooling",
    changes={"data.size": 100, "network.width": 0.25},
    space={
        "training.learning_rate": {"low": 3e-5, "high": 3e-3, "log": True},
        "network.layers.1.filters": {"low": 100, "high": 300, "step": 50},
        "network.layers.7.filters": {"low": 50, "high": 200, "step": 50},
        "network.layers.10.units": {"low": 60, "high": 300, "step": 60},
        "network.layers.13.rate": {"low": 0.0, "high": 0.6, "step": 0.1},
        "training.batch_size": [16, 32, 64],
    },
    sampler=SamplerName.TPE,
    trials=12,
    objective=Objective.VALIDATION_ACCURACY,
    pruner=PrunerName.MEDIAN,
)

_STRIDES = Preset(
    name="strides-or-pooling",
    question="Do strides instead of pooling give a better network?",
    recipe="scenes-pooling",
    changes={"data.size": 100, "network.width": 0.25},
    space={"training.seed": [0, 1, 2], "recipe": ["scenes-pooling", "scenes-strides"]},
    sampler=SamplerName.GRID,
    trials=6,
    objective=Objective.VALIDATION_ACCURACY,
)

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in (_GRID, _TUNE_SCENES, _STRIDES)}


def find_preset(name: str) -> Preset:
    """Look up a ready-made sweep by its name.

    Raises:
        ConfigError: If there is none.
    """
    if name not in PRESETS:
        raise ConfigError(
            f"There is no ready-made sweep {name!r}. Choose one of: {', '.join(PRESETS)}."
        )
    return PRESETS[name]
