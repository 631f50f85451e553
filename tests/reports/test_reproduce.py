"""A run, and the stand-alone script that is written for it, side by side."""

import ast
import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cnnlab.config import (
    AugmentationConfig,
    Backbone,
    BackboneName,
    Colour,
    DataConfig,
    EarlyStopping,
    FineTuning,
    PoolMode,
    Precision,
    Resize,
    RunConfig,
    Schedule,
    TrainingConfig,
    change_config,
)
from cnnlab.datasets.augmentation import augment
from cnnlab.datasets.images import load, prepare
from cnnlab.inference.weights import find_weights
from cnnlab.networks.builder import build, build_features
from cnnlab.networks.recipes import RECIPES, recipe
from cnnlab.reports.reproduce import Reproduction, write_reproduction, zip_reproduction
from cnnlab.reports.script_text import training_script
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.store import Store
from cnnlab.schedules import learning_rate_at
from cnnlab.training.run import TrainingRun
from cnnlab.workspace import RunFiles, Workspace
from tests.pictures import COLOURS, coloured_square

THIS_PROCESS = ProcessIdentity(1, 1.0)
BASE = RunConfig.model_validate(
    {
        "recipe": "quick",
        "network": {
            "layers": [
                {"kind": "conv", "filters": 32, "padding": "same", "bias": False},
                {"kind": "pool"},
                {"kind": "batch_norm", "momentum": 0.9},
                {"kind": "activation"},
                {
                    "kind": "residual",
                    "layers": [
                        {"kind": "conv", "filters": 32, "padding": "same", "activation": "linear"},
                        {"kind": "batch_norm", "momentum": 0.9},
                        {"kind": "activation", "function": "gelu"},
                    ],
                },
                {"kind": "global_pool", "mode": "max"},
                {"kind": "dropout", "rate": 0.2},
            ],
        },
        "augmentation": {"flip_horizontal": True, "shift": 0.1},
        "training": {
            "epochs": 16,
            "optimizer": "adamw",
            "learning_rate": 5e-3,
            "weight_decay": 0.05,
            "label_smoothing": 0.1,
            "schedule": "one_cycle",
            "warm_up": 0.3,
            "monitor": "validation_loss",
            "early_stopping": None,
        },
    }
)
SMALL = {"data.size": 28, "network.width": 0.25, "training.batch_size": 8}

QUICK = {**SMALL, "training.epochs": 4, "training.weight_decay": 0.01}
PLAIN = {
    **SMALL,
    "data.resize": "crop",
    "network.width": 1.0,
    "network.scaling": "signed",
    "network.layers": [
        {"kind": "conv", "filters": 6},
        {"kind": "pool", "mode": "average"},
        {"kind": "flatten"},
        {"kind": "dropout", "rate": 0.3},
        {"kind": "dense", "units": 12},
    ],
    "augmentation.rotation": 0.1,
    "augmentation.zoom": 0.2,
    "augmentation.brightness": 0.1,
    "augmentation.erasing": 0.3,
    "training.epochs": 5,
    "training.optimizer": "sgd",
    "training.learning_rate": 0.02,
    "training.weight_decay": 1e-3,
    "training.schedule": "cosine",
    "training.mixup": 0.3,
    "training.class_weights": True,
    "training.label_smoothing": 0.0,
    "training.monitor": "validation_balanced_accuracy",
}
PLATEAU = {
    **SMALL,
    "data.colour": "grey",
    "data.resize": "pad",
    "training.epochs": 30,
    "training.optimizer": "rmsprop",
    "training.learning_rate": 0.02,
    "training.schedule": "reduce_on_plateau",
    "training.plateau_patience": 1,
    "training.monitor": "validation_macro_f1",
    "training.early_stopping": {"patience": 2, "start_epoch": 2},
    "training.precision": "mixed_bfloat16",
}
# Untrained, the features of the MobileNets vanish; these do not.
UNTRAINED = {"name": "efficientnet_v2_b0", "pretrained": False}
BACKBONE = {
    "data.size": 32,
    "network.width": 1.0,
    "network.scaling": "backbone",
    "network.backbone": UNTRAINED,
    "network.layers": [{"kind": "global_pool"}, {"kind": "dropout", "rate": 0.2}],
    "training.batch_size": 8,
    "training.epochs": 4,
    "training.learning_rate": 0.02,
    "training.optimizer": "adam",
}
VIEWS = {
    **BACKBONE,
    "network.backbone": {**UNTRAINED, "views": 2},
    "network.layers": [{"kind": "flatten"}, {"kind": "dense", "units": 8}],
    "training.epochs": 3,
    "training.learning_rate": 0.002,
    "training.mixup": 0.2,
    "training.fine_tuning": {"epochs": 1, "layers": 20, "learning_rate": 1e-4},
}
LIVE = {
    **BACKBONE,
    "network.backbone": {**UNTRAINED, "features": "live"},
    "training.batch_size": 16,
    "training.epochs": 1,
    "training.weight_average": 0.8,
    "training.fine_tuning": {"epochs": 1, "layers": 20, "learning_rate": 1e-4},
}


