"""A complete script that trains as a run did, with Pillow, NumPy and Keras only."""

from __future__ import annotations

from cnnlab.config import Precision, RunConfig, Schedule
from cnnlab.reports.script_data import augmentation_code, batches_code, reading_code
from cnnlab.reports.script_network import network_code
from cnnlab.reports.script_source import call, import_lines
from cnnlab.reports.script_stages import network_arguments, stages_code, trains_on_features
from cnnlab.reports.script_training import monitor_name, training_code

_EVALUATION_BATCH = 128  # as in cnnlab.training.run
_FEATURE_BATCH = 32

_ALIASES = """\
Pixels = NDArray[np.uint8]  # (height, width, channels)
Batch = NDArray[np.uint8]  # (n, height, width, channels)
Inputs = NDArray[Any]  # a batch, or its features
Targets = NDArray[np.float32]  # (n, classes)
Labels = NDArray[Any]  # (n,)"""

_RANDOM_WEIGHTS = """\
    text = "do not load the ImageNet weights; the figures will be others"
    parser.add_argument("--random-weights", action="store_true", help=text)
"""

_TITLE = '''\
"""Train an image classifier and print how good it is on pictures that it has not seen.

    python train.py --data FOLDER

FOLDER holds the pictures; split.csv says which are for training, validation and test, and
config.json names the classes. The same pictures, versions and settings give the same figures.
"""

from __future__ import annotations
'''

_FIGURES = '''\
def figures_of(
    model: keras.Model, pictures: Batch, rows: Labels, labels: Labels
) -> dict[str, float]:
    """Accuracy, loss and macro F1 on some of the pictures.

    Args:
        model: From pixels to probabilities.
        pictures: All pictures.
        rows: Which of them.
        labels: Their classes.
    """
    found = []
    for start in range(0, len(rows), EVALUATION_BATCH):
        batch = pictures[rows[start : start + EVALUATION_BATCH]]
        found.append(model.predict_on_batch(batch.astype(np.float32)))
    probabilities = np.concatenate(found)  # (n, classes)
    predicted = probabilities.argmax(axis=1)
    of_true = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    smallest = np.finfo(np.float32).eps
    return {
        "accuracy": float(np.mean(predicted == labels)),
        "loss": float(-np.log(np.clip(of_true, smallest, 1.0)).mean()),
        "macro_f1": float(np.mean(f1_scores(labels, predicted))),
    }


def f1_scores(labels: Labels, predicted: Labels) -> list[float]:
    """F1 of each class that occurs or was predicted."""
    scores = []
    for label in np.union1d(labels, predicted):
        right = np.sum((labels == label) & (predicted == label))
        scores.append(2 * right / (np.sum(labels == label) + np.sum(predicted == label)))
    return scores'''

_READ_SPLIT = '''\
def read_split(folder: Path, class_names: list[str]) -> tuple[list[Path], Labels, Labels]:
    """Path, class (its place in `class_names`) and use of each picture."""
    with (HERE / "split.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    paths = [folder / line["path"] for line in lines]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise SystemExit(f"{len(missing)} of {len(paths)} pictures are missing: {missing[0]}")
    place = {name: number for number, name in enumerate(class_names)}
    labels = np.array([place[line["class"]] for line in lines])
    return paths, labels, np.array([line["split"] for line in lines])'''

_MAIN = '''\
def main() -> None:
    """Train as the run did, and print the figures of the best epoch."""
    config = json.loads((HERE / "config.json").read_text(encoding="utf-8"))
    class_names, expected = config["class_names"], config["figures"]
    parser = argparse.ArgumentParser(description="Train an image classifier.")
    parser.add_argument("--data", default=config["data_folder"], help="folder of the pictures")
{options}    arguments = parser.parse_args()
{before}    paths, labels, uses = read_split(Path(arguments.data), class_names)
    rows = {{use: np.flatnonzero(uses == use) for use in ("train", "validation", "test")}}
    class_count = len(class_names)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        scratch = Path(temporary)
        pictures = read_pictures(paths, scratch / "pictures.npy")
{training}
        figures = {{}}
        for use in ("validation", "test"):
            if len(rows[use]):
                found = figures_of(model, pictures, rows[use], labels[rows[use]])
                figures |= {{f"{{use}}_{{name}}": value for name, value in found.items()}}
    for name, value in figures.items():
        print(f"{{name}}: {{value:.4f}} (the run: {{expected.get(name, math.nan):.4f}})")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
'''


_BEFORE_IMPORTS = """\
import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as in the run; TensorFlow reads it at once
"""


