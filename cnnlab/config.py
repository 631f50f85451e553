"""What a run is made of: data, split, network and training, validated and frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cnnlab.errors import ConfigError


class Section(BaseModel):
    """Base of every part of a configuration: frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Colour(StrEnum):
    """How many channels the network sees."""

    RGB = "rgb"
    GREY = "grey"

    @property
    def channels(self) -> int:
        """3 for colour, 1 for grey."""
        return 1 if self is Colour.GREY else 3


class Resize(StrEnum):
    """How a picture of any shape becomes a square."""

    SQUASH = "squash"  # both sides scaled, whatever the proportions
    CROP = "crop"  # the largest square in the middle
    PAD = "pad"  # the whole picture, centred on black


class Scaling(StrEnum):
    """What the first layer of a network does to pixel values of 0-255."""

    NONE = "none"
    UNIT = "unit"  # 0..1
    SIGNED = "signed"  # -1..1


class ActivationName(StrEnum):
    """Activation functions, by their Keras names."""

    LINEAR = "linear"
    RELU = "relu"
    ELU = "elu"
    GELU = "gelu"
    SILU = "silu"
    TANH = "tanh"


class PoolMode(StrEnum):
    """What pooling keeps of a window."""

    MAX = "max"
    AVERAGE = "average"


class Padding(StrEnum):
    """Whether a window may reach over the border ("same") or not ("valid")."""

    VALID = "valid"
    SAME = "same"


class Convolution(Section):
    """A two-dimensional convolution with an activation."""

    kind: Literal["conv"] = "conv"
    filters: int = Field(ge=1, le=4096)
    kernel: int = Field(default=3, ge=1, le=31)
    stride: int = Field(default=1, ge=1, le=31)
    padding: Padding = Padding.VALID
    activation: ActivationName = ActivationName.RELU
    bias: bool = True


class Pooling(Section):
    """Maximum or average over windows that do not overlap."""

    kind: Literal["pool"] = "pool"
    size: int = Field(default=2, ge=2, le=31)
    padding: Padding = Padding.VALID
    mode: PoolMode = PoolMode.MAX


class BatchNormalization(Section):
    """Normalisation over the batch, with running statistics for prediction."""

    kind: Literal["batch_norm"] = "batch_norm"
    momentum: float = Field(default=0.99, ge=0, lt=1)


class Activation(Section):
    """An activation function as a layer of its own."""

    kind: Literal["activation"] = "activation"
    function: ActivationName = ActivationName.RELU


class Dropout(Section):
    """Sets this share of the values to zero while training."""

    kind: Literal["dropout"] = "dropout"
    rate: float = Field(ge=0, lt=1)


class Flatten(Section):
    """Height x width x channels become one vector."""

    kind: Literal["flatten"] = "flatten"


class GlobalPooling(Section):
    """One value a channel: the mean or the maximum over the whole map."""

    kind: Literal["global_pool"] = "global_pool"
    mode: PoolMode = PoolMode.AVERAGE


class Dense(Section):
    """A fully connected layer with an activation."""

    kind: Literal["dense"] = "dense"
    units: int = Field(ge=1, le=65536)
    activation: ActivationName = ActivationName.RELU


class Residual(Section):
    """Layers whose output is added to their input; both must have the same shape."""

    kind: Literal["residual"] = "residual"
    layers: tuple[Layer, ...] = Field(min_length=1)


Layer = Annotated[
    Convolution
    | Pooling
    | BatchNormalization
    | Activation
    | Dropout
    | Flatten
    | GlobalPooling
    | Dense
    | Residual,
    Field(discriminator="kind"),
]
Residual.model_rebuild()


class DataConfig(Section):
    """Which pictures are used, and how each is prepared before it enters the network."""

    size: int = Field(default=64, ge=8, le=1024, description="Side of the square picture, px")
    resize: Resize = Resize.SQUASH
    colour: Colour = Colour.RGB
    classes: tuple[str, ...] | None = Field(default=None, description="None uses every class")
    limit: int | None = Field(
        default=None, ge=1, description="Most pictures of a class, in each given split"
    )
    balance: bool = Field(
        default=False, description="The same number of every class, in each given split"
    )

    @field_validator("classes")
    @classmethod
    def _two_classes_at_least(cls, classes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if classes is None:
            return None
        if len(set(classes)) < 2:
            raise ValueError("at least two different classes must be chosen")
        return tuple(sorted(set(classes)))


class SplitConfig(Section):
    """Fractions of each class, used where the folders do not give the split themselves."""

    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.15, ge=0, lt=1)
    test_from_validation: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of the validation pictures that become the test set; replaces `test`",
    )
    seed: int = Field(default=0, ge=0, lt=2**31)

    @field_validator("test")
    @classmethod
    def _leave_something_to_train_on(cls, test: float, info: Any) -> float:
        validation = info.data.get("validation", 0.0)
        if test + validation >= 1:
            raise ValueError(
                "validation and test together must stay below 1 "
                f"(validation={validation:g} is already taken)"
            )
        return test


class NetworkConfig(Section):
    """Layers from the pixels to the last hidden layer; the softmax over the classes follows."""

    scaling: Scaling = Scaling.UNIT
    width: float = Field(
        default=1.0, gt=0, le=16, description="Multiplies all filters and units, at least one stays"
    )
    layers: tuple[Layer, ...] = ()


