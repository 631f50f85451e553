"""The part of a script that reads, prepares, changes and batches the pictures."""

from __future__ import annotations

from cnnlab.config import AugmentationConfig, Colour, DataConfig, Resize, RunConfig
from cnnlab.reports.script_source import definitions

_IMAGES = "cnnlab.datasets.images"
_MODES = "cnnlab.datasets.modes"
_REDUCTION = "cnnlab.datasets.reduction"
_SQUARES = "cnnlab.datasets.squares"
_AUGMENTATION = "cnnlab.datasets.augmentation"
_BATCHES = "cnnlab.training.batches"

_HEIF = """\
with suppress(ImportError):  # photos of some telephones need one package more
    import pillow_heif

    pillow_heif.register_heif_opener()"""

_READ_PICTURE = '''\
def read_picture(path: Path) -> Pixels:
    """A picture upright, in RGB, and made the square that the network takes."""
    data = path.read_bytes()
    with Image.open(BytesIO(data)) as image:
        reduce_while_decoding(image, data)
        image.load()
        turn = _TURN.get(_orientation(image))
        image = to_rgb(image)
        if turn is not None:
            image = image.transpose(turn)
{prepared}
    return np.asarray(square).reshape(SIZE, SIZE, CHANNELS)'''

_PREPARED = {
    Resize.SQUASH: "square = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR)",
    Resize.CROP: "box = _middle_square(image)\n"
    "    square = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box)",
    Resize.PAD: "square = _padded(image, SIZE)",
}
_GREY = 'image = image.convert("L")\n    '

_READ_PICTURES = '''\
def read_pictures(paths: list[Path], file: Path) -> Batch:
    """All pictures, shape (n, SIZE, SIZE, CHANNELS), on disk rather than in memory."""
    shape = (len(paths), SIZE, SIZE, CHANNELS)
    pictures = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)

    def read_into(number: int) -> None:
        pictures[number] = read_picture(paths[number])

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(read_into, range(len(paths))):
            pass  # an error in a thread is raised here
    return pictures'''

_BATCHES_CODE = '''\
class Batches(keras.utils.PyDataset):
    """Pictures, or their features, in their order and unchanged."""

    def __init__(self, take: Callable[..., Inputs], labels: Labels, class_count: int) -> None:
        super().__init__()
        self.take = take  # from numbers of pictures to their values
        self.labels = labels
        self.class_count = class_count

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / EVALUATION_BATCH)

    def __getitem__(self, number: int) -> tuple[Inputs, ...]:
        first = number * EVALUATION_BATCH
        chosen = np.arange(first, min(first + EVALUATION_BATCH, len(self.labels)))
        targets = one_hot(self.labels[chosen], self.class_count)
        return self.take(chosen).astype(np.float32), targets'''

_TRAINING_BATCHES = '''\
class TrainingBatches(Batches):
    """Batches of an epoch in an order that only seed and epoch decide."""

    def __init__(self, take: Callable[..., Inputs], labels: Labels, class_count: int) -> None:
        super().__init__(take, labels, class_count)
{weights}        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        self.order = np.random.default_rng([SEED, epoch]).permutation(len(self.labels))

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / BATCH_SIZE)

    def __getitem__(self, number: int) -> tuple[Inputs, ...]:
        chosen = self.order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]
        rng = np.random.default_rng([SEED, self.epoch, number])
        labels = self.labels[chosen]
        inputs = self.take(chosen, rng)
        targets = one_hot(labels, self.class_count{smoothing})
{rest}'''

_OPERATIONS = {
    "flip": ("flip", "FLIP_PROBABILITY"),
    "shift": ("shift",),
    "transform": ("transform", "_margins"),
    "light": ("change_light",),
    "erase": ("erase", "_rectangle", "ERASED_AREA", "ERASED_ASPECT", "_TRIES"),
}


def reading_code(data: DataConfig) -> list[str]:
    """Functions that turn files into pixels: `read_picture(path)`, `read_pictures(paths)`."""
    return [*picture_code(data), _READ_PICTURES]