def uneven_folders(root: Path) -> Path:
    """Noisy squares of three colours, of several shapes, one class rarer than the others."""
    rng = np.random.default_rng(0)
    for name, count in zip(COLOURS, (30, 20, 30), strict=True):
        (root / name).mkdir(parents=True)
        for number in range(count):
            shape = rng.integers(30, 60, size=2).tolist()
            grey = np.asarray(coloured_square(name, number).resize(shape), dtype=np.float64)
            noise = rng.normal(0, 60, grey.shape)
            mixed = (0.4 * grey + 76 + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(mixed).save(root / name / f"{number:03}.png")
    return root


def carry_out(store: Store, place: Workspace, folder: Path, config: RunConfig) -> runs.Run:
    dataset = add_dataset(store, place, folder)
    run_id = runs.submit_run(store, dataset.id, config)
    assert jobs.claim(store, runs.get_run(store, run_id).job.id, THIS_PROCESS)
    TrainingRun(store, place, runs.get_run(store, run_id).job).execute()
    return runs.get_run(store, run_id)


def reproduction_of(place: Workspace, run: runs.Run, folder: Path) -> Reproduction:
    return Reproduction(
        config=run.config,
        class_names=tuple(run.results["class_names"]),
        split=pd.read_parquet(RunFiles(place.run_folder(run.id)).split),
        data_folder=folder,
        results=run.results,
    )


def run_script(folder: Path, *arguments: str) -> str:
    """What train.py prints, in a process that knows nothing of this project."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("HOME", "KERAS_HOME", "PATH", "SYSTEMROOT", "TEMP", "TMPDIR")
    }
    result = subprocess.run(
        [sys.executable, "-P", "-W", "error::SyntaxWarning", "train.py", *arguments],
        cwd=folder,
        env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "tolerance"),
    [
        pytest.param(QUICK, 2e-3, id="residuals-one-cycle"),
        pytest.param(PLAIN, 2e-3, id="plain-mixup-class-weights"),
        pytest.param({**QUICK, "training.weight_average": 0.9}, 2e-3, id="weight-average"),
        pytest.param(PLATEAU, 2e-2, id="plateau-early-stopping-bfloat16"),
        pytest.param(LIVE, 5e-3, id="live-backbone-fine-tuning"),
    ],
)
def test_script_gives_the_figures_of_the_run(store, workspace, tmp_path, changes, tolerance):
    folder = uneven_folders(tmp_path / "colours")
    run = carry_out(store, workspace, folder, change_config(BASE, changes))
    target = tmp_path / "again"
    write_reproduction(target, reproduction_of(workspace, run, folder))
    printed = run_script(target, "--data", str(folder))
    check_figures(printed, run, runs.epoch_records(store, run.id), tolerance)


@pytest.mark.slow
def test_script_of_a_run_on_cached_views_does_without_weights_where_asked_to(
    store, workspace, tmp_path
):
    folder = uneven_folders(tmp_path / "colours")
    run = carry_out(store, workspace, folder, change_config(BASE, VIEWS))
    fields = fields_of(reproduction_of(workspace, run, folder))
    fields["config"] = change_config(run.config, {"network.backbone.pretrained": True})
    target = tmp_path / "again"
    write_reproduction(target, Reproduction(**fields))
    printed = run_script(target, "--random-weights")
    check_figures(printed, run, runs.epoch_records(store, run.id), 5e-3)


def check_figures(
    printed: str, run: runs.Run, epochs: list[runs.EpochRecord], tolerance: float
) -> None:
    """What train.py has printed against what the run has recorded."""
    figures = json.loads(printed.strip().splitlines()[-1])
    for split in ("validation", "test"):
        for name, limit in (("accuracy", 0.005), ("macro_f1", 0.005), ("loss", tolerance)):
            key = f"{split}_{name}"
            assert figures[key] == pytest.approx(run.metrics[key], abs=limit), key
    expected = [record["loss"] for record in epochs]
    np.testing.assert_allclose(losses_in(printed), expected, atol=tolerance)


@pytest.mark.slow
def test_script_loads_the_weights_that_keras_has_already(store, workspace, tmp_path):
    name, side = BackboneName.MOBILENET_V2_035, 128
    if find_weights(name, side) is None:
        pytest.skip("the backbone's weights are not on this machine")
    folder = uneven_folders(tmp_path / "colours")
    changes = {**BACKBONE, "data.size": side, "network.backbone": {"name": name.value}}
    run = carry_out(store, workspace, folder, change_config(BASE, changes))
    target = tmp_path / "again"
    write_reproduction(target, reproduction_of(workspace, run, folder))
    check_figures(run_script(target), run, runs.epoch_records(store, run.id), 5e-3)


@pytest.mark.slow
def test_script_ends_where_a_run_ended_early(store, workspace, tmp_path):
    """As after a stop by the user: the schedule is the planned one, the epochs are fewer."""
    folder = uneven_folders(tmp_path / "colours")
    config = change_config(BASE, QUICK)
    run = carry_out(store, workspace, folder, config)
    results = {**run.results, "epochs": 2}
    reproduction = reproduction_of(workspace, run, folder)
    target = tmp_path / "again"
    write_reproduction(target, Reproduction(**{**fields_of(reproduction), "results": results}))
    printed = run_script(target)  # the folder is known from config.json
    expected = [record["loss"] for record in runs.epoch_records(store, run.id)][:2]
    np.testing.assert_allclose(losses_in(printed), expected, atol=2e-3)


def losses_in(printed: str) -> list[float]:
    """The training loss of each epoch, as Keras prints it: with four digits."""
    return [float(text) for text in re.findall(r" - loss: ([\d.e+-]+)", printed)]


def fields_of(reproduction: Reproduction) -> dict[str, Any]:
    return {name: getattr(reproduction, name) for name in Reproduction.__slots__}


# --- parts of the script, in this process ---


def script_module(text: str) -> ModuleType:
    module = ModuleType("train")
    module.__file__ = "train.py"
    sys.modules["train"] = module  # where dataclasses look for their annotations
    exec(compile(text, "train.py", "exec"), module.__dict__)
    return module


def config_with(**sections: Any) -> RunConfig:
    return RunConfig(recipe="test", **sections)


VARIED = {
    "everything": change_config(
        recipe("transfer").config,
        {
            "data.resize": "pad",
            "network.backbone": {"name": "efficientnet_v2_b0", "views": 2},
            "augmentation.rotation": 0.1,
            "augmentation.erasing": 0.3,
            "augmentation.contrast": 0.3,
            "training.schedule": "reduce_on_plateau",
            "training.monitor": "validation_balanced_accuracy",
            "training.mixup": 0.2,
            "training.class_weights": True,
            "training.weight_average": 0.99,
            "training.early_stopping": True,
            "training.fine_tuning": True,
            "training.deterministic": True,
        },
    ),
    "live": change_config(
        recipe("transfer").config,
        {
            "network.backbone": {"name": "resnet50", "features": "live"},
            "data.resize": "crop",
            "training.monitor": "validation_macro_f1",
            "training.optimizer": "sgd",
            "training.fine_tuning": True,
        },
    ),
    "smallest": change_config(
        recipe("dense-only").config,
        {"network.layers": [{"kind": "flatten"}], "data.colour": "grey"},
    ),
}
CONFIGS = {name: entry.config for name, entry in RECIPES.items()} | VARIED


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    """The script of every recipe and of some other configurations, in two precisions."""
    return {
        f"{name}-{precision}": training_script(config, precision, 1)
        for name, config in CONFIGS.items()
        for precision in (Precision.FLOAT32, Precision.BFLOAT16)
    }


def test_scripts_are_complete_and_import_nothing_of_this_project(scripts):
    allowed = {*sys.stdlib_module_names, "PIL", "keras", "numpy", "pillow_heif", "tensorflow"}
    for name, text in scripts.items():
        compile(text, "train.py", "exec")
        imported = [
            node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert {str(module).split(".")[0] for module in imported} <= allowed, name
        assert "cnnlab" not in text


def test_scripts_are_clean(scripts, tmp_path):
    for name, text in scripts.items():
        (tmp_path / f"{name.replace('-', '_')}.py").write_text(text, encoding="utf-8")
    rules = ["--select", "E,F,W,I,B,UP,SIM,C4,PTH,RUF,RET,A"]
    options = ["--isolated", "--no-cache", "--line-length", "100", "--target-version", "py311"]
    for command in (["check", *rules], ["format", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_script_builds_the_recipe_with_its_exact_number_of_parameters(name):
    entry = RECIPES[name]
    module = script_module(training_script(entry.config, Precision.FLOAT32, None))
    has_backbone = entry.config.network.backbone is not None
    weights = [None] if has_backbone else []  # random ones: nothing is downloaded
    model = module.build_model(entry.class_count, *weights)
    description = entry.describe()
    assert model.count_params() == description.total_parameters
    trainable = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    assert trainable == description.trainable_parameters


@pytest.mark.parametrize(
    ("name", "scaling"),
    [
        ("quick", "none"),
        ("cifar-blocks", "signed"),
        ("catsdogs-transfer", "unit"),
        ("transfer", "backbone"),
    ],
)
def test_script_builds_the_same_network_from_the_same_weights(name, scaling):
    changes = {"data.size": 64, "training.seed": 7, "network.scaling": scaling}
    config = change_config(recipe(name).config, changes)
    pixels = np.random.default_rng(0).uniform(0, 255, (3, 64, 64, 3)).astype(np.float32)
    weights = [None] if config.network.backbone else []
    module = script_module(training_script(config, Precision.FLOAT32, None))
    found = module.build_model(3, *weights).predict(pixels, verbose=0)
    expected = build(config.network, (64, 64, 3), 3, seed=7).predict(pixels, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        BackboneName.MOBILENET_V2_035,
        BackboneName.MOBILENET_V3_SMALL,
        BackboneName.EFFICIENTNET_V2_B0,
        BackboneName.RESNET50,
        BackboneName.CONVNEXT_TINY,
    ],
)
def test_script_sees_in_pictures_what_the_backbone_sees(name):
    config = change_config(recipe("transfer").config, {"network.backbone.name": name.value})
    config = change_config(config, {"data.size": 32})
    module = script_module(training_script(config, Precision.FLOAT32, None))
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    found = module.build_features(None)
    expected = build_features(config.network, (32, 32, 3), pooling=PoolMode.AVERAGE)
    np.testing.assert_allclose(
        found.predict(pixels, verbose=0), expected.predict(pixels, verbose=0), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"flip_horizontal": True, "flip_vertical": True, "shift": 0.2},
        {"rotation": 0.2, "zoom": 0.1, "shift": 0.1},
        {"brightness": 0.2, "contrast": 0.4, "erasing": 0.7},
        {"flip_vertical": True, "zoom": 0.3, "brightness": 0.5, "erasing": 1.0},
    ],
)
def test_script_changes_pictures_as_the_training_does(changes):
    config = config_with(augmentation=AugmentationConfig(**changes))
    module = script_module(training_script(config_of_layers(config), Precision.FLOAT32, None))
    batch = np.random.default_rng(0).integers(0, 256, (9, 20, 20, 3), dtype=np.uint8)
    found = module.augment(batch, np.random.default_rng([1, 2, 3]))
    expected = augment(batch, config.augmentation, np.random.default_rng([1, 2, 3]))
    np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(found, batch)


def config_of_layers(config: RunConfig) -> RunConfig:
    return change_config(config, {"network.layers": [{"kind": "flatten"}]})


def odd_pictures(folder: Path) -> list[Path]:
    """A picture in every mode and orientation that is easily written."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (23, 31, 4), dtype=np.uint8)
    colour = Image.fromarray(values)
    made = {
        "rgba.png": colour,
        "la.png": colour.convert("LA"),
        "grey.png": colour.convert("L"),
        "palette.png": colour.convert("RGB").quantize(16),
        "bilevel.png": colour.convert("1"),
        "cmyk.jpg": colour.convert("RGB").convert("CMYK"),
        "deep.png": Image.fromarray(rng.integers(0, 65536, (23, 31), dtype=np.uint16)),
        "float.tiff": Image.fromarray(rng.uniform(-20, 300, (23, 31)).astype(np.float32)),
    }
    paths = []
    for name, image in made.items():
        image.save(folder / name)
        paths.append(folder / name)
    clear = folder / "clear.png"
    colour.convert("RGB").quantize(4).save(clear, transparency=1)
    paths.append(clear)
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        path = folder / f"turned{turn}.jpg"
        colour.convert("RGB").save(path, exif=exif)
        paths.append(path)
    return paths


@pytest.mark.parametrize("resize", Resize)
@pytest.mark.parametrize("colour", Colour)
def test_script_reads_pictures_as_the_training_does(tmp_path, resize, colour):
    data = DataConfig(size=17, resize=resize, colour=colour)
    config = config_of_layers(config_with(data=data))
    module = script_module(training_script(config, Precision.FLOAT32, None))
    paths = odd_pictures(tmp_path)
    expected = np.stack([prepare(load(path), 17, resize, colour) for path in paths])
    found = module.read_pictures(paths, tmp_path / "pictures.npy")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("schedule", [Schedule.COSINE, Schedule.ONE_CYCLE])
@pytest.mark.parametrize("warm_up", [0.0, 0.1, 0.3])
def test_script_follows_the_same_learning_rate(schedule, warm_up):
    training = TrainingConfig(schedule=schedule, warm_up=warm_up, learning_rate=0.01)
    config = config_of_layers(config_with(training=training))
    module = script_module(training_script(config, Precision.FLOAT32, None))
    for total in (1, 2, 37):
        for step in range(total):
            assert module.learning_rate_at(step, total) == pytest.approx(
                learning_rate_at(training, step, total), rel=1e-12
            )


def test_no_setting_is_unknown_to_the_script():
    """A new setting changes what a training does: the script must do it too, then name it here."""
    known = {
        "data": "balance classes colour limit resize size",
        "network": "backbone conv_layers dense_layers layer_size layers scaling width",
        "augmentation": "brightness contrast erasing flip_horizontal flip_vertical rotation shift "
        "zoom",
        "training": "batch_size class_weights deterministic early_stopping epochs fine_tuning "
        "label_smoothing learning_rate log_name mixup momentum monitor optimizer plateau_factor "
        "plateau_patience precision schedule seed tensorboard warm_up weight_average weight_decay",
    }
    sections = {"recipe", "split", *known}
    assert set(RunConfig.model_fields) == sections
    for name, fields in known.items():
        assert sorted(getattr(BASE, name).model_dump()) == fields.split(), name
    assert sorted(Backbone.model_fields) == ["features", "name", "pretrained", "views"]
    assert sorted(FineTuning.model_fields) == ["epochs", "layers", "learning_rate"]
    assert sorted(EarlyStopping.model_fields) == ["patience", "start_epoch"]


# --- the files around the script ---

WICKED = ('quote"""', "line\nbreak", "back\\slash", "Füchse, große", "'; import os #", "{brace}")


def wicked_reproduction(folder: Path) -> Reproduction:
    rows = [
        (f'{name}/{number}, \r\'"""\n.png', name, label, split)
        for label, name in enumerate(WICKED)
        for number, split in enumerate(("train", "validation", "test"))
    ]
    config = change_config(BASE, {"data.classes": list(WICKED)})
    config = config.model_copy(update={"recipe": 'evil"""\nraise SystemExit(3)\n"""'})
    return Reproduction(
        config=config,
        class_names=WICKED,
        split=pd.DataFrame(rows, columns=["path", "class", "label", "split"]),
        data_folder=folder / 'da"ta\n"""',
        results={"precision": "float32", "epochs": BASE.training.epochs, "metrics": {}},
    )


def test_names_that_look_like_code_stay_out_of_the_script(tmp_path):
    reproduction = wicked_reproduction(tmp_path)
    write_reproduction(tmp_path / "again", reproduction)
    text = (tmp_path / "again" / "train.py").read_text(encoding="utf-8")
    assert text == training_script(BASE, Precision.FLOAT32, None)
    assert text.isascii()
    module = script_module(text)
    module.HERE = tmp_path / "again"
    folder = tmp_path / "pictures"
    for path, name in zip(reproduction.split["path"], reproduction.split["class"], strict=True):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    settings = json.loads((tmp_path / "again" / "config.json").read_text(encoding="utf-8"))
    paths, labels, uses = module.read_split(folder, settings["class_names"])
    assert [path.read_bytes().decode() for path in paths] == list(reproduction.split["class"])
    assert labels.tolist() == list(reproduction.split["label"])
    assert uses.tolist() == list(reproduction.split["split"])
    assert settings["data_folder"] == str(reproduction.data_folder)
    readme = (tmp_path / "again" / "README.md").read_text(encoding="utf-8")
    assert not [name for name in WICKED if name in readme]


def test_missing_pictures_are_named(tmp_path):
    write_reproduction(tmp_path / "again", wicked_reproduction(tmp_path))
    module = script_module((tmp_path / "again" / "train.py").read_text(encoding="utf-8"))
    module.HERE = tmp_path / "again"
    with pytest.raises(SystemExit, match="18 of 18 pictures are missing"):
        module.read_split(tmp_path / "nowhere", list(WICKED))


def test_archive_holds_the_same_files_and_is_the_same_every_time(tmp_path):
    reproduction = wicked_reproduction(tmp_path)
    packed = zip_reproduction(reproduction)
    assert packed == zip_reproduction(reproduction)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == reproduction.files()
    assert set(found) == {"train.py", "split.csv", "config.json", "README.md"}
    write_reproduction(tmp_path / "again.zip", reproduction)
    assert (tmp_path / "again.zip").read_bytes() == packed
    lines = list(csv.reader(io.StringIO(found["split.csv"].decode(), newline="")))
    assert lines[0] == ["path", "class", "split"]
    assert len(lines) == 1 + len(reproduction.split)


def test_readme_tells_how_to_run_it_and_what_it_should_give(tmp_path):
    reproduction = wicked_reproduction(tmp_path)
    metrics = {"validation_accuracy": 0.98765, "validation_loss": 0.1, "validation_macro_f1": 0.9}
    results = {**reproduction.results, "metrics": metrics}
    with_figures = Reproduction(**{**fields_of(reproduction), "results": results})
    readme = with_figures.files()["README.md"].decode()
    assert "python train.py --data FOLDER" in readme
    assert "keras==" in readme
    assert "| validation | 0.9877 | 0.1000 | 0.9000 |" in readme
    assert "no figures" in reproduction.files()["README.md"].decode()


def test_writing_a_reproduction_imports_no_tensorflow():
    code = (
        "import sys; from cnnlab.reports.reproduce import Reproduction\n"
        "from cnnlab.reports.script_text import training_script\n"
        "from cnnlab.networks.recipes import RECIPES\n"
        "from cnnlab.config import Precision\n"
        "for entry in RECIPES.values(): training_script(entry.config, Precision.FLOAT32, None)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
