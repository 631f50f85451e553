"""The part of a script that carries the training out: what is trained on what, and then what."""

from __future__ import annotations

from cnnlab.config import AugmentationConfig, Backbone, Features, RunConfig
from cnnlab.networks.layer_rows import BACKBONE_NAME
from cnnlab.reports.script_source import call

_PICTURE_BATCHES = '''\
def picture_batches(
    pictures: Batch, rows: dict[str, Labels], labels: Labels, class_count: int
) -> tuple[TrainingBatches, Batches]:
    """Batches of the training and of the validation pictures."""
    train, validation = rows["train"], rows["validation"]

    def changed(chosen: Labels, rng: np.random.Generator) -> Batch:
        return {changed}

    def unchanged(chosen: Labels) -> Batch:
        return pictures[validation[chosen]]

    return (
        TrainingBatches(changed, labels[train], class_count),
        Batches(unchanged, labels[validation], class_count),
    )'''

_FEATURES_OF = '''\
def features_of(
    model: keras.Model, take: Callable[[Labels], Batch], count: int, file: Path
) -> Inputs:
    """What the backbone sees, shape (count, height, width, channels), on disk."""
    shape = (count, *model.output_shape[1:])
    features = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)
    for start in range(0, count, FEATURE_BATCH):
        numbers = np.arange(start, min(start + FEATURE_BATCH, count))
        features[numbers] = model.predict_on_batch(take(numbers).astype(np.float32))
    return features'''

_VIEWS_OF = '''\
def views_of(pictures: Batch, paths: list[Path], rows: Labels, numbers: Labels) -> Batch:
    """Views of the training pictures: each picture unchanged, then changed in several ways."""
    chosen, views = rows[numbers // VIEWS], numbers % VIEWS
    batch = np.array(pictures[chosen])
    for place in np.flatnonzero(views):
        content = blake2b(paths[chosen[place]].read_bytes(), digest_size=16).hexdigest()
        rng = np.random.default_rng([SEED, zlib.crc32(content.encode()), views[place]])
        batch[place] = augment(batch[place : place + 1], rng)[0]
    return batch'''

_FEATURE_BATCHES = '''\
def feature_batches(
    pictures: Batch,
{parameters}    rows: dict[str, Labels],
    labels: Labels,
    class_count: int,
    weights: str | None,
    scratch: Path,
) -> tuple[TrainingBatches, Batches, tuple[int, ...]]:
    """Batches of what the frozen backbone sees, computed once, and their shape."""
    train, validation = rows["train"], rows["validation"]
    model = build_features(weights)

    def training_pictures(numbers: Labels) -> Batch:
        return {views}

    def validation_pictures(numbers: Labels) -> Batch:
        return pictures[validation[numbers]]

    count, file = {count}, scratch / "train.npy"
    seen = features_of(model, training_pictures, count, file)
    file = scratch / "validation.npy"
    held_out = features_of(model, validation_pictures, len(validation), file)

    def drawn(chosen: Labels, rng: np.random.Generator) -> Inputs:
        return {drawn}

    def unchanged(chosen: Labels) -> Inputs:
        return held_out[chosen]

    return (
        TrainingBatches(drawn, labels[train], class_count),
        Batches(unchanged, labels[validation], class_count),
        seen.shape[1:],
    )'''

_TRAIN_NETWORK = '''\
def train_network(
    pictures: Batch,
{parameters}    rows: dict[str, Labels],
    labels: Labels,
    class_count: int,
{options}) -> keras.Model:
    """The network of the best epoch."""
    best = BestEpoch()
{main}
{fine_tuning}    model = build_model({whole})
    best.restore(model)
    return model'''

_MAIN = """\
    batches, validation = picture_batches(pictures, rows, labels, class_count)
    keras.utils.set_random_seed(SEED)
    model = build_model({arguments})
    {result}train(model, batches, validation, best, 0, {last})
"""

_MAIN_ON_FEATURES = """\
{batches}
    keras.utils.set_random_seed(SEED)
    model = build_head({arguments})
    {result}train(model, batches, validation, best, 0, {last})
"""

