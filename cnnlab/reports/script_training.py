"""The part of a script that trains: optimizer, learning rate, best epoch."""

from __future__ import annotations

from cnnlab.config import Monitor, Optimizer, RunConfig, Schedule, TrainingConfig
from cnnlab.reports.script_source import call, definitions
from cnnlab.schedules import END_DIVISOR, START_DIVISOR

_RATES = '''\
def learning_rate_at(step: int, total_steps: int) -> float:
    """Learning rate of a step: up in a straight line, then down along half a cosine."""
    warm_up = WARM_UP * total_steps
    if step < warm_up:
        low = LEARNING_RATE / {start:g}
        return low + (LEARNING_RATE - low) * step / warm_up
    low = {low}
    done = min(1.0, (step - warm_up) / max(1.0, {end} - warm_up))
    return low + (LEARNING_RATE - low) * 0.5 * (1 + math.cos(math.pi * done))'''

_CONDUCTOR = '''\
class Conductor(keras.callbacks.Callback):
    """Tells the batches which epoch it is, and sets the learning rate before each step."""

    def __init__(self, batches: TrainingBatches{argument}) -> None:
        super().__init__()
        self.batches = batches
        self.epoch = 0
        self.rate = None
{state}
    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch
        self.batches.start_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
{rate}
        if rate != self.rate:
            self.rate = self.model.optimizer.learning_rate = rate'''

_PLATEAU_STATE = """\
        self.factor, self.best, self.waited = 1.0, None, 0
"""

_PLATEAU = '''\


    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Lower the rate if the monitored figure stays where it is."""
        value = float(logs[MONITOR])
        if not math.isfinite(value):
            return
        if self.best is None or value {sign} self.best:
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited >= PLATEAU_PATIENCE:
            self.waited = 0
            self.factor *= PLATEAU_FACTOR'''

_BEST_EPOCH = '''\
class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best epoch{also}."""

    def __init__(self) -> None:
        super().__init__()
        self.value = None
        self.epoch = None  # counted from 1
        self.weights = {{}}
{state}
    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        value = float(logs[MONITOR])
        if math.isfinite(value) and (self.value is None or value {sign} self.value):
            self.value, self.epoch = value, epoch + 1
            found = [layer for layer in self.model.layers if layer.weights]
            self.weights = {{layer.name: layer.get_weights() for layer in found}}
{stopping}
    def restore(self, model: keras.Model) -> None:
        """Give a model those weights; a backbone that was not trained keeps its own."""
        for layer in model.layers:
            if layer.name in self.weights:
                layer.set_weights(self.weights[layer.name])'''

_STOPPING = """\
        if self.epoch is not None:
            waited = epoch + 1 - max(self.epoch, START_EPOCH - 1, self.stage_began)
            self.model.stop_training = waited >= PATIENCE
"""

_WEIGHT_AVERAGE = '''\
class WeightAverage(keras.callbacks.Callback):
    """Validates, and lets `BestEpoch` keep, a running mean of the weights instead of them."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        count = tf.Variable(0.0)
        self.means = [tf.Variable(weight.numpy()) for weight in self.model.weights]
        weights = [weight.value for weight in self.model.weights]

        @tf.function
        def update() -> None:
            steps = count.assign_add(1.0)
            keep = tf.minimum(WEIGHT_AVERAGE, (1.0 + steps) / (10.0 + steps))
            for mean, weight in zip(self.means, weights, strict=True):
                mean.assign_add((1.0 - keep) * (tf.cast(weight, mean.dtype) - mean))

        self.update = update

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.update()

    def on_test_begin(self, logs: dict | None = None) -> None:
        self.swap()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.swap()

    def swap(self) -> None:
        """Put the means into the model, or the weights back."""
        for mean, weight in zip(self.means, self.model.weights, strict=True):
            value = weight.numpy()
            weight.assign(mean)
            mean.assign(value)'''

_TRAIN = '''\
def train(
    model: keras.Model,
    batches: TrainingBatches,
    validation: Batches,
    best: BestEpoch,
    first_epoch: int,
    last_epoch: int,
{parameter}) -> int:
    """Train a model; returns the epochs that are finished then."""
{before}    model.compile(
        optimizer=make_optimizer(),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=[{metrics}],
        jit_compile=False,
    )
    history = model.fit(
        batches,
        validation_data=validation,
        initial_epoch=first_epoch,
        epochs=last_epoch,
        shuffle=False,  # the batches decide the order
        callbacks=[Conductor(batches{argument}), best{average}],
        verbose=2,
    )
    return first_epoch + len(history.epoch)'''

_THAW = '''\
def thaw(backbone: keras.Model, count: int) -> None:
    """Let the last layers of a backbone be trained, but for its batch normalisations."""
    backbone.trainable = True
    for layer in backbone.layers[:-count]:
        layer.trainable = False
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False'''


