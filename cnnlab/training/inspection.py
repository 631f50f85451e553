"""Looks inside a finished network: its first filters, and what a layer makes of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets.images import look
from cnnlab.errors import RunError
from cnnlab.inference.model import read_facts
from cnnlab.networks.layer_rows import BACKBONE_NAME
from cnnlab.runs import jobs
from cnnlab.runs.inspections import (
    FILTERS,
    Inspection,
    InspectionRequest,
    LayerName,
    as_grid,
    as_pictures,
    inner_name,
    picture_digest,
    result_file,
    split_name,
    write_inner_layers,
    write_inspection,
)
from cnnlab.runs.jobs import Job
from cnnlab.runs.store import Store
from cnnlab.training.export import load_trained
from cnnlab.workspace import RunFiles, Workspace

Values = NDArray[np.float32]

_IMAGE_CHANNELS = (1, 3)
_MOST_NAMED = 12


def carry_out(store: Store, workspace: Workspace, job: Job) -> None:
    """Answer what a job asks, and leave the answer in the run's folder.

    Raises:
        JobStopped: If the user has asked to stop.
        CnnlabError: If it fails for a reason that has a name.
    """
    if job.run_id is None:
        raise RunError("unknown-run", f"The job {job.id} belongs to no run.")
    files = RunFiles(workspace.run_folder(job.run_id))
    request = InspectionRequest.from_json(job.parameters)
    if result_file(files, request).exists():
        return
    report = jobs.reporter(store, job.id)
    report("loading the network", 0, 0)
    model = load_trained(files)
    backbone = _backbone(model)
    if backbone is not None:
        write_inner_layers(files, list(_layers_within(backbone)))
    report("looking inside", 0, 0)
    if request.layer == FILTERS:
        write_inspection(files, request, first_filters(model))
        return
    pixels = _prepared(files, request)
    write_inspection(files, request, feature_maps(model, request.layer, pixels))


def first_filters(model: keras.Model) -> Inspection:
    """The kernels of a network's first convolution as pictures, those with most weight first.

    Raises:
        RunError: If it has no convolution.
    """
    layer = _first_convolution(model)
    if layer is None:
        raise RunError(
            "no-filters",
            "Filters belong to convolutions. Received: a network without any. Look at a network "
            "that has one.",
        )
    kernels = np.asarray(layer.kernel, dtype=np.float32)  # (height, width, channels, filters)
    filters = np.moveaxis(kernels, -1, 0)
    if filters.shape[-1] not in _IMAGE_CHANNELS:
        filters = filters.mean(axis=-1, keepdims=True)
    activity = np.sqrt(np.square(kernels).sum(axis=(0, 1, 2)))
    pictures, channels, low, high = as_pictures(filters, activity)
    return Inspection(layer.name, kernels.shape, pictures, channels, low, high)


def feature_maps(model: keras.Model, name: str, pixels: NDArray[np.uint8]) -> Inspection:
    """What a layer makes of a picture, the channels with the largest values first.

    A vector is laid out as one picture, row by row.

    Args:
        model: The network.
        name: Of the layer; "backbone/NAME" for one within the backbone.
        pixels: A prepared picture, uint8, shape (size, size, channels).

    Raises:
        RunError: If there is no such layer.
    """
    values = _output(model, name, pixels[None].astype(np.float32))[0]
    if values.ndim != 3:
        grid = as_grid(values.reshape(-1))
        pictures, channels, low, high = as_pictures(grid, np.ones(1))
        return Inspection(name, values.shape, pictures, channels, low, high)
    maps = np.moveaxis(values, -1, 0)[..., None]
    pictures, channels, low, high = as_pictures(maps, np.abs(maps).mean(axis=(1, 2, 3)))
    return Inspection(name, values.shape, pictures, channels, low, high)


def _output(model: keras.Model, name: str, pixels: Values) -> Values:
    """What a layer gives for some pictures."""
    outer, inner = split_name(name)
    layer, backbone = _find(model, outer), _backbone(model)
    if backbone is None or layer is not backbone:
        if inner is not None:
            raise _unknown(model, name)
        return _numbers(keras.Model(model.input, layer.output)(pixels, training=False))
    wanted = backbone.output if inner is None else _find(backbone, inner).output
    scaled = _in_front_of(backbone, model, pixels)
    return _numbers(keras.Model(backbone.input, wanted)(scaled, training=False))


def _in_front_of(backbone: keras.Model, model: keras.Model, pixels: Values) -> Any:
    """What enters the backbone; in front of it there is only a chain that scales."""
    values = keras.ops.convert_to_tensor(pixels)
    for operation in model.operations:
        if operation is backbone:
            break
        if not isinstance(operation, keras.layers.InputLayer):
            values = operation(values)
    return values


def _numbers(tensor: Any) -> Values:
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float32)


def _prepared(files: RunFiles, request: InspectionRequest) -> NDArray[np.uint8]:
    """The picture as the network sees it; the same that was asked about."""
    picture, data = Path(request.picture), read_facts(files).data
    if picture_digest(picture) != request.content:
        raise RunError(
            "picture-changed",
            f"The picture {picture.name!r} has changed since it was asked about. Ask again.",
        )
    return look(picture, data).pixels


def _backbone(model: keras.Model) -> keras.Model | None:
    return next((layer for layer in model.layers if layer.name == BACKBONE_NAME), None)


def _layers_within(backbone: keras.Model) -> Iterator[LayerName]:
    for layer in backbone.layers:
        shape = tuple(layer.output.shape[1:])
        if isinstance(layer, keras.layers.InputLayer) or None in shape:
            continue
        kind = type(layer).__name__
        yield LayerName(inner_name(layer.name), f"{layer.name} ({kind})", shape)


def _first_convolution(model: keras.Model) -> keras.layers.Conv2D | None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            return layer
        if isinstance(layer, keras.Model):
            return _first_convolution(layer)
    return None


def _find(model: keras.Model, name: str) -> keras.layers.Layer:
    """A layer of a network by its name.

    Raises:
        RunError: If there is none.
    """
    for layer in model.layers:
        if layer.name == name and not isinstance(layer, keras.layers.InputLayer):
            return layer
    raise _unknown(model, name)


def _unknown(model: keras.Model, name: str) -> RunError:
    names = [layer.name for layer in model.layers if math.prod(layer.output.shape[1:]) > 0]
    shown = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
    return RunError(
        "unknown-layer",
        f"The layer must be one of the network's. Received: {name!r}. Choose one of: {shown}; or "
        f"{FILTERS!r}.",
    )