def training_script(config: RunConfig, precision: Precision, epochs: int | None) -> str:
    """The text of train.py; nothing in it is chosen freely by users, only numbers and options.

    Args:
        config: Of the run.
        precision: The one that the run computed in.
        epochs: Epochs that the run finished; None if all that were planned.
    """
    mixed = precision not in (Precision.AUTO, Precision.FLOAT32)
    ended_early = epochs is not None and epochs < config.training.total_epochs
    parts = [
        *reading_code(config.data),
        _READ_SPLIT,
        *augmentation_code(config.augmentation),
        *batches_code(config),
        *network_code(config, mixed=mixed),
        *training_code(config),
        *stages_code(config, mixed=mixed, ended_early=ended_early),
        _FIGURES,
        _main(config),
    ]
    constants = _constants(config)
    constants += [("PRECISION", f'"{precision.value}"', "of the computation")] if mixed else []
    constants += [("LAST_EPOCH", str(epochs), "the run ended there")] if ended_early else []
    listed = "\n".join(_constant(*constant) for constant in constants)
    code = "\n\n\n".join(part.rstrip("\n") for part in (f"{listed}\n\n{_ALIASES}", *parts))
    return f"{_TITLE}\n{_BEFORE_IMPORTS}\n{import_lines(code)}\n\n{code}\n"


def _constant(name: str, value: str, comment: str) -> str:
    return f"{name} = {value}" + (f"  # {comment}" if comment else "")


def _constants(config: RunConfig) -> list[tuple[str, str, str]]:
    """Name, value as source and a remark on each setting that the script names."""
    data, training, backbone = config.data, config.training, config.network.backbone
    found = [
        ("HERE", "Path(__file__).resolve().parent", ""),
        ("SIZE", str(data.size), "side of the prepared pictures, px"),
        ("CHANNELS", str(data.colour.channels), ""),
        ("SEED", str(training.seed), ""),
        ("EPOCHS", str(training.epochs), ""),
        ("BATCH_SIZE", str(training.batch_size), ""),
        ("EVALUATION_BATCH", str(_EVALUATION_BATCH), ""),
        ("LEARNING_RATE", repr(training.learning_rate), ""),
    ]
    if training.schedule in (Schedule.COSINE, Schedule.ONE_CYCLE):
        found.append(("WARM_UP", repr(training.warm_up), "share of the steps with a rising rate"))
    if training.schedule is Schedule.REDUCE_ON_PLATEAU:
        found.append(("PLATEAU_PATIENCE", str(training.plateau_patience), "epochs"))
        found.append(("PLATEAU_FACTOR", repr(training.plateau_factor), ""))
    if training.label_smoothing:
        found.append(("LABEL_SMOOTHING", repr(training.label_smoothing), ""))
    if training.mixup:
        found.append(("MIXUP", repr(training.mixup), "of the Beta distribution"))
    if training.weight_average:
        remark = "decay of the mean that is validated and kept"
        found.append(("WEIGHT_AVERAGE", repr(training.weight_average), remark))
    found.append(("MONITOR", f'"{monitor_name(training.monitor)}"', "decides which epoch is best"))
    if training.early_stopping is not None:
        found.append(("PATIENCE", str(training.early_stopping.patience), "epochs"))
        found.append(("START_EPOCH", str(training.early_stopping.start_epoch), ""))
    if training.fine_tuning is not None:
        found.append(("FINE_TUNING_EPOCHS", str(training.fine_tuning.epochs), ""))
        found.append(("FINE_TUNING_LAYERS", str(training.fine_tuning.layers), ""))
        found.append(("FINE_TUNING_RATE", repr(training.fine_tuning.learning_rate), ""))
    if backbone is not None and trains_on_features(config):
        found.append(("FEATURE_BATCH", str(_FEATURE_BATCH), ""))
        if backbone.views:
            found.append(("VIEWS", str(1 + backbone.views), "of each training picture"))
    return found


def _main(config: RunConfig) -> str:
    backbone = config.network.backbone
    options, before = "", ""
    if config.training.deterministic:
        before += "    tf.config.experimental.enable_op_determinism()\n"
    if backbone is not None and backbone.pretrained:
        options = _RANDOM_WEIGHTS
        before += '    weights = None if arguments.random_weights else "imagenet"\n'
    elif backbone is not None:
        before += "    weights = None\n"
    training = call("model", "train_network", network_arguments(config))
    training = "\n".join(f"    {line}" for line in training.split("\n"))
    return _MAIN.format(options=options, before=before, training=training)
