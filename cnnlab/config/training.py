"""How the weights of a network are found."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import Field, field_validator

from cnnlab.config.section import Section

LOG_FACTS = ("time", "run", "recipe", "conv", "nodes", "dense")


class Optimizer(StrEnum):
    """How weights follow the gradient."""

    ADAM = "adam"
    ADAMW = "adamw"
    SGD = "sgd"
    RMSPROP = "rmsprop"


class Schedule(StrEnum):
    """How the learning rate changes over the run."""

    CONSTANT = "constant"
    COSINE = "cosine"  # linear warm-up, then half a cosine down
    ONE_CYCLE = "one_cycle"
    REDUCE_ON_PLATEAU = "reduce_on_plateau"


class Monitor(StrEnum):
    """The figure that decides which epoch was the best."""

    VALIDATION_LOSS = "validation_loss"
    VALIDATION_ACCURACY = "validation_accuracy"
    VALIDATION_BALANCED_ACCURACY = "validation_balanced_accuracy"
    VALIDATION_MACRO_F1 = "validation_macro_f1"
    LOSS = "loss"
    ACCURACY = "accuracy"

    @property
    def higher_is_better(self) -> bool:
        """True for accuracies, False for losses."""
        return self not in (Monitor.VALIDATION_LOSS, Monitor.LOSS)


class Precision(StrEnum):
    """In which numbers the training computes; weights are float32 always."""

    AUTO = "auto"  # what a trial of a few steps finds faster
    FLOAT32 = "float32"
    BFLOAT16 = "mixed_bfloat16"
    FLOAT16 = "mixed_float16"


class EarlyStopping(Section):
    """Ends a run that has stopped getting better."""

    patience: int = Field(default=5, ge=1, le=1000, description="Epochs without improvement")
    start_epoch: int = Field(default=1, ge=1, description="First epoch that counts, from 1")


class FineTuning(Section):
    """After the epochs with a frozen backbone: its last layers are trained too, slowly."""

    epochs: int = Field(default=5, ge=1, le=1000, description="Epochs in addition")
    layers: int = Field(default=40, ge=1, le=1000, description="How many of its last layers")
    learning_rate: float = Field(default=1e-5, gt=0, le=1)


class TrainingConfig(Section):
    """How the weights are found."""

    epochs: int = Field(default=10, ge=1, le=10_000)
    batch_size: int = Field(default=32, ge=1, le=4096)
    optimizer: Optimizer = Optimizer.ADAM
    learning_rate: float = Field(default=1e-3, gt=0, le=10)
    momentum: float = Field(default=0.9, ge=0, lt=1, description="Used by sgd, with Nesterov's way")
    weight_decay: float = Field(default=0.0, ge=0, lt=1, description="Used by adamw and sgd")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    mixup: float = Field(
        default=0.0, ge=0, le=8, description="Parameter of the Beta distribution; 0 mixes nothing"
    )
    weight_average: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Decay of a running mean of the weights, which is validated and kept instead "
        "of them; 0 keeps the weights themselves",
    )
    class_weights: bool = Field(
        default=False, description="Pictures of rare classes count more, as if all were as many"
    )
    schedule: Schedule = Schedule.CONSTANT
    warm_up: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the steps with a rising rate, used by cosine and one_cycle",
    )
    plateau_patience: int = Field(
        default=3, ge=1, le=1000, description="Epochs without a better value before the rate falls"
    )
    plateau_factor: float = Field(default=0.5, gt=0, lt=1)
    monitor: Monitor = Monitor.VALIDATION_ACCURACY
    early_stopping: EarlyStopping | None = EarlyStopping()
    fine_tuning: FineTuning | None = None
    precision: Precision = Precision.AUTO
    seed: int = Field(default=0, ge=0, lt=2**31)
    deterministic: bool = Field(
        default=False, description="Every operation gives the same bits again; slower"
    )
    tensorboard: bool = Field(default=False, description="Write logs for TensorBoard")
    log_name: str | None = Field(
        default=None,
        max_length=120,
        description="Name of the TensorBoard log; {time}, {run}, {recipe}, {conv}, {nodes} and "
        "{dense} are filled in",
    )

    @field_validator("log_name")
    @classmethod
    def _only_known_facts(cls, name: str | None) -> str | None:
        unknown = sorted(set(re.findall(r"\{(\w*)\}", name or "")) - set(LOG_FACTS))
        if unknown:
            raise ValueError(
                f"should name only {', '.join(LOG_FACTS)} in braces, not {', '.join(unknown)}"
            )
        return name

    @property
    def total_epochs(self) -> int:
        """All epochs, those of the fine-tuning included."""
        return self.epochs + (self.fine_tuning.epochs if self.fine_tuning else 0)
