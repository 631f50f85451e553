"""What lies beside an exported network: a program that uses it without cnnlab, and a few words."""

from __future__ import annotations

from cnnlab.config import DataConfig
from cnnlab.reports.script_data import picture_code
from cnnlab.reports.script_source import import_lines
from cnnlab.runs.model_exports import Certificate
from cnnlab.runs.model_formats import ModelFormat

_TITLE = '''\
"""Say what is in pictures: prints {{"path": {{class: probability}}}} as JSON.

    pip install {packages}
    python predict.py PICTURE ...

The network lies beside this file, its classes are named in model.json.
"""

from __future__ import annotations
'''

_BEGIN = """\
HERE = Path(__file__).resolve().parent
SIZE = {size}  # side of the prepared pictures, px
CHANNELS = {channels}
BATCH = 8  # pictures at once

Pixels = NDArray[np.uint8]  # (height, width, channels)
Batch = NDArray[np.float32]  # (n, SIZE, SIZE, CHANNELS), values of 0-255
Answers = NDArray[Any]  # (n, classes), probabilities"""

_NETWORKS = {
    ModelFormat.KERAS: '''\
NETWORK = keras.models.load_model(HERE / "{name}", compile=False)


def predict(batch: Batch) -> Answers:
    """What the network says of some prepared pictures."""
    return NETWORK.predict_on_batch(batch)''',
    ModelFormat.LITERT: '''\
NETWORK = Interpreter(str(HERE / "{name}"))
RUN = NETWORK.get_signature_runner("serving_default")


def predict(batch: Batch) -> Answers:
    """What the network says of some prepared pictures."""
    return RUN(pixels=batch)["probabilities"]''',
    ModelFormat.SAVED_MODEL: '''\
NETWORK = tf.saved_model.load(str(HERE / "{name}"))
RUN = NETWORK.signatures["serving_default"]


def predict(batch: Batch) -> Answers:
    """What the network says of some prepared pictures."""
    return RUN(pixels=tf.constant(batch))["probabilities"].numpy()''',
    ModelFormat.ONNX: '''\
NETWORK = onnxruntime.InferenceSession(str(HERE / "{name}"), providers=["CPUExecutionProvider"])


def predict(batch: Batch) -> Answers:
    """What the network says of some prepared pictures."""
    return NETWORK.run(["probabilities"], {{"pixels": batch}})[0]''',
}
_NETWORKS[ModelFormat.LITERT_INT8] = _NETWORKS[ModelFormat.LITERT]

_MAIN = '''\
def classify(paths: list[str]) -> dict[str, dict[str, float]]:
    """The probability of each class, for each picture."""
    names = json.loads((HERE / "model.json").read_text(encoding="utf-8"))["class_names"]
    found = {}
    for start in range(0, len(paths), BATCH):
        some = paths[start : start + BATCH]
        batch = np.stack([read_picture(Path(path)) for path in some]).astype(np.float32)
        for path, answer in zip(some, predict(batch), strict=True):
            found[path] = dict(zip(names, map(float, answer), strict=True))
    return found


def main() -> None:
    """Read the pictures that the command names, and print what is in them."""
    parser = argparse.ArgumentParser(description="Say what is in pictures.")
    parser.add_argument("pictures", nargs="*", metavar="PICTURE")
    parser.add_argument("--list", metavar="FILE", help="a JSON list of more pictures")
    arguments = parser.parse_args()
    paths = arguments.pictures
    if arguments.list:
        paths += json.loads(Path(arguments.list).read_text(encoding="utf-8"))
    print(json.dumps(classify(paths), indent=2))


if __name__ == "__main__":
    main()
'''

_README = """\
# A network that names what is in pictures

Written by cnnlab as {title}. It tells {count} classes apart: {classes}.

    pip install {packages}
    python predict.py PICTURE ...

`predict.py` needs nothing else: it reads pictures exactly as they were read for the training, and
prints the probability of each class as JSON. Photos in HEIC need the package pillow-heif as well.

| file | what it is |
|---|---|
| `{model_name}` | the network; it takes {size} x {size} pixels, values of 0-255, {colour} |
| `model.json` | the classes, and how pictures are prepared |
| `predict.py` | a program that uses the network |
| `certificate.json` | what was checked |

## What was checked

{sentence}
"""
_ROUNDED = """
Its weights and the values between its layers are rounded to 8 bits, so that its answers are not
quite those of the network that was trained.
"""
_NAMED_CLASSES = 20


def snippet(model_format: ModelFormat, data: DataConfig) -> str:
    """The text of predict.py; nothing in it is chosen freely by users, only numbers and options.

    Args:
        model_format: What the network was written as.
        data: How pictures are prepared for it.
    """
    begin = _BEGIN.format(size=data.size, channels=data.colour.channels)
    network = _NETWORKS[model_format].format(name=model_format.model_name)
    parts = [begin, *picture_code(data), network, _MAIN]
    code = "\n\n\n".join(part.rstrip("\n") for part in parts)
    title = _TITLE.format(packages=" ".join(model_format.packages))
    return f"{title}\n{import_lines(code)}\n\n{code}\n"


def readme(certificate: Certificate, class_names: tuple[str, ...], data: DataConfig) -> str:
    """The text of README.md."""
    model_format = certificate.format
    named = ", ".join(map(_quoted, class_names[:_NAMED_CLASSES]))
    if len(class_names) > _NAMED_CLASSES:
        named += " and more"
    text = _README.format(
        title=model_format.label,
        count=len(class_names),
        classes=named,
        packages=" ".join(model_format.packages),
        model_name=model_format.model_name,
        size=data.size,
        colour="one channel of grey" if data.colour.channels == 1 else "in the order R, G, B",
        sentence=certificate.sentence,
    )
    return text + (_ROUNDED if model_format.rounds else "")


def _quoted(name: str) -> str:
    """A name on one line of Markdown, shown as it is."""
    plain = " ".join(name.split()).replace("`", "'")
    return f"`{plain}`"
