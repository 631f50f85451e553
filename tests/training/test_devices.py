"""Several devices share the batches of one training; here two that the processor stands in for."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, pathlib, sys
import numpy as np
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    processor, [tf.config.LogicalDeviceConfiguration()] * 2
)
import keras
from cnnlab.config import AugmentationConfig
from cnnlab.networks.recipes import recipe
from cnnlab.networks.builder import build
from cnnlab.training.batches import LabelledPixels, TrainingFeed
from cnnlab.training.callbacks import Conductor
from cnnlab.training.checkpoints import read_checkpoint, restore_checkpoint, save_checkpoint
from cnnlab.training.compiling import compile_model
from cnnlab.training.devices import on_devices

plain = recipe("catsdogs-basic").config
network = plain.network.model_copy(
    update={"layers": tuple(x for x in plain.network.layers if x.kind != "dropout"), "width": 0.25}
)
training = plain.training.model_copy(update={"batch_size": 16, "epochs": 2})
rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 32)
pixels = (rng.integers(0, 100, (32, 32, 32, 3)) + 100 * labels[:, None, None, None]).astype("uint8")
images = LabelledPixels(pixels, np.arange(32), labels)
found = []
file = pathlib.Path(sys.argv[1]) / "c.npz"
for devices in ([], ["CPU:0", "CPU:1"]):
    with on_devices(devices):
        model = build(network, (32, 32, 3), 2, seed=1)
        compile_model(model, training, 2)
    feed = TrainingFeed(images, 2, training, AugmentationConfig())
    conductor = Conductor(training, feed, lambda: False)
    history = model.fit(
        feed.dataset(), epochs=2, shuffle=False, callbacks=[conductor], verbose=0
    )
    save_checkpoint(file, model, epoch=2, stage="main", state={})
    restore_checkpoint(model, read_checkpoint(file))
    replicas = 1 if model.distribute_strategy is None else len(devices) or 1
    found.append([history.history["loss"], replicas])
print(json.dumps(found))
"""


def test_two_devices_learn_the_same_as_one(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    (one, _), (two, replicas) = json.loads(result.stdout.splitlines()[-1])
    assert replicas == 2
    assert len(one) == len(two) == 2
    for single, divided in zip(one, two, strict=True):
        assert abs(single - divided) < 0.02 * abs(single) + 1e-3
