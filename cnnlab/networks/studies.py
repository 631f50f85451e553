"""The networks of five published studies, with their exact parameter counts."""

from __future__ import annotations

from cnnlab.config import (
    AugmentationConfig,
    Backbone,
    BackboneName,
    BatchNormalization,
    Colour,
    Convolution,
    DataConfig,
    Dense,
    Dropout,
    EarlyStopping,
    Flatten,
    Layer,
    Monitor,
    NetworkConfig,
    Padding,
    Pooling,
    Precision,
    RunConfig,
    Scaling,
    SplitConfig,
    TrainingConfig,
)
from cnnlab.networks.recipe import Recipe

GRID = "conv-grid"


def studies() -> tuple[Recipe, ...]:
    """All recipes of the studies, study by study."""
    return (*_scenes(), *_cats_and_dogs(), _grid(), _cifar_blocks(), *_folders())


# --- study 1: natural scenes, pooling against strides ---


def _scenes() -> tuple[Recipe, ...]:
    pooling = (Pooling(size=5), Pooling(size=5))
    # A convolution in the place of each pooling, with as many filters as come in.
    strides = (
        Convolution(filters=180, kernel=5, stride=5),
        Convolution(filters=50, kernel=5, stride=5),
    )
    return (
        _scene_recipe(
            "scenes-pooling",
            "Six wide convolutions with two 5x5 poolings, for six kinds of natural scenes at "
            "150 px. Takes hours on a processor: network.width makes it smaller.",
            pooling,
        ),
        _scene_recipe(
            "scenes-strides",
            "scenes-pooling with a 5x5 convolution of stride 5 in the place of each pooling, to "
            "see what strides gain or lose.",
            strides,
        ),
    )


def _scene_recipe(name: str, summary: str, shrinking: tuple[Layer, Layer]) -> Recipe:
    first, second = shrinking
    return Recipe(
        name=name,
        summary=summary,
        class_count=6,
        config=RunConfig(
            recipe=name,
            data=DataConfig(size=150),
            split=SplitConfig(validation=0.3, test=0.0),
            network=NetworkConfig(
                layers=(
                    *_convolutions(200, 180),
                    first,
                    *_convolutions(180, 140, 100, 50),
                    second,
                    Flatten(),
                    *(Dense(units=units) for units in (180, 100, 50)),
                    Dropout(rate=0.5),
                )
            ),
            training=TrainingConfig(
                epochs=35, batch_size=32, learning_rate=1e-4, early_stopping=None
            ),
        ),
    )


def _convolutions(*filters: int) -> tuple[Layer, ...]:
    return tuple(Convolution(filters=count) for count in filters)


# --- study 2: cats and dogs in four steps ---


def _cats_and_dogs() -> tuple[Recipe, ...]:
    plain = (
        Convolution(filters=32),
        Pooling(),
        Dropout(rate=0.2),
        Convolution(filters=32),
        Pooling(),
        Dropout(rate=0.2),
        Convolution(filters=64),
        Pooling(),
        Flatten(),
        Dense(units=64),
    )
    turned = AugmentationConfig(flip_vertical=True, rotation=0.5)
    gently_turned = AugmentationConfig(flip_horizontal=True, flip_vertical=True, rotation=0.2)
    return (
        _cats_and_dogs_recipe(
            "catsdogs-basic",
            "Three plain convolutions on raw pixel values of 0-255, for two classes at 160 px; a "
            "first attempt that leaves room for better ones.",
            NetworkConfig(scaling=Scaling.NONE, layers=plain),
        ),
        _cats_and_dogs_recipe(
            "catsdogs-augmented",
            "catsdogs-basic with pictures turned round and upside down at random.",
            NetworkConfig(scaling=Scaling.NONE, layers=plain),
            turned,
        ),
        _cats_and_dogs_recipe(
            "catsdogs-preprocessed",
            "catsdogs-augmented with pixel values of -1..1, flips both ways and smaller turns.",
            NetworkConfig(scaling=Scaling.SIGNED, layers=plain),
            gently_turned,
        ),
        _cats_and_dogs_recipe(
            "catsdogs-transfer",
            "A dense layer on MobileNetV2, which was trained on ImageNet and stays as it is.",
            NetworkConfig(
                scaling=Scaling.SIGNED,
                backbone=Backbone(name=BackboneName.MOBILENET_V2),
                layers=(Dropout(rate=0.2), Flatten(), Dense(units=64)),
            ),
            gently_turned,
        ),
    )


