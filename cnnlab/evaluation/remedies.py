"""What to change in a configuration whose training went wrong; every change is a valid one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnnlab.config import Features, Optimizer, RunConfig, Scaling, Schedule

ANNEALED = (Schedule.COSINE, Schedule.ONE_CYCLE)  # their rate falls to zero at the planned end

_MOST_EPOCHS = 10_000
_WIDEST, _NARROWEST = 16.0, 1e-3
_HIGHEST_RATE = 10.0
_PATIENCE = 5
_GENTLE_CHANGES = {  # good for nearly all pictures; mirroring is not
    "augmentation.shift": 0.1,
    "augmentation.zoom": 0.1,
    "augmentation.rotation": 0.03,
}
_SMOOTHING = 0.1
_DECAY = 0.05  # of adamw, which multiplies it with the learning rate
_SGD_DECAY = 5e-4
_DECAYING = (Optimizer.ADAMW, Optimizer.SGD)  # the others do not use it


class Remedy(NamedTuple):
    """A way to do better.

    Attributes:
        advice: A sentence.
        changes: New values by dotted field, for `change_config`.
        label: The change in a few words, for a button.
    """

    advice: str
    changes: Mapping[str, Any]
    label: str


def lower_rate(config: RunConfig, *, fine_tuning: bool = False) -> Remedy:
    """A tenth of the learning rate, and scaled pixels where they were raw."""
    if fine_tuning and config.training.fine_tuning is not None:
        rate = _rounded(config.training.fine_tuning.learning_rate / 10)
        return Remedy(
            f"Fine-tune with a tenth of the learning rate, {rate:g}.",
            {"training.fine_tuning.learning_rate": rate},
            f"Fine-tune at {rate:g}",
        )
    rate = _rounded(config.training.learning_rate / 10)
    changes: dict[str, Any] = {"training.learning_rate": rate}
    if config.network.scaling is Scaling.NONE:
        changes["network.scaling"] = Scaling.UNIT.value
        return Remedy(
            f"Train with a tenth of the learning rate, {rate:g}, and with pixel values of 0 to 1 "
            "instead of 0 to 255.",
            changes,
            f"Scale the pixels, rate {rate:g}",
        )
    return Remedy(f"Train with a tenth of the learning rate, {rate:g}.", changes, f"Rate {rate:g}")


def higher_rate(config: RunConfig, *, factor: float) -> Remedy:
    """A multiple of the learning rate."""
    rate = min(_HIGHEST_RATE, _rounded(config.training.learning_rate * factor))
    return Remedy(
        f"Train with {factor:g} times the learning rate, {rate:g}.",
        {"training.learning_rate": rate},
        f"Rate {rate:g}",
    )


def more_epochs(config: RunConfig) -> Remedy:
    """Twice the epochs, of the fine-tuning where there is one."""
    tuning = config.training.fine_tuning
    if tuning is not None:
        epochs = min(1000, 2 * tuning.epochs)
        return Remedy(
            f"Fine-tune for {epochs} epochs.",
            {"training.fine_tuning.epochs": epochs},
            f"{epochs} epochs of fine-tuning",
        )
    epochs = min(_MOST_EPOCHS, 2 * config.training.epochs)
    return Remedy(f"Train for {epochs} epochs.", {"training.epochs": epochs}, f"{epochs} epochs")


def stronger_network(config: RunConfig) -> Remedy:
    """Scaled pixels, else an unfrozen backbone, else twice the filters."""
    if config.network.scaling is Scaling.NONE:
        return Remedy(
            "Scale the pixels to -1 to 1 first: values of 0 to 255 make learning hard.",
            {"network.scaling": Scaling.SIGNED.value},
            "Scale the pixels",
        )
    if config.network.backbone is not None and config.training.fine_tuning is None:
        return Remedy(
            "Fine-tune the last layers of the backbone, or choose a larger one.",
            {"training.fine_tuning": True},
            "Fine-tune the backbone",
        )
    width = min(_WIDEST, _rounded(2 * config.network.width))
    if width > config.network.width:
        return Remedy(
            "Try a network with twice the filters, larger pictures, or weaker augmentation.",
            {"network.width": width},
            "Twice the filters",
        )
    return more_epochs(config)


def against_overfitting(config: RunConfig) -> Remedy:
    """The gentlest means that the configuration does not use yet."""
    training, augmentation, backbone = config.training, config.augmentation, config.network.backbone
    changes: dict[str, Any] = {}
    also = ""
    if training.early_stopping is None and training.schedule not in ANNEALED:
        changes["training.early_stopping.patience"] = _PATIENCE
        also = " Early stopping saves the epochs that no longer help."
    unseen = backbone is not None and backbone.features is Features.CACHED and not backbone.views
    moved = augmentation.shift or augmentation.zoom or augmentation.rotation
    if not unseen and not moved:
        return Remedy(
            "Shift, zoom and turn the training pictures a little, so that they cannot be learnt by "
            f"heart; mirror them too where left and right do not matter.{also}",
            {**_GENTLE_CHANGES, **changes},
            "Change the pictures at random",
        )
    if not training.label_smoothing:
        return Remedy(
            f"Smooth the labels by {_SMOOTHING:g}, so that the network is not driven to be sure. "
            f"More pictures would help most.{also}",
            {"training.label_smoothing": _SMOOTHING, **changes},
            "Smooth the labels",
        )
    by_sgd = training.optimizer is Optimizer.SGD
    decay = _SGD_DECAY if by_sgd else _DECAY
    if training.weight_decay < decay or training.optimizer not in _DECAYING:
        optimizer = Optimizer.SGD if by_sgd else Optimizer.ADAMW
        return Remedy(
            f"Let the weights decay. More pictures would help most.{also}",
            {
                "training.optimizer": optimizer.value,
                "training.weight_decay": decay,
                **changes,
            },
            "Let the weights decay",
        )
    if backbone is not None:
        epochs = max(1, config.training.epochs // 2)
        return Remedy(
            "More pictures would help most; with these, half the epochs are enough.",
            {"training.epochs": epochs},
            f"{epochs} epochs",
        )
    width = max(_rounded(config.network.width / 2), _NARROWEST)
    return Remedy(
        f"Try a network with half the filters. More pictures would help most.{also}",
        {"network.width": width, **changes},
        "Half the filters",
    )


def more_patience(config: RunConfig) -> Remedy:
    """Twice the epochs without improvement before a run ends."""
    rule = config.training.early_stopping
    patience = min(1000, 2 * (_PATIENCE if rule is None else rule.patience))
    return Remedy(
        f"If you want to be sure that nothing better follows, wait for {patience} epochs.",
        {"training.early_stopping.patience": patience},
        f"Wait {patience} epochs",
    )


def _rounded(value: float) -> float:
    """Three digits, as a person would write a rate."""
    return float(f"{value:.3g}")