def picture_code(data: DataConfig) -> list[str]:
    """The function that turns a file into pixels, `read_picture(path)`, with what it needs."""
    constants = definitions(_IMAGES, ["_TURN", "_BAD_EXIF"])
    modes = [
        "_WHITE",
        "_STRIP_PIXELS",
        "_PREMULTIPLIED",
        "_WITH_ALPHA",
        "_MAY_HAVE_TRANSPARENT_COLOUR",
    ]
    functions = ["to_rgb", "_on_white", "_integers", "_floats", "_grey_to_rgb"]
    helpers = {Resize.SQUASH: [], Resize.CROP: ["_middle_square"], Resize.PAD: ["_padded"]}
    limits = ["REDUCED_ABOVE_PIXELS", "REDUCED_WAVELETS_ABOVE_PIXELS", "_MOST_PARTS"]
    limits += ["_CODING_STYLE", "_LEVELS_AT", "_HEAD_BYTES"]
    reducing = ["reduce_while_decoding", "_wavelet_levels"]
    grey = _GREY if data.colour is Colour.GREY else ""
    return [
        f"{_HEIF}\n\n{constants}\n{definitions(_MODES, modes)}\n{definitions(_REDUCTION, limits)}",
        definitions(_MODES, functions),
        definitions(_REDUCTION, reducing),
        definitions(_IMAGES, ["_orientation"]),
        *([definitions(_SQUARES, helpers[data.resize])] if helpers[data.resize] else []),
        _READ_PICTURE.format(prepared=f"    {grey}{_PREPARED[data.resize]}"),
    ]


def batches_code(config: RunConfig) -> list[str]:
    """`Batches` and `TrainingBatches` with what they need."""
    training = config.training
    names = ["one_hot"]
    weights, rest = "", ["        return inputs.astype(np.float32), targets"]
    if training.class_weights:
        names.append("class_weights")
        weights = "        self.weights = class_weights(labels, class_count)\n"
        rest = ["        return inputs.astype(np.float32), targets, weights"]
    drawn = "weights" if training.class_weights else "_"
    if training.mixup > 0:
        names.append("mix")
        given = "weights" if training.class_weights else "None"
        mixed = f"mix(inputs, targets, {given}, MIXUP, rng)"
        rest = [f"        inputs, targets, {drawn} = {mixed}", *rest]
    if training.class_weights:
        rest = ["        weights = self.weights[labels]", *rest]
    smoothing = ", LABEL_SMOOTHING" if training.label_smoothing else ""
    return [
        definitions(_BATCHES, names),
        _BATCHES_CODE,
        _TRAINING_BATCHES.format(weights=weights, smoothing=smoothing, rest="\n".join(rest)),
    ]


def augmentation_code(config: AugmentationConfig) -> list[str]:
    """`augment(batch, rng)` and the operations that it calls; nothing if none is on."""
    steps, used = [], []
    if config.flip_horizontal:
        steps.append("flip(batch, axis=2, rng=_stream(rng))  # left and right")
        used.append("flip")
    if config.flip_vertical:
        steps.append("flip(batch, axis=1, rng=_stream(rng))  # upside down")
        used.append("flip")
    if config.rotation > 0 or config.zoom > 0:
        steps.append("transform(batch, AUGMENTATION, _stream(rng))")
        used.append("transform")
    elif config.shift > 0:
        steps.append(f"shift(batch, share={config.shift!r}, rng=_stream(rng))")
        used.append("shift")
    if config.brightness > 0 or config.contrast > 0:
        steps.append("change_light(batch, AUGMENTATION, _stream(rng))")
        used.append("light")
    if config.erasing > 0:
        steps.append(f"erase(batch, probability={config.erasing!r}, rng=_stream(rng))")
        used.append("erase")
    if not steps:
        return []
    augment = [
        "def augment(batch: Batch, rng: np.random.Generator) -> Batch:",
        '    """Change every picture of a batch at random, each by a draw of its own."""',
        *(f"    batch = {step}" for step in steps[:-1]),
        f"    return {steps[-1]}",
    ]
    names = {"_stream"}.union(*(_OPERATIONS[name] for name in used))
    code = [definitions(_AUGMENTATION, names), "\n".join(augment)]
    return [_strengths(config), *code] if {"transform", "light"} & set(used) else code


def _strengths(config: AugmentationConfig) -> str:
    """The operations' strengths under the names that their code reads."""
    names = ("rotation", "zoom", "shift", "brightness", "contrast")
    values = {name: getattr(config, name) for name in names}
    given = ", ".join(f"{name}={value!r}" for name, value in values.items() if value)
    fields = "\n".join(f"    {name}: float = 0.0" for name in names)
    return (
        "@dataclass(frozen=True)\n"
        "class AugmentationConfig:\n"
        '    """Largest changes; those of 0 are off."""\n'
        f"\n{fields}\n\n\nAUGMENTATION = AugmentationConfig({given})"
    )