def _cats_and_dogs_recipe(
    name: str,
    summary: str,
    network: NetworkConfig,
    augmentation: AugmentationConfig | None = None,
) -> Recipe:
    return Recipe(
        name=name,
        summary=summary,
        class_count=2,
        config=RunConfig(
            recipe=name,
            data=DataConfig(size=160),
            # A third as in the study; the test set is cut once, where the study drew it anew.
            split=SplitConfig(validation=0.3333, test=0.0, test_from_validation=0.2),
            network=network,
            augmentation=augmentation or AugmentationConfig(),
            # The study trains all its epochs; the first ones stay close to chance.
            training=TrainingConfig(epochs=20, batch_size=32, early_stopping=None),
        ),
    )


# --- study 3: a grid of 27 networks on small grey pictures ---


def _grid() -> Recipe:
    return Recipe(
        name=GRID,
        summary="A family: convolutions with poolings, then dense layers, all of one size, on grey "
        "50 px pictures; conv-grid(3,64,0) has 3 convolutions of 64 filters and no dense layer.",
        class_count=2,
        config=RunConfig(
            recipe=GRID,
            data=DataConfig(size=50, colour=Colour.GREY, balance=True),
            split=SplitConfig(validation=0.3, test=0.0),
            network=NetworkConfig(conv_layers=3, layer_size=64, dense_layers=0),
            training=TrainingConfig(
                epochs=10,
                batch_size=32,
                monitor=Monitor.VALIDATION_LOSS,
                early_stopping=None,
                tensorboard=True,
            ),
        ),
    )


# --- study 4: three classes of CIFAR-10 ---


def _cifar_blocks() -> Recipe:
    return Recipe(
        name="cifar-blocks",
        summary="Three blocks of two convolutions with batch normalisation and strong dropout, "
        "for 32 px pictures such as CIFAR-10.",
        class_count=3,
        config=RunConfig(
            recipe="cifar-blocks",
            data=DataConfig(size=32),
            split=SplitConfig(validation=0.2, test=0.0),
            network=NetworkConfig(
                layers=(*_cifar_block(32), *_cifar_block(64), *_cifar_block(128), Flatten())
            ),
            training=TrainingConfig(
                epochs=10,
                batch_size=128,
                monitor=Monitor.VALIDATION_ACCURACY,
                # The network sits at chance for its first three epochs.
                early_stopping=EarlyStopping(patience=3, start_epoch=4),
                # bfloat16 is faster, but costs this network two to three points.
                precision=Precision.FLOAT32,
            ),
        ),
    )


def _cifar_block(filters: int) -> tuple[Layer, ...]:
    return (
        Convolution(filters=filters, padding=Padding.SAME),
        BatchNormalization(momentum=0.99),
        Convolution(filters=filters),
        Pooling(),
        Dropout(rate=0.5),
    )


# --- study 5: from folders to folders ---


def _folders() -> tuple[Recipe, ...]:
    return (
        _folder_recipe(
            "conv-16",
            "One convolution of 16 filters and one wide dense layer, for two classes at 224 px.",
            _pooled(16),
        ),
        _folder_recipe(
            "conv-32",
            "conv-16 with 32 filters: twice the parameters.",
            _pooled(32),
        ),
        _folder_recipe(
            "conv-32-32",
            "Two convolutions and one wide dense layer for two classes at 224 px; shows where most "
            "parameters of a simple network sit.",
            (*_pooled(32), *_pooled(32)),
        ),
        _folder_recipe(
            "dense-only",
            "No convolution at all: one wide dense layer on the pixels, to compare with.",
            (),
        ),
    )


def _pooled(filters: int) -> tuple[Layer, ...]:
    return (Convolution(filters=filters), Pooling(padding=Padding.SAME))


def _folder_recipe(name: str, summary: str, layers: tuple[Layer, ...]) -> Recipe:
    return Recipe(
        name=name,
        summary=summary,
        class_count=2,
        config=RunConfig(
            recipe=name,
            data=DataConfig(size=224),
            split=SplitConfig(seed=42),
            network=NetworkConfig(layers=(*layers, Flatten(), Dense(units=128))),
            training=TrainingConfig(epochs=10, batch_size=64, seed=42),
        ),
    )