class AugmentationConfig(Section):
    """Random changes to training pictures; never part of the exported model."""

    flip_horizontal: bool = False
    flip_vertical: bool = False
    rotation: float = Field(
        default=0.0, ge=0, le=0.5, description="Largest rotation either way, share of a full turn"
    )
    zoom: float = Field(
        default=0.0, ge=0, le=0.5, description="Largest zoom in or out, share of the side"
    )
    shift: float = Field(default=0.0, ge=0, le=0.5, description="Largest shift, share of the side")
    brightness: float = Field(
        default=0.0, ge=0, le=1, description="Largest change up or down, share of full brightness"
    )
    contrast: float = Field(
        default=0.0, ge=0, lt=1, description="Largest factor away from 1, either way"
    )
    erasing: float = Field(
        default=0.0, ge=0, le=1, description="Probability that a rectangle is erased"
    )


class Optimizer(StrEnum):
    """How weights follow the gradient."""

    ADAM = "adam"
    ADAMW = "adamw"
    SGD = "sgd"
    RMSPROP = "rmsprop"


class Schedule(StrEnum):
    """How the learning rate changes over the run."""

    CONSTANT = "constant"
    ONE_CYCLE = "one_cycle"


class Monitor(StrEnum):
    """The figure that decides which epoch was the best."""

    VALIDATION_LOSS = "validation_loss"
    VALIDATION_ACCURACY = "validation_accuracy"

    @property
    def higher_is_better(self) -> bool:
        """True for accuracies, False for losses."""
        return self is Monitor.VALIDATION_ACCURACY


class EarlyStopping(Section):
    """Ends a run that has stopped getting better."""

    patience: int = Field(default=5, ge=1, le=1000, description="Epochs without improvement")
    start_epoch: int = Field(default=1, ge=1, description="First epoch that counts, from 1")


class TrainingConfig(Section):
    """How the weights are found."""

    epochs: int = Field(default=10, ge=1, le=10_000)
    batch_size: int = Field(default=32, ge=1, le=4096)
    optimizer: Optimizer = Optimizer.ADAM
    learning_rate: float = Field(default=1e-3, gt=0, le=10)
    weight_decay: float = Field(default=0.0, ge=0, lt=1, description="Used by adamw")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    schedule: Schedule = Schedule.CONSTANT
    monitor: Monitor = Monitor.VALIDATION_ACCURACY
    early_stopping: EarlyStopping | None = EarlyStopping()
    seed: int = Field(default=0, ge=0, lt=2**31)


class RunConfig(Section):
    """Everything that decides how a run turns out, apart from the pictures themselves."""

    recipe: str = Field(min_length=1, max_length=120)
    data: DataConfig = DataConfig()
    split: SplitConfig = SplitConfig()
    network: NetworkConfig = NetworkConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    training: TrainingConfig = TrainingConfig()

    def to_json(self) -> str:
        """This configuration as a JSON document; `parse_config` reads it back."""
        return self.model_dump_json(indent=2)


def parse_config(document: str | Mapping[str, Any]) -> RunConfig:
    """Read a configuration from JSON text or from nested mappings.

    Raises:
        ConfigError: If a field is unknown, missing or breaks its rule; the message names the
            field, the rule and the value.
    """
    try:
        if isinstance(document, str):
            return RunConfig.model_validate_json(document)
        return RunConfig.model_validate(document)
    except ValidationError as error:
        raise ConfigError(_explain(error)) from error


def change_config(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """Return `config` with fields replaced, addressed as "section.field".

    Args:
        config: The configuration to start from.
        changes: New values by dotted name, such as {"training.epochs": 5}. An early stopping of
            False or None turns it off; True turns it on with its defaults.

    Raises:
        ConfigError: If a field does not exist or a value breaks its rule.
    """
    document = config.model_dump(mode="json")
    for name, value in changes.items():
        _put(document, name, value)
    return parse_config(document)


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """Read "section.field=value" words, values as JSON or, failing that, as plain text.

    Raises:
        ConfigError: If a word has no "=".
    """
    changes: dict[str, Any] = {}
    for word in assignments:
        name, separator, text = word.partition("=")
        if not separator or not name.strip():
            raise ConfigError(
                "--set takes section.field=value, for example training.epochs=5. "
                f"Received: {word!r}"
            )
        changes[name.strip()] = _value(text.strip())
    return changes


def _value(text: str) -> Any:
    words = {"true": True, "on": True, "false": False, "off": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(document: dict[str, Any], name: str, value: Any) -> None:
    *sections, field = name.split(".")
    place: Any = document
    for section in sections:
        inner = place.get(section) if isinstance(place, dict) else None
        if inner is None and section == "early_stopping":
            inner = place[section] = EarlyStopping().model_dump(mode="json")
        if not isinstance(inner, dict):
            raise ConfigError(f"{name}: there is no section {section!r}. {_known(place)}")
        place = inner
    if not sections or field not in place:
        raise ConfigError(f"{name}: there is no field {field!r}. {_known(place)}")
    if field == "early_stopping" and isinstance(value, bool):
        value = EarlyStopping().model_dump(mode="json") if value else None
    place[field] = value


def _known(place: Any) -> str:
    names = ", ".join(sorted(place)) if isinstance(place, dict) else ""
    return f"Choose one of: {names}."


def _explain(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"]) or "configuration"
        rule = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
        rule = rule[:1].lower() + rule[1:]
        sentences.append(f"{where}: {rule}. Received: {_short(problem.get('input'))}")
    return "; ".join(sentences)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