def training_code(config: RunConfig) -> list[str]:
    """`train(...)` and the classes that it uses; `thaw` where there is a fine-tuning."""
    training = config.training
    parts = [_optimizer(training), _rates(training), _metric(training)]
    parts += [_conductor(training), _best_epoch(training)]
    parts += [_WEIGHT_AVERAGE] if training.weight_average else []
    parts.append(_train(training))
    parts += [_THAW] if training.fine_tuning is not None else []
    return [part for part in parts if part]


def monitor_name(monitor: Monitor) -> str:
    """The monitored figure under its name in Keras."""
    return monitor.value.replace("validation_", "val_")


def _optimizer(training: TrainingConfig) -> str:
    rate = "LEARNING_RATE"
    match training.optimizer:
        case Optimizer.ADAM:
            made = call("return", "keras.optimizers.Adam", [rate])
        case Optimizer.ADAMW:
            decay = f"weight_decay={training.weight_decay!r}"
            made = call("return", "keras.optimizers.AdamW", [rate, decay])
        case Optimizer.RMSPROP:
            made = call("return", "keras.optimizers.RMSprop", [rate])
        case Optimizer.SGD:
            arguments = [rate, f"momentum={training.momentum!r}"]
            arguments += ["nesterov=True"] if training.momentum > 0 else []
            decay = f"weight_decay={training.weight_decay!r}"
            arguments += [decay] if training.weight_decay else []
            made = call("return", "keras.optimizers.SGD", arguments)
    return f"def make_optimizer() -> keras.optimizers.Optimizer:\n{made}"


def _rates(training: TrainingConfig) -> str:
    if training.schedule is Schedule.COSINE:
        return _RATES.format(start=START_DIVISOR, low="0.0", end="total_steps")
    if training.schedule is Schedule.ONE_CYCLE:
        low = f"LEARNING_RATE / {END_DIVISOR:g}"
        return _RATES.format(start=START_DIVISOR, low=low, end="total_steps - 1")
    return ""


def _metric(training: TrainingConfig) -> str:
    if training.monitor is not Monitor.VALIDATION_BALANCED_ACCURACY:
        return ""
    return definitions("cnnlab.training.compiling", ["BalancedAccuracy"])


def _conductor(training: TrainingConfig) -> str:
    state, plateau = "", ""
    match training.schedule:
        case Schedule.CONSTANT:
            lines = ["rate = LEARNING_RATE"]
        case Schedule.REDUCE_ON_PLATEAU:
            lines = ["rate = LEARNING_RATE * self.factor"]
            state, plateau = _PLATEAU_STATE, _PLATEAU.format(sign=_sign(training))
        case _:
            lines = [
                "steps = len(self.batches)",
                "rate = learning_rate_at(self.epoch * steps + batch, EPOCHS * steps)",
            ]
    argument = ""
    if training.fine_tuning is not None:
        argument = ", fixed_rate: float | None"
        state += "        self.fixed_rate = fixed_rate\n"
        lines += ["if self.fixed_rate is not None:", "    rate = self.fixed_rate"]
    rate = "\n".join(f"        {line}" for line in lines)
    return _CONDUCTOR.format(argument=argument, state=state, rate=rate) + plateau


def _best_epoch(training: TrainingConfig) -> str:
    stopping = training.early_stopping is not None
    return _BEST_EPOCH.format(
        also=", and ends a training that no longer gets better" if stopping else "",
        sign=_sign(training),
        state="        self.stage_began = 0\n" if stopping else "",
        stopping=_STOPPING if stopping else "",
    )


def _train(training: TrainingConfig) -> str:
    metrics = ['keras.metrics.CategoricalAccuracy(name="accuracy")']
    if training.monitor is Monitor.VALIDATION_BALANCED_ACCURACY:
        metrics.append("BalancedAccuracy(batches.class_count)")
    if training.monitor is Monitor.VALIDATION_MACRO_F1:
        metrics.append('keras.metrics.F1Score(average="macro", name="macro_f1")')
    listed = ", ".join(metrics)
    if len(metrics) > 1:
        listed = "\n" + "".join(f"            {metric},\n" for metric in metrics) + "        "
    fine_tuning = training.fine_tuning is not None
    stopping = training.early_stopping is not None
    return _TRAIN.format(
        parameter="    fixed_rate: float | None = None,\n" if fine_tuning else "",
        argument=", fixed_rate" if fine_tuning else "",
        average=", WeightAverage()" if training.weight_average else "",
        metrics=listed,
        before="    best.stage_began = first_epoch\n" if stopping else "",
    )


def _sign(training: TrainingConfig) -> str:
    return ">" if training.monitor.higher_is_better else "<"