_FINE_TUNING = """\
    # From the best epoch on, the last layers of the backbone are trained too.
    last = {last}
    if last > finished:
        batches, validation = picture_batches(pictures, rows, labels, class_count)
        keras.utils.set_random_seed(SEED)
        model = build_model({arguments})
        best.restore(model)
        thaw(model.get_layer("{name}"), FINE_TUNING_LAYERS)
        train(model, batches, validation, best, finished, last, FINE_TUNING_RATE)

"""


def stages_code(config: RunConfig, *, mixed: bool, ended_early: bool) -> list[str]:
    """`train_network(...)` with what it needs.

    Args:
        config: Of the run.
        mixed: Whether the run computed in a coarser precision than float32.
        ended_early: Whether it finished fewer epochs than were planned.
    """
    parts = []
    changed = "pictures[train[chosen]]"
    if _changes(config.augmentation):
        changed = f"augment({changed}, rng)"
    if not trains_on_features(config) or config.training.fine_tuning is not None:
        parts.append(_PICTURE_BATCHES.format(changed=changed))
    backbone = config.network.backbone
    if backbone is not None and trains_on_features(config):
        parts += _feature_parts(config, backbone)
    return [*parts, _train_network(config, mixed=mixed, ended_early=ended_early)]


def trains_on_features(config: RunConfig) -> bool:
    """True if the main part of the training works on cached features."""
    backbone = config.network.backbone
    return backbone is not None and backbone.features is Features.CACHED


def network_arguments(config: RunConfig) -> list[str]:
    """What `train_network` is called with."""
    arguments = ["pictures", "rows", "labels", "class_count"]
    if config.network.backbone is not None:
        arguments.append("weights")
    if trains_on_features(config):
        arguments.append("scratch")
        if _reads_paths(config):
            arguments.insert(1, "paths")
    return arguments


def _feature_parts(config: RunConfig, backbone: Backbone) -> list[str]:
    views, count, drawn = "pictures[train[numbers]]", "len(train)", "seen[chosen]"
    if backbone.views:
        count = "len(train) * VIEWS"
        drawn = "seen[chosen * VIEWS + rng.integers(VIEWS, size=len(chosen))]"
        views = "pictures[train[numbers // VIEWS]]"
    if _reads_paths(config):
        views = "views_of(pictures, paths, train, numbers)"
    batches = _FEATURE_BATCHES.format(
        parameters="    paths: list[Path],\n" if _reads_paths(config) else "",
        views=views,
        count=count,
        drawn=drawn,
    )
    return [_FEATURES_OF, *([_VIEWS_OF] if _reads_paths(config) else []), batches]


def _train_network(config: RunConfig, *, mixed: bool, ended_early: bool) -> str:
    given = network_arguments(config)
    tuning = config.training.fine_tuning
    has_backbone = config.network.backbone is not None
    whole = ["class_count"] + (["weights"] if has_backbone else [])
    precision = ["PRECISION"] if mixed else []
    options = ""
    if has_backbone:
        options = "    weights: str | None,\n"
        options += "    scratch: Path,\n" if trains_on_features(config) else ""
    facts = {
        "result": "finished = " if tuning is not None else "",
        "last": "min(EPOCHS, LAST_EPOCH)" if ended_early else "EPOCHS",
    }
    if trains_on_features(config):
        main = _MAIN_ON_FEATURES.format(
            batches=call("batches, validation, shape", "feature_batches", given),
            arguments=", ".join(["shape", "class_count", *precision]),
            **facts,
        )
    else:
        main = _MAIN.format(arguments=", ".join([*whole, *precision]), **facts)
    fine_tuning = ""
    if tuning is not None:
        last = "finished + FINE_TUNING_EPOCHS"
        fine_tuning = _FINE_TUNING.format(
            last=f"min({last}, LAST_EPOCH)" if ended_early else last,
            arguments=", ".join([*whole, *precision]),
            name=BACKBONE_NAME,
        )
    return _TRAIN_NETWORK.format(
        parameters="    paths: list[Path],\n" if "paths" in given else "",
        options=options,
        main=main,
        fine_tuning=fine_tuning,
        whole=", ".join(whole),
    )


def _changes(augmentation: AugmentationConfig) -> bool:
    return any(augmentation.model_dump().values())


def _reads_paths(config: RunConfig) -> bool:
    """Whether cached features have changed views, whose draws depend on the files' content."""
    backbone = config.network.backbone
    has_views = backbone is not None and backbone.views > 0
    return has_views and _changes(config.augmentation)
