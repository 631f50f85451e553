"""The fields that decide how the weights are found, the common ones in front."""

from __future__ import annotations

import math

import streamlit as st

from cnnlab.config import Monitor, Optimizer, Precision, Schedule, TrainingConfig
from cnnlab.figures.schedule import plot_schedule
from cnnlab.schedules import planned_rates
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.fields import Fields

_RATE_STEP = 1e-4
_OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}
_SCHEDULES = {
    "constant": "constant",
    "cosine": "cosine",
    "one_cycle": "one cycle",
    "reduce_on_plateau": "reduce on plateau",
}
_MONITORS = {
    "validation_loss": "validation loss",
    "validation_accuracy": "validation accuracy",
    "validation_balanced_accuracy": "balanced validation accuracy",
    "validation_macro_f1": "macro F1 on validation",
    "loss": "training loss",
    "accuracy": "training accuracy",
}
_PRECISIONS = {
    "auto": "auto: measured by a trial",
    "float32": "float32",
    "mixed_bfloat16": "mixed bfloat16",
    "mixed_float16": "mixed float16",
}


def epochs_field(fields: Fields) -> None:
    """How long, the one field that everybody looks at."""
    fields.number(
        "training.epochs",
        "Epochs",
        low=1,
        high=10_000,
        help="How often the network sees all training pictures",
    )


def learning_fields(fields: Fields) -> None:
    """Batch, optimiser and learning rate."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number(
            "training.batch_size",
            "Batch size",
            low=1,
            high=4096,
            help="Pictures between two changes of the weights. More need more memory.",
        )
        fields.number(
            "training.learning_rate",
            "Learning rate",
            low=1e-7,
            high=10.0,
            step=_RATE_STEP,
            form="%g",
            help="How far the weights follow the gradient; with a schedule, the highest rate",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        optimizer = fields.choice("training.optimizer", "Optimiser", list(Optimizer), _OPTIMIZERS)
        schedule = fields.choice(
            "training.schedule",
            "Learning rate over time",
            list(Schedule),
            _SCHEDULES,
            help="Cosine: a warm-up, then slowly down to nothing. One cycle: up and down once. "
            "Reduce on plateau: falls whenever it no longer gets better.",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _optimizer_fields(fields, Optimizer(optimizer))
        _schedule_fields(fields, Schedule(schedule))


def stopping_fields(fields: Fields) -> None:
    """Which epoch is kept, and when a run ends early."""
    fields.choice(
        "training.monitor",
        "Best epoch by",
        list(Monitor),
        _MONITORS,
        help="The network of the best epoch is kept, early stopping waits for a better one, and "
        "so does a learning rate that falls",
    )
    fields.number(
        "training.weight_average",
        "Mean of the weights, decay",
        low=0.0,
        high=0.9999,
        step=0.01,
        help="A running mean of the weights is validated and kept instead of them, which is "
        "steadier; 0.99 looks back about a hundred steps, 0 keeps the weights themselves",
    )
    on = fields.toggle(
        "training.early_stopping",
        "Stop early when it no longer gets better",
        on=fields.config.training.early_stopping is not None,
    )
    if on:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            fields.number(
                "training.early_stopping.patience",
                "Patience, epochs",
                low=1,
                high=1000,
                help="So many epochs without a better one end the run",
            )
            fields.number(
                "training.early_stopping.start_epoch",
                "Counting from epoch",
                low=1,
                high=1000,
                help="Epochs before it never end the run",
            )
        _warn_of_patience(fields)


def fine_tuning_fields(fields: Fields, *, with_backbone: bool) -> None:
    """Training a backbone's last layers after the others; only with one."""
    configured = fields.config.training.fine_tuning is not None
    if not with_backbone:
        if configured:
            fields.changes["training.fine_tuning"] = False
        return
    on = fields.toggle(
        "training.fine_tuning",
        "Fine-tune the backbone afterwards",
        on=configured,
        help="After the epochs above, its last layers are trained too, slowly",
    )
    if on:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            fields.number("training.fine_tuning.epochs", "Epochs in addition", low=1, high=1000)
            fields.number("training.fine_tuning.layers", "Last layers", low=1, high=1000)
            fields.number(
                "training.fine_tuning.learning_rate",
                "Learning rate there",
                low=1e-8,
                high=1.0,
                step=1e-5,
                form="%g",
            )


