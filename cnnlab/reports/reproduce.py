"""A run as a folder that gives the same figures without cnnlab: script, split and settings."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from cnnlab.config import Precision, RunConfig
from cnnlab.reports.script_stages import trains_on_features
from cnnlab.reports.script_text import training_script
from cnnlab.workspace import write_atomically

MADE_WITH = ("tensorflow", "keras", "numpy", "pillow")
_COLUMNS = ("path", "class", "split")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same run gives the same bytes
_FIGURES = ("accuracy", "loss", "macro_f1")

_README = """\
# A training to run again

`train.py` trains the network of a run anew and prints how good it is. It needs Python 3.11 or
later and four packages, but not the program that the run was made with:

    pip install {packages}
    python train.py --data FOLDER

FOLDER holds the pictures, under the paths that `split.csv` lists. `config.json` names the classes
and the settings of the run. Photos in HEIC need the package pillow-heif as well.
{options}
## What it should give

{figures}

The accuracy should differ by no more than 0.5 points: pictures, starting weights, their order and
every random draw are the same, but sums are rounded differently on other machines.
{notes}"""
_NO_FIGURES = "The run has no figures yet."
_RANDOM_WEIGHTS = (
    "\nThe backbone's ImageNet weights are downloaded, unless Keras has them already below\n"
    "`KERAS_HOME`. The option `--random-weights` does without them, and gives other figures.\n"
)
_CONTINUED = """
This run went on from another one, whose part of the training had a plan of its own. The script
carries out the whole training by this run's plan, so its figures may differ by more.
"""
_FEATURES = """
The run computed the features of its backbone with LiteRT; the script does so with Keras. They agree
to the last digits of 16-bit numbers, not to the bit.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What must be known of a run to carry it out again.

    Attributes:
        config: Its configuration.
        class_names: Its classes, in the order of the network's outputs.
        split: Its pictures in their order, with the columns path, class, label and split.
        data_folder: Where they were; the script's default.
        results: Its results: precision, epochs and metrics are used; empty before its end.
        continued: Whether it went on from another run.
    """

    config: RunConfig
    class_names: tuple[str, ...]
    split: pd.DataFrame
    data_folder: Path
    results: Mapping[str, Any] = field(default_factory=dict)
    continued: bool = False

    def files(self) -> dict[str, bytes]:
        """The files by name: train.py, split.csv, config.json and README.md."""
        precision = Precision(self.results.get("precision", self.config.training.precision))
        epochs = self.results.get("epochs")
        script = training_script(self.config, precision, None if epochs is None else int(epochs))
        texts = {
            "train.py": script,
            "split.csv": self._split_csv(),
            "config.json": self._config_json(),
            "README.md": self._readme(),
        }
        return {name: text.encode() for name, text in texts.items()}

    def _split_csv(self) -> str:
        file = StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(zip(*(self.split[column] for column in _COLUMNS), strict=True))
        return file.getvalue()

    def _config_json(self) -> str:
        document = {
            "class_names": list(self.class_names),
            "data_folder": str(self.data_folder),
            "figures": dict(self.results.get("metrics", {})),
            "made_with": {name: version(name) for name in MADE_WITH},
            "settings": self.config.model_dump(mode="json"),
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    def _readme(self) -> str:
        backbone = self.config.network.backbone
        notes = _CONTINUED if self.continued else ""
        if trains_on_features(self.config):
            notes += _FEATURES
        return _README.format(
            packages=" ".join(f"{name}=={version(name)}" for name in MADE_WITH),
            options=_RANDOM_WEIGHTS if backbone is not None and backbone.pretrained else "",
            figures=_figure_table(self.results.get("metrics", {})),
            notes=notes,
        )


def write_reproduction(target: Path, reproduction: Reproduction) -> None:
    """Write the files of a reproduction.

    Args:
        target: A folder, made if it is missing, or a file that ends in .zip.
        reproduction: What to write.

    Raises:
        WorkspaceError: If the disk is full or the target cannot be written to.
    """
    if target.suffix.lower() == ".zip":
        packed = zip_reproduction(reproduction)
        _write(target, packed)
        return
    for name, content in reproduction.files().items():
        _write(target / name, content)


def zip_reproduction(reproduction: Reproduction) -> bytes:
    """The same files as a ZIP archive."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in reproduction.files().items():
            archive.writestr(ZipInfo(name, _ZIP_TIME), content, ZIP_DEFLATED)
    return packed.getvalue()


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda file: file.write(content))


def _figure_table(metrics: Mapping[str, float]) -> str:
    splits = [split for split in ("validation", "test") if f"{split}_accuracy" in metrics]
    if not splits:
        return _NO_FIGURES
    rows = ["| | accuracy | loss | macro F1 |", "|---|---|---|---|"]
    for split in splits:
        values = [metrics.get(f"{split}_{name}") for name in _FIGURES]
        shown = ["" if value is None else f"{value:.4f}" for value in values]
        rows.append(f"| {split} | {' | '.join(shown)} |")
    return "\n".join(rows)
