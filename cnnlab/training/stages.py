"""The parts of a training: the main one and, behind a backbone, the fine-tuning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras

from cnnlab.config import Precision, RunConfig
from cnnlab.datasets.splits import Split
from cnnlab.networks.builder import build, build_head
from cnnlab.networks.layer_rows import BACKBONE_NAME
from cnnlab.progress import PhaseProgress
from cnnlab.runs.store import Store
from cnnlab.training.batches import Labelled, LabelledFeatures
from cnnlab.training.checkpoints import ENDED, STAGE_BEGAN, Checkpoint
from cnnlab.training.compiling import compile_model
from cnnlab.training.devices import on_devices, replica_devices
from cnnlab.training.export import load_weights
from cnnlab.training.frozen_features import cached_features, uses_cached_features
from cnnlab.training.preparing import PreparedData
from cnnlab.workspace import Workspace

MAIN = "main"
FINE_TUNING = "fine-tuning"


@dataclass(slots=True)
class Stage:
    """Epochs that train one model.

    Attributes:
        name: MAIN or FINE_TUNING.
        first_epoch: Epochs that are finished before it.
        last_epoch: Epochs that are finished after it, if nothing ends it early.
        finished: Epochs that are finished now, those before it included.
    """

    name: str
    first_epoch: int
    last_epoch: int
    finished: int


class Stages:
    """Makes the model and the pictures, or features, of each part of a training.

    Attributes:
        cached: Whether the main part trains on cached features instead of pictures.
        class_count: Number of classes.
    """

    def __init__(
        self,
        store: Store,
        workspace: Workspace,
        config: RunConfig,
        data: PreparedData,
        weights: Path | None,
        report: PhaseProgress,
    ) -> None:
        self.cached = uses_cached_features(config)
        self.class_count = data.class_count
        self._store = store
        self._workspace = workspace
        self._config = config
        self._data = data
        self._weights = weights
        self._report = report
        self._features: Mapping[Split, LabelledFeatures] | None = None

    def remaining(self, checkpoint: Checkpoint | None) -> Iterator[Stage]:
        """What is still to be trained, in order; each is finished when the next is asked for."""
        training = self._config.training
        done, of, began, ended = 0, MAIN, 0, False
        if checkpoint is not None:
            done, of = checkpoint.epoch, checkpoint.stage
            began, ended = checkpoint.state[STAGE_BEGAN], checkpoint.state[ENDED]
        if of == MAIN:
            stage = Stage(MAIN, 0, training.epochs, done)
            if done < training.epochs and not ended:
                yield stage
            done = began = stage.finished
            ended = False
        tuning = training.fine_tuning
        if tuning is not None and done < began + tuning.epochs and not ended:
            yield Stage(FINE_TUNING, began, began + tuning.epochs, done)

    def make(
        self, stage: Stage, precision: Precision, best_weights: Path
    ) -> tuple[keras.Model, Mapping[Split, Labelled]]:
        """A compiled model and what it is trained on.

        Args:
            stage: One of `remaining`.
            precision: Numbers to compute in.
            best_weights: File of the best epoch so far, from which a fine-tuning starts.
        """
        tuning = self._config.training.fine_tuning if stage.name == FINE_TUNING else None
        images = self._data.images if tuning is not None else self.images()
        with on_devices(replica_devices()):
            if tuning is None:
                model = self.build_main(precision)
            else:
                model = self.build_whole(precision)
                load_weights(model, best_weights)
                thaw(model.get_layer(BACKBONE_NAME), tuning.layers)
            compile_model(model, self._config.training, self.class_count)
        return model, images

    def images(self) -> Mapping[Split, Labelled]:
        """What the main part is trained on: pictures, or the features of a frozen backbone."""
        if not self.cached:
            return self._data.images
        if self._features is None:
            self._features = cached_features(
                self._store,
                self._workspace,
                self._config,
                self._data,
                self._weights,
                self._report,
            )
        return self._features

    def build_main(self, precision: Precision) -> keras.Model:
        """The network of the main part, not compiled; with cached features its head alone."""
        if not self.cached:
            return self.build_whole(precision)
        return build_head(
            self._config.network,
            tuple(self.images()[Split.TRAIN].signature.shape[1:]),
            self.class_count,
            self._config.training.seed,
            precision=precision,
        )

    def build_whole(self, precision: Precision) -> keras.Model:
        """The whole network from pixels to probabilities, not compiled."""
        return build(
            self._config.network,
            self._config.data.picture_shape,
            self.class_count,
            self._config.training.seed,
            precision=precision,
            backbone_weights=self._weights,
        )


def thaw(backbone: keras.Model, layers: int) -> None:
    """Let the last layers of a backbone be trained.

    Batch normalisation stays as it was trained: its statistics over small batches would spoil it.

    Args:
        backbone: A network that was frozen.
        layers: How many of its last layers, those without weights counted too.
    """
    backbone.trainable = True
    for layer in backbone.layers[:-layers]:
        layer.trainable = False
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