def regularising_fields(fields: Fields) -> None:
    """What keeps a network from learning its pictures by heart."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number(
            "training.label_smoothing",
            "Label smoothing",
            low=0.0,
            high=0.9,
            help="Share of certainty that is spread over the other classes; 0 for none",
        )
        fields.number(
            "training.mixup",
            "Mixup",
            low=0.0,
            high=8.0,
            step=0.1,
            help="Blends pairs of pictures and their classes; parameter of the Beta distribution, "
            "0 mixes nothing, 0.2 is usual",
        )
    fields.toggle(
        "training.class_weights",
        "Weigh classes evenly",
        help="Pictures of rare classes count more, as if all classes had as many",
    )


def machine_fields(fields: Fields) -> None:
    """How the computer does it, and what it writes down."""
    fields.choice(
        "training.precision",
        "Precision",
        list(Precision),
        _PRECISIONS,
        help="In which numbers it computes; weights are float32 always. Auto tries a few steps "
        "and takes the faster one.",
    )
    fields.number(
        "training.seed",
        "Seed of the training",
        low=0,
        high=2**31 - 1,
        help="Decides the first weights, the order of pictures and every random change",
    )
    fields.toggle(
        "training.deterministic",
        "Deterministic",
        help="The same seed gives the same bits again; slower",
    )
    logs = fields.toggle(
        "training.tensorboard", "Logs for TensorBoard", help="In the workspace's folder"
    )
    if logs:
        fields.optional_text(
            "training.log_name",
            "Name of the log",
            length=120,
            placeholder="named by the recipe and the time",
            help="{time}, {run}, {recipe}, {conv}, {nodes} and {dense} are filled in",
        )


def _warn_of_patience(fields: Fields) -> None:
    """Say so where early stopping cannot end the run any earlier than it ends anyway."""
    patience, start, epochs = (
        fields.changes.get(name, fields.value(name))
        for name in (
            "training.early_stopping.patience",
            "training.early_stopping.start_epoch",
            "training.epochs",
        )
    )
    earliest = max(1, start - 1) + patience
    if earliest >= epochs:
        st.caption(
            f":material/info: The earliest end is after epoch {earliest:,}: with {epochs:,} epochs "
            "it never ends a run."
        )


def steps_of(training: TrainingConfig, training_pictures: int) -> int:
    """Batches an epoch."""
    return max(1, math.ceil(training_pictures / training.batch_size))


def show_schedule(training: TrainingConfig, training_pictures: int) -> None:
    """The planned learning rate, before the start."""
    steps = steps_of(training, training_pictures)
    points = planned_rates(training, steps)
    figure = plot_schedule(training, points, steps=steps, dark=context.is_dark())
    show_chart(figure, key="planned-rates")


def warn_of_batch(training: TrainingConfig, training_pictures: int) -> None:
    """Say so where one batch takes in more than there is."""
    if not 0 < training_pictures < training.batch_size:
        return
    st.warning(
        f"The batch of {training.batch_size:,} is larger than the training set of "
        f"{training_pictures:,} pictures: an epoch is a single batch of {training_pictures:,}, "
        "and the weights change once in it. Choose a smaller batch size, such as "
        f"{_suggested_batch(training_pictures)}, or more epochs.",
        icon=":material/warning:",
    )


def _suggested_batch(pictures: int) -> int:
    """A power of two that makes at least eight batches, where there are as many pictures."""
    return int(2 ** max(0, int(math.log2(max(1, pictures / 8)))))


def _optimizer_fields(fields: Fields, optimizer: Optimizer) -> None:
    if optimizer is Optimizer.SGD:
        fields.number(
            "training.momentum",
            "Momentum",
            low=0.0,
            high=0.999,
            help="Share of the last step that is kept, in Nesterov's way",
        )
    if optimizer in (Optimizer.ADAMW, Optimizer.SGD):
        fields.number(
            "training.weight_decay",
            "Weight decay",
            low=0.0,
            high=0.99,
            step=_RATE_STEP,
            form="%g",
            help="Pulls weights towards zero at every step",
        )


def _schedule_fields(fields: Fields, schedule: Schedule) -> None:
    if schedule in (Schedule.COSINE, Schedule.ONE_CYCLE):
        fields.number(
            "training.warm_up",
            "Warm-up, share",
            low=0.0,
            high=0.99,
            help="Share of the steps during which the rate rises",
        )
    if schedule is Schedule.REDUCE_ON_PLATEAU:
        fields.number(
            "training.plateau_patience",
            "Patience, epochs",
            low=1,
            high=1000,
            help="So many epochs without a better value, then the rate falls",
        )
        fields.number(
            "training.plateau_factor",
            "Falls to, share",
            low=0.01,
            high=0.99,
            help="What the rate is multiplied with",
        )
